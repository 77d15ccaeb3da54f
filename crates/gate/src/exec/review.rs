//! Who must agree before the ask may run.

use std::sync::Arc;

use model::{Ask, Connection, Hit, Verb};

use super::lineage::Lineage;
use super::risk::Assessed;
use super::{Blocked, Case};
use crate::policies::Policy;

/// Proof that everybody who must agree has agreed.
pub(crate) struct Cleared {
    case: Case,
    reviewed: bool,
}

impl Cleared {
    /// The connection.
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.case.connection
    }

    /// The ask.
    pub(super) fn ask(&self) -> &Ask {
        &self.case.ask
    }

    /// The rules that reach the connection.
    pub(super) fn policy(&self) -> &Policy {
        &self.case.policy
    }

    /// Where the columns of its answers come from, where something is masked.
    pub(super) const fn lineage(&self) -> Option<&Lineage> {
        self.case.lineage.as_ref()
    }

    /// The guardrails that matched and let it pass.
    pub(super) fn hits(&self) -> &[Hit] {
        &self.case.hits
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
    let case = assessed.into_case();
    if !case.connection.reviewers.is_empty() && case.ask.verb == Verb::Exec {
        return Err(Blocked::unavailable(
            "this connection needs an approval, and none can be asked for",
        ));
    }
    Ok(Cleared {
        case,
        reviewed: false,
    })
}
