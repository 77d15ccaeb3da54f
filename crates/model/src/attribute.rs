//! Attributes: what ties connections, rules and groups together.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{AttributeId, Timestamp};

/// An attribute, as tools show one. The lists hold names, sorted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Attribute {
    /// Identifier.
    pub id: AttributeId,
    /// Unique name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Connections that bear it.
    pub connection_names: Vec<String>,
    /// Access request rules that reach those connections.
    pub access_request_rule_names: Vec<String>,
    /// Guardrails that reach those connections.
    pub guardrail_rule_names: Vec<String>,
    /// Masking rules that reach those connections.
    pub datamasking_rule_names: Vec<String>,
    /// Groups that see those connections.
    pub access_control_group_names: Vec<String>,
    /// Who owns it, when that is no administrator.
    pub managed_by: Option<String>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
