#![doc = include_str!("../README.md")]

pub mod guardrails;
mod invalid;
mod kinds;
pub mod masking;
mod names;
mod pattern;
pub mod read_only;
pub mod shell;
mod visibility;

pub use guardrails::{Guardrails, OutputBlocked, OutputGuard, Verdict};
pub use invalid::Invalid;
pub use masking::MaskingPlan;
pub use read_only::{NotReadOnly, may_run_read_only};
pub use visibility::sees;
