//! JSON-RPC messages, borrowed from the body of the request.

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::refused::{Fault, Refused};
use crate::wire;

/// One message of a client.
#[derive(Debug)]
pub struct Message<'a> {
    /// Raw JSON of the id: a string or a whole number. Notifications have none.
    pub id: Option<&'a str>,
    /// What is asked; `None` for an answer to a request of ours.
    pub method: Option<Cow<'a, str>>,
    /// Its parameters.
    pub params: Params<'a>,
}

/// The parameters that any method of ours has.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params<'a> {
    /// Facts about the request.
    #[serde(borrow, default, rename = "_meta", deserialize_with = "raw")]
    meta_json: Option<&'a RawValue>,
    /// Name of a tool.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub name: Option<&'a RawValue>,
    /// Arguments of a tool.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub arguments: Option<&'a RawValue>,
    /// Place in a list.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub cursor: Option<&'a RawValue>,
    /// The request to cancel.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub request_id: Option<&'a RawValue>,
    /// Protocol version of `initialize`.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub protocol_version: Option<&'a RawValue>,
    /// The program of `initialize`.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub client_info: Option<&'a RawValue>,
    /// The same as `meta_json`, read.
    #[serde(skip)]
    pub meta: Meta<'a>,
}

/// `_meta` of a request.
#[derive(Debug, Default, Deserialize)]
pub struct Meta<'a> {
    /// Version of the modern wire.
    #[serde(
        borrow,
        default,
        rename = "io.modelcontextprotocol/protocolVersion",
        deserialize_with = "raw"
    )]
    pub protocol_version: Option<&'a RawValue>,
    /// What the client can do.
    #[serde(
        borrow,
        default,
        rename = "io.modelcontextprotocol/clientCapabilities",
        deserialize_with = "raw"
    )]
    pub capabilities: Option<&'a RawValue>,
    /// The program that asks.
    #[serde(
        borrow,
        default,
        rename = "io.modelcontextprotocol/clientInfo",
        deserialize_with = "raw"
    )]
    pub client: Option<&'a RawValue>,
    /// Asks for progress under this name.
    #[serde(borrow, default, rename = "progressToken", deserialize_with = "raw")]
    pub progress_token: Option<&'a RawValue>,
    /// Trace context of the client (W3C Trace Context).
    #[serde(borrow, default, deserialize_with = "raw")]
    pub traceparent: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    error: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads one message.
    ///
    /// # Errors
    /// The answer to what is no message.
    pub fn read(text: &'a str) -> Result<Self, Refused> {
        let envelope: Envelope<'a> = object(text).map_err(|fault| invalid(None, fault))?;
        let id = envelope.id.map(RawValue::get);
        if id.is_some_and(|id| !is_id(id)) {
            let fault = Fault::new(
                wire::INVALID_REQUEST,
                "id must be a string or a whole number",
            );
            return Err(invalid(None, fault));
        }
        if envelope.jsonrpc.and_then(string).as_deref() != Some("2.0") {
            let fault = Fault::new(wire::INVALID_REQUEST, "jsonrpc must be \"2.0\"");
            return Err(invalid(id, fault));
        }
        let Some(method) = envelope.method else {
            if id.is_some() && (envelope.result.is_some() || envelope.error.is_some()) {
                let params = Params::default();
                return Ok(Self {
                    id,
                    method: None,
                    params,
                });
            }
            let fault = Fault::new(wire::INVALID_REQUEST, "method is missing");
            return Err(invalid(id, fault));
        };
        let Some(method) = string(method) else {
            let fault = Fault::new(wire::INVALID_REQUEST, "method must be a string");
            return Err(invalid(id, fault));
        };
        let params = match envelope.params.map(RawValue::get) {
            None | Some("null") => Params::default(),
            Some(params) => Params::read(params).map_err(|fault| invalid(id, fault))?,
        };
        Ok(Self {
            id,
            method: Some(method),
            params,
        })
    }
}

impl<'a> Params<'a> {
    fn read(text: &'a str) -> Result<Self, Fault> {
        let named = |fault: Fault, what: &str| match fault.code {
            wire::PARSE_ERROR => fault,
            _ => Fault::new(wire::INVALID_PARAMS, format!("{what} must be an object")),
        };
        let mut params: Self = object(text).map_err(|fault| named(fault, "params"))?;
        if let Some(meta) = params.meta_json {
            params.meta = object(meta.get()).map_err(|fault| named(fault, "_meta"))?;
        }
        Ok(params)
    }
}

