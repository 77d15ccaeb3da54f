//! The id of a request: the client's own when it is harmless, otherwise a new one.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::{Clock, Id as _, RunId};

use crate::RestConfig;

static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a client.
const LONGEST: usize = 128;

/// The id of one request.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The id in these headers, or a fresh one.
    fn from_headers(headers: &HeaderMap, clock: &dyn Clock) -> Self {
        headers
            .get(&HEADER)
            .filter(|value| is_harmless(value.as_bytes()))
            .map_or_else(
                || Self::of(&RunId::new(clock).to_string()),
                |value| Self(value.clone()),
            )
    }

    /// This very id; `unknown` when it cannot be sent in a header.
    pub(crate) fn of(text: &str) -> Self {
        Self(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown")))
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("unknown")
    }
}

/// Characters that mean nothing to logs, shells and terminals.
fn is_harmless(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

/// Gives every request its id and every response the same.
pub(crate) async fn tag(
    State(config): State<RestConfig>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::from_headers(request.headers(), config.clock.as_ref());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER.clone(), id.0);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SystemClock;

    fn given(id: &'static [u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER.clone(), HeaderValue::from_bytes(id).unwrap());
        RequestId::from_headers(&headers, &SystemClock)
            .as_str()
            .to_owned()
    }

    #[test]
    fn a_harmless_id_is_kept_and_any_other_replaced() {
        assert_eq!(given(b"web-1.2:3_4"), "web-1.2:3_4");
        for bad in [
            b"".as_slice(),
            b"a b",
            b"a\"b",
            b"\xe9",
            b"<script>",
            &[b'a'; 129],
        ] {
            let id = given(bad);
            assert_eq!(id.len(), 36, "{id}");
        }
    }

    #[test]
    fn two_requests_without_an_id_get_two() {
        let none = HeaderMap::new();
        let first = RequestId::from_headers(&none, &SystemClock);
        let second = RequestId::from_headers(&none, &SystemClock);
        assert_ne!(first.as_str(), second.as_str());
    }
}
