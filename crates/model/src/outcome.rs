//! How a run ended.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Code;

/// How a target ended a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// 0 success; a database error is 1; processes give theirs (128+n for a
    /// signal); -2 never ran or unknown; 254 blocked.
    pub exit_code: i32,
    /// Why it did not succeed, when the gateway and not the target ended it.
    pub failure: Option<Failure>,
}

impl Finish {
    /// Exit code of a run that never happened or whose end is unknown.
    pub const NEVER_RAN: i32 = -2;
    /// Exit code of a run that policy blocked.
    pub const BLOCKED: i32 = 254;
}

/// Why a run failed, with the codes of refusals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Failure {
    /// Stable code.
    pub code: Code,
    /// One sentence for people.
    pub message: String,
}

impl Failure {
    /// A failure with a code and a sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// What became of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum OutputStatus {
    /// The run succeeded.
    Success,
    /// The run failed.
    Failed,
    /// Policy withheld the output.
    Blocked,
}

/// What was masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Masking {
    /// Values masked.
    pub total: u64,
    /// The same by entity type.
    pub by_type: BTreeMap<String, u64>,
}
