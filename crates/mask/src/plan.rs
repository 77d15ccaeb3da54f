//! What is to be masked and how: the data masking rules of a policy, before they are
//! compiled into an [`Engine`](crate::Engine).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::strategy::{Options, Strategy};

/// What values of a column are reported and shown as when its rule names no type.
pub const NO_TYPE: &str = "REDACTED";

/// One data masking rule. The field names are those of the rule in the policy, so that a
/// [`PlanError`] can point at the mistake.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Built-in types to mask.
    pub supported_entity_types: Vec<Selection>,
    /// Types that the rule defines itself.
    pub custom_entity_types: Vec<Custom>,
    /// Columns to mask whatever they hold.
    pub column_rules: Vec<ColumnRule>,
    /// Strategy of entries that name none.
    pub strategy: Strategy,
    /// Options of entries that have none.
    pub strategy_options: Options,
    /// Findings below it are dropped; 0 to 1, 0.5 when absent.
    pub score_threshold: Option<f32>,
}

/// Built-in types with one strategy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// A preset of [`PRESETS`](crate::PRESETS) or `CUSTOM_SELECTION`.
    pub name: String,
    /// Names of types; a subset of the preset. Empty means all of the preset.
    pub entity_types: Vec<String>,
    /// How to mask them; the rule's strategy when absent.
    pub strategy: Option<Strategy>,
    /// Options of the strategy.
    pub strategy_options: Option<Options>,
}

/// A type that a rule defines by a regular expression or a list of words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// `[A-Z][A-Z0-9_]*`.
    pub name: String,
    /// A regular expression without look-around and back-references: it runs in linear
    /// time. The first group `value`, if there is one, is what is masked.
    #[serde(default)]
    pub regex: Option<String>,
    /// Words to find, without regard to ASCII case and as whole words.
    #[serde(default)]
    pub deny_list: Vec<String>,
    /// Score of a match, 0 to 1.
    #[serde(default = "one")]
    pub score: f32,
    /// How to mask it; the rule's strategy when absent.
    #[serde(default)]
    pub strategy: Option<Strategy>,
    /// Options of the strategy.
    #[serde(default)]
    pub strategy_options: Option<Options>,
}

fn one() -> f32 {
    1.0
}

/// Columns that are masked whatever they hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnRule {
    /// Glob over `[schema.]table`; empty is `*`.
    pub table: String,
    /// Glob over the name of the column.
    pub column: String,
    /// The type to report; without it values become `<REDACTED>`.
    pub entity_type: Option<String>,
    /// How to mask them; the rule's strategy when absent.
    pub strategy: Option<Strategy>,
    /// Options of the strategy.
    pub strategy_options: Option<Options>,
}

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    /// The plan, by its place in the list given to the compiler.
    pub plan: usize,
    /// The field, such as `custom_entity_types[0].regex`.
    pub path: String,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for PlanError {}
