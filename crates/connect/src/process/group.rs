//! The processes of a run, which end with its handle.

use std::time::Duration;

use rustix::io::{Errno, Result};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, kill_process_group, pidfd_open, pidfd_send_signal, prlimit,
};

use super::mark::{Mark, marked};

/// Times that all are killed: others may start while some are.
const PASSES: usize = 50;
/// Time between two of them.
const PAUSE: Duration = Duration::from_millis(5);

/// A command and its descendants: its process group and, whatever group or
/// session they went to, all that bear the mark of the run.
pub(super) struct Group {
    members: Members,
    is_over: bool,
}

#[derive(Clone, Copy)]
struct Members {
    leader: Pid,
    mark: Mark,
}

impl Group {
    /// The group that the process `id` leads.
    pub(super) fn led_by(id: u32, mark: Mark) -> Option<Self> {
        let leader = Pid::from_raw(i32::try_from(id).ok()?)?;
        Some(Self {
            members: Members { leader, mark },
            is_over: false,
        })
    }

    /// Limits the address space of each process to `memory` bytes, and marks
    /// the leader, from which all others have both.
    pub(super) fn limit(&self, memory: u64) -> Result<()> {
        let Members { leader, mark } = self.members;
        for (resource, most) in [(Resource::As, memory), (Mark::PLACE, mark.number())] {
            let limit = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            match prlimit(Some(leader), resource, limit) {
                // A command that ended already needs no limit.
                Ok(_) | Err(Errno::SRCH) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends a signal to all.
    pub(super) async fn signal(&self, signal: Signal) {
        let members = self.members;
        let signaling = tokio::task::spawn_blocking(move || members.signal(signal));
        if signaling.await.is_err() {
            members.signal(signal);
        }
    }

    /// Kills all and waits until they are gone.
    pub(super) async fn end(mut self) {
        let members = self.members;
        self.is_over = tokio::task::spawn_blocking(move || members.kill())
            .await
            .is_ok();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_over {
            self.members.kill();
        }
    }
}

impl Members {
    fn kill(self) {
        for _ in 0..PASSES {
            if !self.signal(Signal::KILL) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        tracing::warn!("processes of a run could not be ended");
    }

    /// Sends a signal to all and tells whether there is anybody outside the
    /// process group.
    fn signal(self, signal: Signal) -> bool {
        // A group that is gone needs none.
        let _ = kill_process_group(self.leader, signal);
        let mut found = false;
        for id in marked(self.mark) {
            // The handle is of the process that bears the mark, even when the
            // id was given to another one meanwhile.
            let Ok(handle) = pidfd_open(id, rustix::process::PidfdFlags::empty()) else {
                continue;
            };
            if self.mark.is_on(id) {
                found |= pidfd_send_signal(handle, signal).is_ok();
            }
        }
        found
    }
}
