//! Signals between the doors of all replicas.

use store::Signal;
use uuid::Uuid;

use crate::Gate;

impl Gate {
    /// Rings the signal `id` on every replica. Never waits.
    pub fn signal(&self, id: Uuid) {
        self.store.bus().signal(id);
    }

    /// Follows the signal `id` from now on.
    #[must_use]
    pub fn follow_signal(&self, id: Uuid) -> Signal {
        self.store.bus().follow_signal(id)
    }
}
