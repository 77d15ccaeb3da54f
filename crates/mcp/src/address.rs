//! Whom a request comes from and whom it was meant for, also behind reverse
//! proxies.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::header::HOST;
use http::request::Parts;
use identity::Proxies;

/// Address of the client; `None` when the peer is not known.
pub fn client(proxies: &Proxies, parts: &Parts) -> Option<IpAddr> {
    let forwarded = parts.headers.get_all("x-forwarded-for").iter();
    let forwarded = forwarded.map(|value| value.to_str().unwrap_or_default());
    Some(proxies.client(peer(parts)?, forwarded))
}

/// The host the client asked for: what a trusted proxy forwarded, else the `Host`
/// header, else the authority of the request.
pub fn host<'a>(proxies: &Proxies, parts: &'a Parts) -> Option<&'a str> {
    if peer(parts).is_some_and(|peer| proxies.trust(peer)) {
        let forwarded = parts.headers.get("x-forwarded-host");
        if let Some(host) = forwarded {
            return host.to_str().ok()?.split(',').next().map(str::trim);
        }
    }
    if let Some(host) = parts.headers.get(HOST) {
        return host.to_str().ok();
    }
    let authority = parts.uri.authority();
    authority.map(http::uri::Authority::as_str)
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(info.0.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_peer_may_forward() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let told = |from: &str| {
            let request = http::Request::builder()
                .uri("/api/mcp")
                .header("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.9")
                .header("x-forwarded-host", "gate.example.com")
                .header("host", "inner");
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            let peer: SocketAddr = from.parse().unwrap();
            parts.extensions.insert(ConnectInfo(peer));
            let client = client(&proxies, &parts).unwrap().to_string();
            (client, host(&proxies, &parts).unwrap().to_owned())
        };
        let pair = |client: &str, host: &str| (client.to_owned(), host.to_owned());
        assert_eq!(told("10.0.0.1:5"), pair("1.2.3.4", "gate.example.com"));
        assert_eq!(told("9.9.9.9:5"), pair("9.9.9.9", "inner"));
    }
}
