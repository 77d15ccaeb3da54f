//! Masking: the choke point that everything raw must pass.

use model::{Connection, Masking as Figures, Piece};

use super::Blocked;
use super::run::Raw;

/// Masks what one run says.
pub(super) struct Masking {
    figures: Figures,
}

/// Proof that a piece passed the masking rules of its connection.
pub(super) struct Masked(Piece);

impl Masked {
    /// Hands the piece to the output guardrails, who alone hold the key.
    pub(super) fn into_piece(self, _key: &super::guard_out::Key) -> Piece {
        self.0
    }
}

/// Opens [`Raw`]. Only this file can make one.
pub(super) struct Key(());

impl Masking {
    /// Compiles the masking plan of a connection.
    ///
    /// # Errors
    /// [`Blocked`] when a rule cannot be applied: then nothing may leave.
    pub(super) fn plan(connection: &Connection) -> Result<Self, Blocked> {
        if !connection.redact_types.is_empty() {
            return Err(Blocked::unavailable(
                "the masking of this connection cannot be applied",
            ));
        }
        Ok(Self {
            figures: Figures::default(),
        })
    }

    /// Masks one piece. Without rules nothing is to be masked.
    pub(super) fn mask(&mut self, raw: Raw) -> Masked {
        Masked(raw.into_piece(&Key(())))
    }

    /// What was masked so far.
    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }
}
