//! The runs of this process, and what they leave to it.

use std::collections::{HashMap, HashSet};
use std::io;

use parking_lot::Mutex;
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid,
};

use super::mark::{Mark, Seen, processes};

/// The runs in progress.
///
/// A process can take off the mark of its run, but not its parents: when the
/// last of them ends, it becomes a child of this process, where no other
/// process has business.
#[derive(Default)]
pub(crate) struct Runs {
    is_reaper: bool,
    /// Children of whoever became this process: `helper & exec gateway`.
    inherited: HashSet<Pid>,
    /// The mark by the id of the leader.
    live: Mutex<HashMap<Pid, Mark>>,
}

impl Runs {
    /// No run yet. As a reaper this process ends whatever became its child
    /// and leads no run.
    pub(crate) fn new(is_reaper: bool) -> Self {
        let became = !is_reaper
            || set_child_subreaper(Some(getpid()))
                .inspect_err(|error| {
                    tracing::error!(%error, "commands may leave processes behind");
                })
                .is_ok();
        Self {
            is_reaper: is_reaper && became,
            inherited: processes().filter(|id| is_child(*id)).collect(),
            live: Mutex::default(),
        }
    }

    /// Starts the leader of a run.
    pub(super) fn start<T>(
        &self,
        mark: Mark,
        start: impl FnOnce() -> io::Result<(T, Pid)>,
    ) -> io::Result<(T, Pid)> {
        // Until it is known here it must not be taken for somebody left.
        let mut live = self.live.lock();
        let (leader, id) = start()?;
        live.insert(id, mark);
        Ok((leader, id))
    }

    /// Forgets a run, whose leader has ended.
    pub(super) fn end(&self, leader: Pid) {
        self.live.lock().remove(&leader);
    }

    /// Ends the children that no run in progress knows; tells whether there
    /// was any.
    pub(super) fn sweep(&self) -> bool {
        if !self.is_reaper {
            return false;
        }
        let live = self.live.lock();
        let mut found = false;
        for id in processes() {
            if live.contains_key(&id) || self.inherited.contains(&id) || !is_child(id) {
                continue;
            }
            // A child keeps its id until it is waited for, which for these is
            // done here alone.
            if !Seen::read(id).is_some_and(|seen| seen.is_alive) {
                let _ = waitpid(Some(id), WaitOptions::NOHANG);
            } else if !live.values().any(|mark| mark.is_on(id)) {
                found |= kill_process(id, Signal::KILL).is_ok();
            }
        }
        found
    }
}

/// Whether it is a child of this process.
fn is_child(id: Pid) -> bool {
    Seen::read(id).is_some_and(|seen| seen.parent == Some(getpid()))
}
