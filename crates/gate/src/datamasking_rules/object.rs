//! A data masking rule as it is stored and shown.

use model::{ConnectionId, MaskingRule, RuleId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use store::Rule;

/// A data masking rule.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct MaskingRuleObject {
    /// Identifier.
    id: RuleId,
    /// What it says.
    #[serde(flatten)]
    rule: MaskingRule,
    /// Connections it is linked to directly.
    connection_ids: Vec<ConnectionId>,
    /// Attributes through which it reaches others.
    attributes: Vec<String>,
    /// Who owns it, when that is no administrator.
    managed_by: Option<String>,
    /// Grows by one with every change.
    version: i64,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl MaskingRuleObject {
    /// Reads a stored rule.
    ///
    /// # Errors
    /// When what is stored is no masking rule.
    pub(super) fn read(rule: Rule) -> serde_json::Result<Self> {
        Ok(Self {
            id: rule.id,
            rule: read(&rule)?,
            connection_ids: rule.connection_ids,
            attributes: rule.attributes,
            managed_by: rule.managed_by,
            version: rule.version,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        })
    }
}

/// What a stored masking rule says.
///
/// # Errors
/// When what is stored is no masking rule.
pub(crate) fn read(rule: &Rule) -> serde_json::Result<MaskingRule> {
    serde_json::from_str(&rule.detail)
}
