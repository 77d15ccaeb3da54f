//! How risky the ask is, in the eyes of the analyzer rules.

use super::guard_in::Screened;
use super::{Blocked, Case};

/// Proof that every analyzer rule of the connection had its say.
pub(super) struct Assessed(Case);

impl Assessed {
    /// Takes the proof apart for the next step.
    pub(super) fn into_case(self) -> Case {
        self.0
    }
}

/// Assesses a screened ask. An organization without analyzer rules has no say.
///
/// # Errors
/// [`Blocked`] when a rule refuses.
#[expect(
    clippy::unnecessary_wraps,
    reason = "rules refuse; an empty set of rules does not"
)]
pub(super) fn assess(screened: Screened) -> Result<Assessed, Blocked> {
    Ok(Assessed(screened.into_case()))
}
