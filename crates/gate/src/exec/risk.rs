//! How risky the ask is, in the eyes of the analyzer rules.

use std::sync::Arc;

use model::{Ask, Connection};

use super::Blocked;
use super::guard_in::Screened;

/// Proof that every analyzer rule of the connection had its say.
pub(super) struct Assessed {
    connection: Arc<Connection>,
    ask: Ask,
}

impl Assessed {
    /// Takes the proof apart for the next step.
    pub(super) fn into_parts(self) -> (Arc<Connection>, Ask) {
        (self.connection, self.ask)
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
    let (connection, ask) = screened.into_parts();
    Ok(Assessed { connection, ask })
}
