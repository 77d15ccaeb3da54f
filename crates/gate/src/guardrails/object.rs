//! A guardrail as it is stored and shown.

use model::{ConnectionId, Guardrail, GuardrailRules, RuleId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Rule;

/// A guardrail.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct GuardrailObject {
    /// Identifier.
    pub(super) id: RuleId,
    /// What it says.
    #[serde(flatten)]
    pub(super) guardrail: Guardrail,
    /// Connections it is linked to directly.
    pub(super) connection_ids: Vec<ConnectionId>,
    /// Attributes through which it reaches others.
    pub(super) attributes: Vec<String>,
    /// Who owns it, when that is no administrator.
    managed_by: Option<String>,
    /// Grows by one with every change.
    pub(super) version: i64,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

/// What is kept as JSON.
#[derive(Serialize, Deserialize)]
struct Detail {
    description: String,
    input: Option<GuardrailRules>,
    output: Option<GuardrailRules>,
}

impl GuardrailObject {
    /// Reads a stored guardrail.
    ///
    /// # Errors
    /// When what is stored is no guardrail.
    pub(super) fn read(rule: Rule) -> serde_json::Result<Self> {
        Ok(Self {
            id: rule.id,
            guardrail: read(&rule)?,
            connection_ids: rule.connection_ids,
            attributes: rule.attributes,
            managed_by: rule.managed_by,
            version: rule.version,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        })
    }
}

/// What a stored guardrail says.
///
/// # Errors
/// When what is stored is no guardrail.
pub(crate) fn read(rule: &Rule) -> serde_json::Result<Guardrail> {
    let detail: Detail = serde_json::from_str(&rule.detail)?;
    Ok(Guardrail {
        name: rule.name.clone(),
        description: detail.description,
        input: detail.input,
        output: detail.output,
    })
}

/// What of a guardrail is kept as JSON.
///
/// # Errors
/// Never for what was checked.
pub(super) fn write(guardrail: &Guardrail) -> serde_json::Result<String> {
    serde_json::to_string(&Detail {
        description: guardrail.description.clone(),
        input: guardrail.input.clone(),
        output: guardrail.output.clone(),
    })
}
