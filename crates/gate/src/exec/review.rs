//! Who must agree before the ask may run.

use std::sync::Arc;

use model::{Ask, Connection, Verb};

use super::Blocked;
use super::risk::Assessed;

/// Proof that everybody who must agree has agreed.
pub(crate) struct Cleared {
    connection: Arc<Connection>,
    ask: Ask,
    reviewed: bool,
}

impl Cleared {
    /// The connection.
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// The ask.
    pub(super) fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Whether it runs on an approved review.
    pub(super) const fn reviewed(&self) -> bool {
        self.reviewed
    }
}

/// An approval that an ask brings with it. Only this file reads one.
pub(crate) struct Ticket(());

impl Ticket {
    /// The ask brings no approval.
    pub(crate) const fn none() -> Self {
        Self(())
    }
}

/// Clears an assessed ask.
///
/// # Errors
/// [`Blocked`] when an approval is needed that nobody can give: the connection
/// names reviewers and the ask brings no ticket.
pub(super) fn clear(assessed: Assessed, ticket: Ticket) -> Result<Cleared, Blocked> {
    let Ticket(()) = ticket;
    let (connection, ask) = assessed.into_parts();
    if !connection.reviewers.is_empty() && ask.verb == Verb::Exec {
        return Err(Blocked::unavailable(
            "this connection needs an approval, and none can be asked for",
        ));
    }
    Ok(Cleared {
        connection,
        ask,
        reviewed: false,
    })
}
