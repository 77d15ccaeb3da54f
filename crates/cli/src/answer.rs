//! Answers of the gateway.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An answer: its bytes as they came, and the same as a value.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The JSON text.
    pub(crate) text: String,
    /// The same, read.
    pub(crate) value: Value,
}

impl Answer {
    /// An answer of the command line's own.
    pub(crate) fn of(value: Value) -> Self {
        Self {
            text: value.to_string(),
            value,
        }
    }
}

/// An error of the gateway.
#[derive(Debug, Deserialize)]
pub(crate) struct ApiError {
    /// HTTP status.
    #[serde(skip)]
    pub(crate) status: u16,
    /// Stable code.
    pub(crate) code: String,
    /// One sentence.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// Facts.
    pub(crate) details: Option<Map<String, Value>>,
    /// Finds the request in the gateway's logs.
    pub(crate) request_id: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    error: ApiError,
}

impl ApiError {
    /// The error in the body of an answer; `None` when it holds none.
    pub(crate) fn read(status: u16, body: &str) -> Option<Self> {
        let envelope: Envelope = serde_json::from_str(body).ok()?;
        Some(Self {
            status,
            ..envelope.error
        })
    }

    /// Whether policy said no.
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(self.code.as_str(), "guardrail_blocked" | "analyzer_blocked")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_from_its_envelope() {
        let body = r#"{"error":{"code":"busy","message":"m","details":{"a":1},"request_id":"r"}}"#;
        let error = ApiError::read(429, body).unwrap();
        assert_eq!((error.status, error.code.as_str()), (429, "busy"));
        assert_eq!(error.request_id.as_deref(), Some("r"));
        assert!(ApiError::read(502, "<html>").is_none());
        assert!(ApiError::read(500, r#"{"message":"x"}"#).is_none());
    }
}
