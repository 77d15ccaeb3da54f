//! What other users of the machine could see of the gateway's processes.

use std::collections::BTreeSet;

/// A process and all that it started.
pub fn family(pid: u32) -> BTreeSet<u32> {
    let mut family = BTreeSet::from([pid]);
    loop {
        let before = family.len();
        for entry in std::fs::read_dir("/proc").unwrap() {
            let name = entry.unwrap().file_name();
            let Some(child) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            if parent(child).is_some_and(|parent| family.contains(&parent)) {
                family.insert(child);
            }
        }
        if family.len() == before {
            return family;
        }
    }
}

/// `cmdline` or `environ` of a process; nothing when it is gone.
pub fn seen(pid: u32, file: &str) -> Vec<u8> {
    std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

/// The fourth field of `stat` (proc_pid_stat(5)); the second, a name, may hold blanks.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}
