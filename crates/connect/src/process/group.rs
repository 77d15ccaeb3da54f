//! The processes of a run, which end with its handle.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getrlimit,
    kill_process_group, pidfd_open, pidfd_send_signal, prlimit, waitid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::process::Child;
use tokio::time::timeout;

use super::mark::{Mark, marked};
use super::runs::Runs;

/// Times that all are killed: others may start while some are.
const PASSES: usize = 50;
/// Time between two of them.
const PAUSE: Duration = Duration::from_millis(5);
/// Longest time to wait for the leader in the end.
const BURIAL: Duration = Duration::from_secs(1);

/// A command and its descendants: its process group; whatever group or session
/// they went to, all that bear the mark of the run; and who has no other parent
/// any more.
pub(super) struct Group {
    members: Members,
    leader: AsyncFd<OwnedFd>,
    is_over: bool,
}

#[derive(Clone)]
struct Members {
    leader: Pid,
    mark: Mark,
    runs: Arc<Runs>,
}

impl Group {
    /// The group that `leader` leads, a child that nobody waits for before the
    /// group has ended: until then its id is that of no other group.
    pub(super) fn led_by(leader: Pid, mark: Mark, runs: Arc<Runs>) -> std::io::Result<Self> {
        let handle = pidfd_open(leader, PidfdFlags::empty())?;
        #[expect(
            deprecated,
            reason = "its replacement is unsafe; an owned handle stays open while it is registered"
        )]
        let handle = AsyncFd::with_interest(handle, Interest::READABLE)?;
        Ok(Self {
            members: Members { leader, mark, runs },
            leader: handle,
            is_over: false,
        })
    }

    /// Limits the memory of each process to `memory` bytes, and marks the
    /// leader, from which all others have both.
    ///
    /// The limit is on memory that can be written: the runtimes of Go,
    /// JavaScript and Java reserve far more addresses than they use.
    pub(super) fn limit(&self, memory: u64) -> std::io::Result<()> {
        let most = getrlimit(Resource::Data).maximum;
        let memory = most.map_or(memory, |most| most.min(memory));
        let mark = self.members.mark.number();
        // Who was started before the leader had its limits is limited after it.
        let mut found = vec![self.members.leader];
        while let Some(id) = found.pop() {
            for (resource, most) in [(Resource::Data, memory), (Mark::PLACE, mark)] {
                let limit = Rlimit {
                    current: Some(most),
                    maximum: Some(most),
                };
                match prlimit(Some(id), resource, limit) {
                    // Who ended already needs no limit.
                    Ok(_) | Err(Errno::SRCH) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            found.extend(children(id));
        }
        Ok(())
    }

    /// Waits until the leader has ended and gives its exit code, as shells
    /// tell it: 128 and the number of a signal.
    pub(super) async fn ended(&self) -> std::io::Result<i32> {
        let _ready = self.leader.readable().await?;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.members.leader), options)?;
        let Some(status) = status else {
            return Err(Errno::CHILD.into());
        };
        let signal = status.terminating_signal().unwrap_or_default();
        Ok(status.exit_status().unwrap_or(128 + signal))
    }

    /// Ends whom no run knows any more.
    pub(super) async fn sweep(&self) {
        let runs = Arc::clone(&self.members.runs);
        let _ = tokio::task::spawn_blocking(move || runs.sweep()).await;
    }

    /// Sends a signal to all.
    pub(super) async fn signal(&self, signal: Signal) {
        let members = self.members.clone();
        let signaling = tokio::task::spawn_blocking(move || members.signal(signal));
        if signaling.await.is_err() {
            self.members.signal(signal);
        }
    }

    /// Kills all, waits until they are gone, and for `leader` in the end.
    pub(super) async fn end(mut self, leader: &mut Child) {
        let members = self.members.clone();
        self.is_over = tokio::task::spawn_blocking(move || members.kill())
            .await
            .is_ok();
        if self.is_over {
            // It has ended, unless the system itself holds it.
            let _ = timeout(BURIAL, leader.wait()).await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_over {
            self.members.kill();
        }
        self.members.runs.end(self.members.leader);
    }
}

impl Members {
    fn kill(&self) {
        for _ in 0..PASSES {
            let found = self.signal(Signal::KILL);
            // Who is swept may have left others.
            if !self.runs.sweep() && !found {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        tracing::warn!("processes of a run could not be ended");
    }

    /// Sends a signal to all and tells whether there is anybody outside the
    /// process group.
    fn signal(&self, signal: Signal) -> bool {
        // A group that is gone needs none.
        let _ = kill_process_group(self.leader, signal);
        signal_marked(self.mark, signal)
    }
}

/// Sends a signal to all that bear a mark and tells whether there is anybody.
pub(super) fn signal_marked(mark: Mark, signal: Signal) -> bool {
    let mut found = false;
    for id in marked(mark) {
        // The handle is of the process that bears the mark, even when the id
        // was given to another one meanwhile.
        let Ok(handle) = pidfd_open(id, PidfdFlags::empty()) else {
            continue;
        };
        if mark.is_on(id) {
            found |= pidfd_send_signal(handle, signal).is_ok();
        }
    }
    found
}

/// Children of a process that has one thread.
fn children(id: Pid) -> Vec<Pid> {
    let id = id.as_raw_pid();
    let found = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    let found = found.unwrap_or_default();
    let ids = found.split_ascii_whitespace();
    ids.filter_map(|id| Pid::from_raw(id.parse().ok()?))
        .collect()
}
