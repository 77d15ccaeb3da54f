//! The one handler: prove the caller, gather the arguments, let the gate run
//! the operation, write its answer.

use std::future::Future;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::rejection::BytesRejection;
use axum::extract::{
    DefaultBodyLimit, FromRequest, FromRequestParts, Query, RawPathParams, Request,
};
use axum::response::Response;
use gate::{Entry, Gate};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use model::{Code, Refusal};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::answer::{self, Problem};
use crate::request_id::RequestId;
use crate::routes::Route;
use crate::{RestConfig, arguments, headers};

/// What every route shares.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) gate: Arc<Gate>,
    pub(crate) config: RestConfig,
}

impl Door {
    /// Answers a request of `route`.
    pub(crate) async fn answer(self, route: &'static Route, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let request_id = request_id(&parts);
        match self.run(route, parts, body, &request_id).await {
            Ok(json) => answer::result(route.status, json),
            Err(problem) => problem.respond(&request_id),
        }
    }

    /// Nothing of the body is read before the caller is proven.
    async fn run(
        &self,
        route: &'static Route,
        mut parts: Parts,
        body: Body,
        request_id: &RequestId,
    ) -> Result<Box<RawValue>, Problem> {
        let caller = self
            .gate
            .authenticate(headers::bearer(&parts.headers)?)
            .await?;
        let path = path(&mut parts).await?;
        let query = query(&parts)?;
        let body = self.body(&parts, body, self.config.max_body_bytes).await?;
        let entry = find(&self.gate, route.operation)?;
        let arguments = arguments::merge(entry.input_schema(), path, query, body)?;
        let cancel = CancellationToken::new();
        let call = headers::call(&parts, &self.config.proxies, request_id, cancel.clone());
        // A client that hangs up ends what only reads. Anything else goes on,
        // so that what happens at a target is recorded to its end.
        let _cancel = entry.hints.read_only.then(|| cancel.drop_guard());
        let gate = Arc::clone(&self.gate);
        detached(request_id, async move {
            let entry = find(&gate, route.operation)?;
            Ok(gate.call(entry, &caller, arguments, call).await?)
        })
        .await
    }

    /// Reads the JSON object of a body of at most `limit` bytes; none is an
    /// empty object.
    pub(crate) async fn body(
        &self,
        parts: &Parts,
        body: Body,
        limit: usize,
    ) -> Result<Map<String, Value>, Problem> {
        if announced_length(&parts.headers).is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let _room = self.gate.room_for_body(body.size_hint().upper()).await?;
        let mut request = Request::new(body);
        DefaultBodyLimit::max(limit).apply(&mut request);
        let reading = Bytes::from_request(request, &());
        let bytes = tokio::time::timeout(self.config.body_timeout, reading)
            .await
            .map_err(|_| too_slow())?
            .map_err(|rejection| unread(&rejection, limit))?;
        if !bytes.is_empty() && !is_json(&parts.headers) {
            return Err(not_json());
        }
        Ok(model::strict_object(&bytes)?)
    }
}

/// The id that the outermost layer gave the request.
pub(crate) fn request_id(parts: &Parts) -> RequestId {
    parts
        .extensions
        .get::<RequestId>()
        .cloned()
        .unwrap_or_else(|| RequestId::of("unknown"))
}

/// Runs a call in a task of its own: it neither ends with the connection of
/// its client nor takes the door down when it panics.
pub(crate) async fn detached<F>(request_id: &RequestId, call: F) -> Result<Box<RawValue>, Problem>
where
    F: Future<Output = Result<Box<RawValue>, Problem>> + Send + 'static,
{
    let task = tokio::spawn(call.instrument(tracing::Span::current()));
    task.await.unwrap_or_else(|error| {
        tracing::error!(incident_id = request_id.as_str(), %error, "a call ended without an answer");
        let refusal = Refusal::new(Code::Internal, "an unexpected failure")
            .detail("incident_id", request_id.as_str());
        Err(refusal.into())
    })
}

fn find<'a>(gate: &'a Gate, operation: &str) -> Result<&'a Entry, Problem> {
    gate.catalog().find(operation).ok_or_else(|| {
        Refusal::new(
            Code::Unsupported,
            format!("{operation} is not part of this build"),
        )
        .into()
    })
}

async fn path(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Refusal::invalid("/", "a path of valid UTF-8"))?;
    Ok(params
        .iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect())
}

fn query(parts: &Parts) -> Result<Vec<(String, String)>, Problem> {
    Query::try_from_uri(&parts.uri)
        .map(|Query(pairs)| pairs)
        .map_err(|_| Refusal::invalid("/", "a query of names and values").into())
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the media type is `application/json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

fn unread(rejection: &BytesRejection, limit: usize) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(limit);
    }
    Refusal::invalid("/", "a body that can be read").into()
}

fn too_large(limit: usize) -> Problem {
    let refusal = Refusal::new(Code::InvalidArgument, "the request body is too large")
        .detail("max_bytes", limit);
    Problem::with_status(StatusCode::PAYLOAD_TOO_LARGE, refusal)
}

fn too_slow() -> Problem {
    let refusal = Refusal::new(Code::Timeout, "the request body did not arrive in time");
    Problem::with_status(StatusCode::REQUEST_TIMEOUT, refusal)
}

fn not_json() -> Problem {
    let refusal = Refusal::new(Code::Unsupported, "the body is not declared as JSON")
        .hint("send Content-Type: application/json");
    Problem::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal)
}
