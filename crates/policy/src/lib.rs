#![doc = include_str!("../README.md")]

mod file_reach;
mod guardrails;
mod invalid;
mod kinds;
mod masking;
mod names;
mod pattern;
mod read_only;
mod risk;
#[cfg(test)]
mod sample;
pub mod shell;
mod visibility;

pub use file_reach::{FileReach, allow_list_in_file};
pub use guardrails::{
    Asked, Guardrails, OutputBlocked, OutputGuard, REPLACEMENT, Verdict, invalid_rules, sentence,
    validate,
};
pub use invalid::Invalid;
pub use masking::{
    MaskingPlan, PlannedColumn, PlannedCustom, PlannedEntity, REDACT_TYPES, Treatment,
    invalid_masking, validate_masking,
};
pub use read_only::{NotReadOnly, changes_in, may_run_read_only};
pub use risk::{RiskLevel, script_risk};
pub use visibility::sees;
