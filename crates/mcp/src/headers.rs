//! The headers of MCP: read once, never twice, decoded where they are encoded.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

/// Revision of the protocol.
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// Legacy session id.
pub const SESSION_ID: &str = "mcp-session-id";
/// JSON-RPC method of the body, for those who route without reading it.
pub const METHOD: &str = "mcp-method";
/// Name of the tool in the body.
pub const NAME: &str = "mcp-name";

/// Why a header has no value.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Sent more than once: two readers might choose differently.
    Repeated,
    /// Not visible ASCII, or not the encoding it claims.
    Malformed,
}

/// The only value of `name`, `None` when it was not sent.
pub fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Unreadable> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Unreadable::Repeated);
    }
    value.to_str().map(Some).map_err(|_| Unreadable::Malformed)
}

/// The same, after decoding the form `=?base64?...?=` of MCP 2026-07-28, in
/// which names travel that are no plain ASCII.
pub fn decoded<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<Cow<'a, str>>, Unreadable> {
    let Some(value) = single(headers, name)? else {
        return Ok(None);
    };
    let inner = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    let Some(inner) = inner else {
        return Ok(Some(Cow::Borrowed(value)));
    };
    let bytes = STANDARD.decode(inner).map_err(|_| Unreadable::Malformed)?;
    let text = String::from_utf8(bytes).map_err(|_| Unreadable::Malformed)?;
    Ok(Some(Cow::Owned(text)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn with(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(NAME, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn read(value: &[u8]) -> Result<Option<String>, Unreadable> {
        Ok(decoded(&with(&[value]), NAME)?.map(Cow::into_owned))
    }

    #[test]
    fn plain_and_encoded_values_are_read() {
        assert_eq!(decoded(&with(&[]), NAME), Ok(None));
        assert_eq!(read(b"exec"), Ok(Some("exec".into())));
        assert_eq!(read(b"=?base64?w7w=?="), Ok(Some("ü".into())));
        let other_case = "=?BASE64?w7w=?=";
        assert_eq!(read(other_case.as_bytes()), Ok(Some(other_case.into())));
    }

    #[test]
    fn repeated_and_malformed_values_are_not() {
        let twice = with(&[b"exec", b"exec"]);
        assert_eq!(decoded(&twice, NAME), Err(Unreadable::Repeated));
        for bad in [
            &b"=?base64?w7w?="[..],
            b"=?base64?*?=",
            b"=?base64?/w==?=",
            b"\xff",
        ] {
            assert_eq!(read(bad), Err(Unreadable::Malformed));
        }
    }

    proptest! {
        #[test]
        fn every_text_survives_the_encoding(text in ".{0,40}") {
            let value = format!("=?base64?{}?=", STANDARD.encode(&text));
            prop_assert_eq!(read(value.as_bytes()), Ok(Some(text)));
        }

        #[test]
        fn only_the_encoded_form_is_decoded(value in "[!-~]{0,40}", inner in "[A-Za-z0-9+/=]{0,12}") {
            if !value.starts_with("=?base64?") {
                prop_assert_eq!(read(value.as_bytes()), Ok(Some(value)));
            }
            let encoded = format!("=?base64?{inner}?=");
            prop_assert_ne!(read(encoded.as_bytes()), Ok(Some(encoded)));
        }
    }
}
