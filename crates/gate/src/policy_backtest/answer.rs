//! What a backtest tells.

use model::{SessionId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::judge::{Fate, Kind};

/// What the policies of a file would have done.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Backtest {
    /// From when on sessions were judged.
    pub(super) since: Timestamp,
    /// Until when.
    pub(super) until: Timestamp,
    /// All sessions together.
    pub(super) totals: Totals,
    /// Sessions by user and connection; those with the most that would be blocked first.
    pub(super) rows: Vec<Row>,
    /// Whether there are more rows than are told.
    pub(super) rows_truncated: bool,
    /// Every rule of the file; those that match most first.
    pub(super) rules: Vec<RuleRow>,
    /// Some sessions: those that differ from what happened first, then the strictest,
    /// each newest first.
    pub(super) examples: Vec<Example>,
    /// Whether there are more sessions in the period than `limit`.
    pub(super) truncated: bool,
    /// What to know when reading the figures.
    pub(super) notes: Vec<String>,
}

/// Numbers of sessions.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Totals {
    /// Sessions that were judged.
    pub(super) sessions: u64,
    /// Those that would not run, or whose answer would be withheld.
    pub(super) blocked: u64,
    /// Those that somebody would have to agree to.
    pub(super) needs_approval: u64,
    /// Those that a rule would warn about, and nothing stricter.
    pub(super) warned: u64,
    /// Those that name a masked column, or whose output holds what would be masked or
    /// replaced.
    pub(super) masked: u64,
    /// Those of which something cannot be read; they are judged by the rest.
    pub(super) unreadable: u64,
    /// Those that were let run and would be blocked.
    pub(super) newly_blocked: u64,
    /// Those that guardrails refused and that would run.
    pub(super) newly_allowed: u64,
}

/// Numbers of sessions of one user on one connection.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Row {
    pub(super) user_email: String,
    /// Name of the connection then.
    pub(super) connection: String,
    pub(super) sessions: u64,
    pub(super) blocked: u64,
    pub(super) needs_approval: u64,
    pub(super) warned: u64,
    pub(super) masked: u64,
}

/// How often a rule matches.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct RuleRow {
    pub(super) rule_name: String,
    pub(super) kind: Kind,
    /// Sessions that it matches.
    pub(super) hits: u64,
}

/// One session.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Example {
    pub(super) session_id: SessionId,
    pub(super) user_email: String,
    pub(super) connection: String,
    pub(super) created_at: Timestamp,
    /// What would become of it.
    pub(super) action: Fate,
    /// How that differs from what happened.
    pub(super) change: Option<Difference>,
    /// The rules that match.
    pub(super) rule_names: Vec<String>,
    /// What was asked, its first 200 characters.
    pub(super) input: String,
}

/// How a session differs from what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Difference {
    NewlyBlocked,
    NewlyAllowed,
}
