//! What may leave: output guardrails, on the masked pieces.

use model::Piece;

use super::masking::Masked;

/// The output guardrails of one run.
pub(super) struct GuardOut(());

/// Proof that a piece was masked and inspected. Only such pieces are recorded
/// and answered.
pub(super) struct Inspected(Piece);

impl Inspected {
    /// The piece.
    pub(super) fn piece(&self) -> &Piece {
        &self.0
    }
}

/// Opens [`Masked`]. Only this file can make one.
pub(super) struct Key(());

impl GuardOut {
    /// An empty rule set.
    pub(super) const fn new() -> Self {
        Self(())
    }

    /// Inspects one piece. Without rules nothing is withheld.
    pub(super) fn inspect(&mut self, masked: Masked) -> Inspected {
        Inspected(masked.into_piece(&Key(())))
    }
}
