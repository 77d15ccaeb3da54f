//! What the headers of a request tell about its call.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use gate::{Call, Progress, Unproven};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use identity::Proxies;
use model::{Client, Origin};
use tokio_util::sync::CancellationToken;

use crate::request_id::RequestId;

/// Longest name and longest version of a client program.
const LONGEST_WORD: usize = 64;

/// The bearer of a request, `None` when none was sent. Other credential headers
/// and the query are not read.
///
/// # Errors
/// [`Unproven::Invalid`] for several headers, of which two readers might choose
/// differently, and for one that is no text.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Unproven> {
    let sent = headers.get_all(AUTHORIZATION).iter();
    identity::sole_bearer(sent.map(HeaderValue::as_bytes)).map_err(|_| Unproven::Invalid)
}

/// The call that a request makes.
pub(crate) fn call(
    parts: &Parts,
    proxies: &Proxies,
    request_id: &RequestId,
    cancel: CancellationToken,
) -> Call {
    let headers = &parts.headers;
    let is_cli = headers
        .get("x-drawgate-origin")
        .is_some_and(|origin| origin == "cli");
    Call {
        origin: if is_cli { Origin::Cli } else { Origin::Api },
        client: text(headers, "x-drawgate-client").and_then(client),
        address: address(parts, proxies),
        request_id: request_id.as_str().to_owned(),
        correlation_id: text(headers, "traceparent").and_then(model::traceparent),
        cancel,
        progress: Progress::default(),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The program in `name/version`; printable ASCII only, each part bounded.
fn client(text: &str) -> Option<Client> {
    let (name, version) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
    let is_word =
        |word: &str| word.len() <= LONGEST_WORD && word.bytes().all(|b| (b' '..=b'~').contains(&b));
    (!name.is_empty() && is_word(name) && is_word(version)).then(|| Client {
        name: name.to_owned(),
        version: version.to_owned(),
    })
}

/// Address of the client, also behind trusted proxies.
fn address(parts: &Parts, proxies: &Proxies) -> Option<String> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let forwarded = parts.headers.get_all("x-forwarded-for").iter();
    let forwarded = forwarded.map(|value| value.to_str().unwrap_or_default());
    Some(proxies.client(peer.ip(), forwarded).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_the_bearer_scheme_is_read() {
        let of = |value: &str| {
            let parts = parts(&[("authorization", value)]);
            bearer(&parts.headers).unwrap().map(str::to_owned)
        };
        assert_eq!(of("bearer dgk_x"), Some("dgk_x".to_owned()));
        assert_eq!(of("Basic dgk_x"), None);
        assert_eq!(bearer(&parts(&[]).headers), Ok(None));
    }

    #[test]
    fn several_credentials_are_none() {
        for second in ["bearer dgk_x", "Basic dgk_x"] {
            let parts = parts(&[("authorization", "bearer dgk_x"), ("authorization", second)]);
            assert_eq!(bearer(&parts.headers), Err(Unproven::Invalid));
        }
    }

    #[test]
    fn a_trusted_proxy_tells_the_address() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        for (peer, told) in [("10.0.0.1:5", "1.2.3.4"), ("9.9.9.9:5", "9.9.9.9")] {
            let mut parts = parts(&[("x-forwarded-for", "1.2.3.4")]);
            let peer: SocketAddr = peer.parse().unwrap();
            parts.extensions.insert(ConnectInfo(peer));
            assert_eq!(address(&parts, &proxies).as_deref(), Some(told));
        }
    }

    #[test]
    fn a_call_knows_its_origin_client_and_trace() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parts = parts(&[
            ("x-drawgate-origin", "cli"),
            ("x-drawgate-client", "drawgate/0.1.0"),
            ("traceparent", trace),
        ]);
        let (id, none) = (RequestId::of("r"), Proxies::default());
        let call = call(&parts, &none, &id, CancellationToken::new());
        assert_eq!(call.origin, Origin::Cli);
        assert_eq!(
            call.client,
            Some(Client {
                name: "drawgate".into(),
                version: "0.1.0".into()
            })
        );
        assert_eq!(call.correlation_id.as_deref(), Some(trace));
    }

    #[test]
    fn headers_that_do_not_fit_are_left_out() {
        for bad in ["", "/1", &"a".repeat(65), &format!("a/{}", "1".repeat(65))] {
            assert_eq!(client(bad), None, "{bad}");
        }
    }
}
