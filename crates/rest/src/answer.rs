//! Answers and errors as HTTP.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use gate::{Denied, Unproven};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use model::{Code, Refusal};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::request_id::RequestId;

/// A request that is not answered with a result.
pub(crate) struct Problem {
    status: StatusCode,
    refusal: Box<Refusal>,
    challenge: Option<HeaderValue>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Detail<'a>,
}

#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    refusal: &'a Refusal,
    request_id: &'a str,
}

impl Problem {
    /// A refusal with a status of its own.
    pub(crate) fn with_status(status: StatusCode, refusal: Refusal) -> Self {
        Self {
            status,
            refusal: Box::new(refusal),
            challenge: None,
        }
    }

    /// The response; `request_id` helps to find the request in the logs.
    pub(crate) fn respond(self, request_id: &RequestId) -> Response {
        let envelope = Envelope {
            error: Detail {
                refusal: &self.refusal,
                request_id: request_id.as_str(),
            },
        };
        let body = serde_json::to_vec(&envelope).unwrap_or_default();
        let mut response = json(self.status, body.into());
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = retry_after(&self.refusal) {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::with_status(status(refusal.code), refusal)
    }
}

impl From<Unproven> for Problem {
    fn from(unproven: Unproven) -> Self {
        let (code, message, challenge) = match unproven {
            Unproven::Missing => (
                Code::Unauthorized,
                "unauthorized: missing access token",
                Some("Bearer"),
            ),
            Unproven::Invalid => (
                Code::Unauthorized,
                "unauthorized: invalid access token",
                Some("Bearer error=\"invalid_token\""),
            ),
            Unproven::Inactive => (Code::Forbidden, "account is not active", None),
            Unproven::Unavailable => (
                Code::Unavailable,
                "identity cannot be checked right now",
                None,
            ),
        };
        let mut problem = Self::from(Refusal::new(code, message));
        problem.challenge = challenge.map(HeaderValue::from_static);
        problem
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Refused(refusal) => refusal.into(),
            Denied::Scope(scopes) => {
                let words = scopes.words();
                // RFC 6750 section 3.1.
                let challenge = format!(
                    "Bearer error=\"insufficient_scope\", scope=\"{}\"",
                    words.join(" ")
                );
                let mut problem = Self::from(
                    Refusal::new(Code::Forbidden, "insufficient scope")
                        .hint("use a token that has these scopes")
                        .detail("scopes", words),
                );
                problem.challenge = HeaderValue::from_str(&challenge).ok();
                problem
            }
        }
    }
}

/// The status of each code.
pub(crate) const fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::AdminRequired
        | Code::AuditorRequired
        | Code::Forbidden
        | Code::NotEligible
        | Code::SelfApproval => StatusCode::FORBIDDEN,
        Code::NotFound | Code::ConnectionNotFound => StatusCode::NOT_FOUND,
        Code::Conflict
        | Code::AlreadyExists
        | Code::WrongState
        | Code::Managed
        | Code::Protected
        | Code::NotApproved
        | Code::WindowClosed => StatusCode::CONFLICT,
        Code::Expired => StatusCode::GONE,
        Code::Unsupported | Code::NotADatabase | Code::GuardrailBlocked | Code::AnalyzerBlocked => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Code::Busy => StatusCode::TOO_MANY_REQUESTS,
        Code::AgentOffline => StatusCode::BAD_GATEWAY,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An answer of the gate.
pub(crate) fn result(status: StatusCode, answer: Box<RawValue>) -> Response {
    json(status, String::from(Box::<str>::from(answer)).into())
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: Body) -> Response {
    (
        status,
        [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        body,
    )
        .into_response()
}

/// Whole seconds until a busy gate may be asked again, rounded up.
fn retry_after(refusal: &Refusal) -> Option<u64> {
    let wait = refusal.details.as_ref()?.get("retry_after_ms")?.as_u64()?;
    Some(wait.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Scope, Scopes};
    use serde_json::Value;

    async fn read(problem: Problem) -> (StatusCode, http::HeaderMap, Value) {
        let (parts, body) = problem.respond(&RequestId::of("r-1")).into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        (
            parts.status,
            parts.headers,
            serde_json::from_slice(&body).unwrap(),
        )
    }

    #[tokio::test]
    async fn an_error_has_code_message_and_request_id() {
        let refusal = Refusal::new(Code::Busy, "too many calls")
            .hint("wait")
            .detail("retry_after_ms", 1200);
        let (status, headers, body) = read(refusal.into()).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(headers[RETRY_AFTER], "2");
        assert_eq!(
            body,
            serde_json::json!({"error": {"code": "busy", "message": "too many calls",
                "hint": "wait", "details": {"retry_after_ms": 1200}, "request_id": "r-1"}})
        );
    }

    #[tokio::test]
    async fn a_missing_token_is_challenged_without_a_reason() {
        let (status, headers, body) = read(Unproven::Missing.into()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers[WWW_AUTHENTICATE], "Bearer");
        assert_eq!(
            body["error"]["message"],
            "unauthorized: missing access token"
        );
        let (_, headers, _) = read(Unproven::Invalid.into()).await;
        assert_eq!(headers[WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
    }

    #[tokio::test]
    async fn a_missing_scope_names_what_is_needed() {
        let denied = Denied::Scope(Scopes::of([Scope::Exec]));
        let (status, headers, body) = read(denied.into()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(
            headers[WWW_AUTHENTICATE]
                .to_str()
                .unwrap()
                .contains("drawgate:exec")
        );
        assert_eq!(body["error"]["details"]["scopes"][1], "drawgate:exec");
    }

    #[test]
    fn every_code_has_its_status() {
        let table = [
            (Code::InvalidArgument, 400),
            (Code::Unauthorized, 401),
            (Code::AdminRequired, 403),
            (Code::AuditorRequired, 403),
            (Code::Forbidden, 403),
            (Code::NotEligible, 403),
            (Code::SelfApproval, 403),
            (Code::NotFound, 404),
            (Code::ConnectionNotFound, 404),
            (Code::Conflict, 409),
            (Code::AlreadyExists, 409),
            (Code::WrongState, 409),
            (Code::Managed, 409),
            (Code::Protected, 409),
            (Code::NotApproved, 409),
            (Code::WindowClosed, 409),
            (Code::Expired, 410),
            (Code::Unsupported, 422),
            (Code::NotADatabase, 422),
            (Code::GuardrailBlocked, 422),
            (Code::AnalyzerBlocked, 422),
            (Code::Busy, 429),
            (Code::Internal, 500),
            (Code::AgentOffline, 502),
            (Code::Unavailable, 503),
            (Code::Timeout, 504),
        ];
        for (code, expected) in table {
            assert_eq!(status(code), expected, "{code}");
        }
    }
}
