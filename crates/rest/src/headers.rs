//! What the headers of a request tell about its call.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use gate::{Call, Progress};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use model::{Client, Origin};
use tokio_util::sync::CancellationToken;

use crate::request_id::RequestId;

/// Longest name and longest version of a client program.
const LONGEST_WORD: usize = 64;

/// The bearer of a request. Other credential headers and the query are not read.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()
        .and_then(identity::bearer_of)
}

/// The call that a request makes.
pub(crate) fn call(parts: &Parts, request_id: &RequestId, cancel: CancellationToken) -> Call {
    let headers = &parts.headers;
    let is_cli = headers
        .get("x-drawgate-origin")
        .is_some_and(|origin| origin == "cli");
    Call {
        origin: if is_cli { Origin::Cli } else { Origin::Api },
        client: text(headers, "x-drawgate-client").and_then(client),
        address: parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(address)| address.ip().to_string()),
        request_id: request_id.as_str().to_owned(),
        correlation_id: text(headers, "traceparent").and_then(trace_id),
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

/// The trace id of a `traceparent` (W3C Trace Context section 3.2.2): 32
/// lower-case hexadecimal digits, not all zero.
fn trace_id(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let is_zero = |part: &str| part.bytes().all(|b| b == b'0');
    let good = is_hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && is_hex(trace, 32)
        && !is_zero(trace)
        && is_hex(parent, 16)
        && !is_zero(parent)
        && is_hex(flags, 2);
    good.then(|| trace.to_owned())
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
        let of =
            |value: &str| bearer(&parts(&[("authorization", value)]).headers).map(str::to_owned);
        assert_eq!(of("bearer dgk_x"), Some("dgk_x".to_owned()));
        assert_eq!(of("Basic dgk_x"), None);
    }

    #[test]
    fn a_call_knows_its_origin_client_and_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parts = parts(&[
            ("x-drawgate-origin", "cli"),
            ("x-drawgate-client", "drawgate/0.1.0"),
            ("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01")),
        ]);
        let call = call(&parts, &RequestId::of("r"), CancellationToken::new());
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
        for bad in [
            "",
            "00-x-y-z",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }
}
