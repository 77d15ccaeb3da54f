//! The mark that all processes of a run bear.
//!
//! A process group is left by `setsid`, and the environment can be cleared. A
//! resource limit goes to every descendant, and only its owner can lower it;
//! whoever does so is ended by [`super::runs`].
//! Linux has not heeded the limit on file locks since 2.4.25 (`getrlimit(2)`),
//! so that its number is free to tell runs apart.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Resource};

/// The mark of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u64);

impl Mark {
    /// The limit that holds it.
    pub(super) const PLACE: Resource = Resource::Locks;

    /// The mark of the run in `folder`: the last letters of its name, which
    /// are random and of no other folder.
    pub(super) fn of(folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or_default();
        let letters = name.as_encoded_bytes();
        let last = &letters[letters.len().saturating_sub(6)..];
        let number = last
            .iter()
            .fold(0, |number, letter| number << 8 | u64::from(*letter));
        Self(number)
    }

    /// The limit's number.
    pub(super) const fn number(self) -> u64 {
        self.0
    }

    /// Whether a process is alive and bears the mark.
    pub(super) fn is_on(self, id: Pid) -> bool {
        is_in(self, &read(id, "limits")) && Seen::read(id).is_some_and(|seen| seen.is_alive)
    }
}

/// What the file `stat` of a process, `proc_pid_stat(5)`, tells.
pub(super) struct Seen {
    /// Whether it has not ended.
    pub(super) is_alive: bool,
    /// Its parent.
    pub(super) parent: Option<Pid>,
}

impl Seen {
    /// Looks at a process; `None` when it is gone.
    pub(super) fn read(id: Pid) -> Option<Self> {
        Self::parse(&read(id, "stat"))
    }

    /// State and parent follow the name, which may hold anything.
    fn parse(stat: &[u8]) -> Option<Self> {
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        Some(Self {
            is_alive: !matches!(fields.next()?, "Z" | "X"),
            parent: Pid::from_raw(fields.next()?.parse().ok()?),
        })
    }
}

/// The processes of this machine.
pub(super) fn processes() -> impl Iterator<Item = Pid> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
}

/// The processes of this machine that bear `mark`.
pub(super) fn marked(mark: Mark) -> impl Iterator<Item = Pid> {
    processes().filter(move |id| mark.is_on(*id))
}

fn read(id: Pid, name: &str) -> Vec<u8> {
    let folder = Path::new("/proc").join(id.as_raw_pid().to_string());
    fs::read(folder.join(name)).unwrap_or_default()
}

/// Whether the file `limits` of a process, `proc_pid_limits(5)`, holds `mark`
/// as the hard limit.
fn is_in(mark: Mark, limits: &[u8]) -> bool {
    String::from_utf8_lossy(limits)
        .lines()
        .find_map(|line| line.strip_prefix("Max file locks"))
        .and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        == Some(mark.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_the_files_of_a_process() {
        let mark = Mark::of(Path::new("/tmp/drawgate-aB3xYz"));
        assert_eq!(mark.number().to_be_bytes(), *b"\0\0aB3xYz");
        let limits = format!(
            "Limit  Soft Limit  Hard Limit  Units\nMax file locks    7    {}   locks\n",
            mark.number()
        );
        assert!(is_in(mark, limits.as_bytes()));
        assert!(!is_in(Mark(7), limits.as_bytes()) && !is_in(mark, b""));
        let seen = Seen::parse(b"7 (a) Z) S 3 2").unwrap();
        assert!(seen.is_alive && seen.parent == Pid::from_raw(3));
        assert!(!Seen::parse(b"7 (a) Z 1 2").unwrap().is_alive);
        assert!(Seen::parse(b"").is_none());
    }
}
