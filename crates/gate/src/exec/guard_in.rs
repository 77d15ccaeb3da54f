//! What may be asked: access mode, statement facts and input guardrails.

use std::sync::Arc;

use model::{Ask, Connection};

use super::Blocked;
use super::access::{self, Admitted};

/// Proof that the ask passed the access mode and every input guardrail.
pub(super) struct Screened {
    connection: Arc<Connection>,
    ask: Ask,
}

impl Screened {
    /// Takes the proof apart for the next step.
    pub(super) fn into_parts(self) -> (Arc<Connection>, Ask) {
        (self.connection, self.ask)
    }
}

/// Screens an admitted ask.
///
/// # Errors
/// [`Blocked`] when the access mode is off, and when the connection names
/// guardrails: none can be evaluated here, and a control that cannot do its
/// work lets nothing pass.
pub(super) fn screen(admitted: Admitted) -> Result<Screened, Blocked> {
    access::check_mode(&admitted)?;
    if !admitted.connection().guardrail_rules.is_empty() {
        return Err(Blocked::unavailable(
            "a guardrail of this connection cannot be evaluated",
        ));
    }
    let (connection, ask) = admitted.into_parts();
    Ok(Screened { connection, ask })
}
