//! A process group that ends with its handle.

use rustix::process::{Pid, Signal, kill_process_group};

/// A command and its descendants, as far as they stay in its group.
pub(super) struct Group(Pid);

impl Group {
    /// The group that the process `id` leads.
    pub(super) fn led_by(id: u32) -> Option<Self> {
        Pid::from_raw(i32::try_from(id).ok()?).map(Self)
    }

    /// The process that leads it.
    pub(super) const fn leader(&self) -> Pid {
        self.0
    }

    /// Sends a signal to all; a group that is gone needs none.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.0, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
