//! The doors on one listener.

use std::sync::Arc;

use axum::Router;
use gate::Gate;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mcp::{Fence, McpConfig, SessionKey};
use metrics_exporter_prometheus::PrometheusHandle;
use model::Clock;
use rest::RestConfig;
use sha2::Sha256;
use store::MasterKey;
use tokio::sync::watch;

use crate::front;
use crate::settings::Settings;

/// What the doors need besides the gate.
pub(crate) struct Opening<'a> {
    pub(crate) settings: &'a Settings,
    /// With scheme, without trailing slash.
    pub(crate) public_url: &'a str,
    pub(crate) key: &'a MasterKey,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Every door and what is beside them, under the path of the public URL.
///
/// # Errors
/// When the public URL or an allowed host or origin cannot be read.
pub(crate) fn open(opening: Opening<'_>, gate: Arc<Gate>) -> Result<Router, String> {
    let Opening {
        settings,
        public_url,
        key,
        metrics,
        clock,
    } = opening;
    let fence = Fence::new(
        &[public_url.to_owned()],
        &settings.allowed_origins,
        &settings.allowed_hosts,
        settings.listen.ip().is_loopback(),
    )
    .map_err(|error| error.to_string())?;
    let (_, challenge) = watch::channel(None);
    let mcp = McpConfig {
        fence,
        proxies: settings.proxies.clone(),
        session_key: SessionKey::new(&derive(key, b"mcp session ids")),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        challenge,
        clock: Arc::clone(&clock),
    };
    let prefix = prefix_of(public_url);
    let rest = RestConfig {
        clock,
        proxies: settings.proxies.clone(),
        prefix: prefix.to_owned(),
        ..RestConfig::default()
    };
    let doors = mcp::router(mcp, Arc::clone(&gate))
        .merge(rest::router(rest, Arc::clone(&gate)))
        .merge(front::router(gate, metrics));
    Ok(if prefix.is_empty() {
        doors.merge(front::page("/", prefix))
    } else {
        // What is nested at a prefix is not served below its slash.
        Router::new()
            .nest(prefix, doors)
            .merge(front::page(prefix, prefix))
            .merge(front::page(&format!("{prefix}/"), prefix))
    })
}

/// A key for one purpose, from the master key that every replica has
/// (HKDF-Expand of RFC 5869 with one block).
fn derive(key: &MasterKey, purpose: &[u8]) -> [u8; 32] {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key.expose()) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length (RFC 2104 section 3)"),
    };
    mac.update(purpose);
    mac.update(&[1]);
    mac.finalize().into_bytes().into()
}

/// The path of a URL, without trailing slash.
pub(crate) fn prefix_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme
        .find('/')
        .map_or("", |slash| after_scheme[slash..].trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_public_url_is_the_prefix() {
        assert_eq!(prefix_of("https://a.example"), "");
        assert_eq!(prefix_of("https://a.example/"), "");
        assert_eq!(prefix_of("https://a.example/gate/way/"), "/gate/way");
    }
}
