//! Answers to requests that no tool sees.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::reply;

/// Methods the endpoint has.
pub const METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");

/// Why a request was not served.
#[derive(Debug)]
pub struct Refused {
    /// Short name of the reason, for counting.
    pub reason: &'static str,
    /// Status of the answer.
    pub status: StatusCode,
    /// `WWW-Authenticate` of the answer.
    pub challenge: Option<HeaderValue>,
    /// JSON of the answer.
    pub body: Vec<u8>,
}

/// A JSON-RPC error.
#[derive(Debug)]
pub struct Fault {
    /// Code of JSON-RPC 2.0 or MCP.
    pub code: i32,
    /// One sentence for people.
    pub message: Cow<'static, str>,
    /// Facts for programs.
    pub data: Option<Value>,
}

impl Fault {
    /// A fault with a code and a sentence.
    pub fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }
}

impl Refused {
    /// A JSON-RPC error with the status, for the request `id` when it is known.
    pub fn rpc(reason: &'static str, status: StatusCode, id: Option<&str>, fault: Fault) -> Self {
        Self {
            reason,
            status,
            challenge: None,
            body: reply::fault(id, &fault),
        }
    }

    /// A plain message, as the answers about identity have it.
    pub fn plain(reason: &'static str, status: StatusCode, message: &str) -> Self {
        Self {
            reason,
            status,
            challenge: None,
            body: json!({ "message": message }).to_string().into_bytes(),
        }
    }

    /// Adds how to sign in.
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// The HTTP answer, counted by its reason.
    pub fn into_response(self) -> Response {
        metrics::counter!("drawgate_mcp_refused_total", "reason" => self.reason).increment(1);
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, METHODS);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