/// Reads a JSON string.
pub fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let text = serde_json::from_str::<Text<'_>>(raw.get()).ok()?;
    Some(text.0)
}

/// Whether raw JSON is an id: a string or a whole number.
pub fn is_id(raw: &str) -> bool {
    match raw.as_bytes() {
        [b'"', ..] => true,
        [b'-', digits @ ..] | digits => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
    }
}

fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    // A derived struct would also take an array by position.
    let is_object = text.trim_ascii_start().starts_with('{');
    if is_object {
        return serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                // With every field raw, all that can be wrong is a repeated one.
                Fault::new(wire::INVALID_REQUEST, "a member appears twice")
            } else {
                Fault::new(wire::PARSE_ERROR, "the body is not JSON")
            }
        });
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Err(Fault::new(
            wire::INVALID_REQUEST,
            "a message must be an object",
        )),
        Err(_) => Err(Fault::new(wire::PARSE_ERROR, "the body is not JSON")),
    }
}

fn invalid(id: Option<&str>, fault: Fault) -> Refused {
    let reason = match fault.code {
        wire::PARSE_ERROR => "json",
        _ => "message",
    };
    Refused::rpc(reason, StatusCode::BAD_REQUEST, id, fault)
}

/// Keeps a member raw, also when it is null.
fn raw<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&'a RawValue>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn code(text: &str) -> (i64, Value) {
        let refused = Message::read(text).unwrap_err();
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let body: Value = serde_json::from_slice(&refused.body).unwrap();
        (body["error"]["code"].as_i64().unwrap(), body["id"].clone())
    }

    #[test]
    fn a_request_borrows_what_it_says() {
        let text = r#" {"jsonrpc":"2.0","id":"a","method":"tools/call","params":
            {"name":"exec","arguments":{"x":[1]},"_meta":{"progressToken":7}}} "#;
        let message = Message::read(text).unwrap();
        assert_eq!(message.id, Some("\"a\""));
        assert!(matches!(message.method, Some(Cow::Borrowed("tools/call"))));
        assert_eq!(message.params.arguments.unwrap().get(), r#"{"x":[1]}"#);
        assert_eq!(message.params.meta.progress_token.unwrap().get(), "7");
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_id_when_it_has_one() {
        for (text, expected, id) in [
            ("", -32700, Value::Null),
            ("{", -32700, Value::Null),
            ("{} {}", -32700, Value::Null),
            ("\u{feff}{}", -32700, Value::Null),
            ("7", -32600, Value::Null),
            ("{}", -32600, Value::Null),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                -32600,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                -32600,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"2.0","id":[],"method":"ping"}"#,
                -32600,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"1.0","id":3,"method":"ping"}"#,
                -32600,
                3.into(),
            ),
            (r#"{"jsonrpc":"2.0","id":3}"#, -32600, 3.into()),
            (r#"{"jsonrpc":"2.0","id":3,"method":5}"#, -32600, 3.into()),
            (
                r#"{"jsonrpc":"2.0","id":3,"id":4,"method":"ping"}"#,
                -32600,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"ping","params":[]}"#,
                -32602,
                3.into(),
            ),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"ping","params":{"_meta":[]}}"#,
                -32602,
                3.into(),
            ),
        ] {
            assert_eq!(code(text), (expected, id), "{text}");
        }
    }

    #[test]
    fn answers_and_notifications_are_messages_too() {
        let notification =
            Message::read(r#"{"jsonrpc":"2.0","method":"x","params":null}"#).unwrap();
        assert!(notification.id.is_none());
        let answer = Message::read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap();
        assert!(answer.method.is_none());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,80}") {
            let _ = Message::read(&text);
        }

        #[test]
        fn damaged_requests_never_panic(at in 0usize..200, with in "\\PC{0,3}") {
            let text = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"exec","arguments":{"x":[1]},"_meta":{"progressToken":7}}}"#;
            let at = at % text.len();
            let damaged = format!("{}{with}{}", &text[..at], &text[at..]);
            let _ = Message::read(&damaged);
        }
    }
}
