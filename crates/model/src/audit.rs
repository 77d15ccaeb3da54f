//! One row per call: who did what to what, and how it ended. What is changed as a part of
//! a whole has a row of its own, too.

use serde::Serialize;

use crate::Timestamp;

/// An audit row. Never holds secrets, input text, variable values or tokens. What is
/// `None` is left out of its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// User id or key id; `None` when nobody was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Credential id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Name and version of the client program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Name of the operation.
    pub operation: String,
    /// Ids of the objects it touched.
    pub objects: Vec<String>,
    /// `ok` or the error code.
    pub code: String,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Address of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Id of the request.
    pub request_id: String,
    /// Trace context of the client's request, a `traceparent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// When it ended.
    #[serde(skip)]
    pub at: Timestamp,
}
