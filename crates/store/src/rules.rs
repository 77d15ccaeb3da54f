//! Rules that are kept as JSON: guardrails and masking rules. What a rule says
//! means nothing here; what it is linked to does.

mod read;
mod write;

use model::{ConnectionId, RuleId, Timestamp};

use crate::links::Kind;

/// A kind of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// What may be asked and answered.
    Guardrail,
    /// What is masked.
    Masking,
}

/// A stored rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Identifier.
    pub id: RuleId,
    /// Unique among the rules of its kind.
    pub name: String,
    /// What it says, as JSON.
    pub detail: String,
    /// Connections that it is linked to directly.
    pub connection_ids: Vec<ConnectionId>,
    /// Names of the attributes through which it reaches others, sorted.
    pub attributes: Vec<String>,
    /// Who owns it, when that is no administrator.
    pub managed_by: Option<String>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What is written of a rule; `None` leaves something as it is.
#[derive(Clone, Debug, Default)]
pub struct RuleChange {
    /// Another name.
    pub name: Option<String>,
    /// What it says, as JSON.
    pub detail: Option<String>,
    /// Ids or names of connections.
    pub connections: Option<Vec<String>>,
    /// Ids or names of attributes.
    pub attributes: Option<Vec<String>>,
}

/// The rules that reach a connection.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Guardrails by name.
    pub guardrails: Vec<Rule>,
    /// Masking rules by name.
    pub masking: Vec<Rule>,
}

impl RuleKind {
    const fn kind(self) -> Kind {
        match self {
            Self::Guardrail => Kind::Guardrail,
            Self::Masking => Kind::MaskingRule,
        }
    }

    /// The table of its rules.
    pub(crate) const fn table(self) -> &'static str {
        self.kind().table()
    }

    /// The table of direct links and its column of rules.
    const fn links(self) -> (&'static str, &'static str) {
        match self {
            Self::Guardrail => ("connection_guardrail", "guardrail_id"),
            Self::Masking => ("connection_datamasking", "rule_id"),
        }
    }
}
