//! What processes use, as Linux tells it in `/proc`; see proc(5).

use std::fs;

/// Milliseconds per clock tick: `/proc` counts in `USER_HZ`, which is 100 on
/// every Linux architecture that this runs on.
const MILLISECONDS_PER_TICK: f64 = 10.0;

/// CPU time of the processes since they started, children that ended included,
/// in milliseconds. A process that is gone counts nothing.
pub fn cpu_milliseconds(pids: &[u32]) -> f64 {
    let of = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(ticks(&stat)? * MILLISECONDS_PER_TICK)
    };
    pids.iter().filter_map(of).sum()
}

/// Memory that the processes hold now, in MiB.
pub fn resident_mib(pids: &[u32]) -> f64 {
    pids.iter().filter_map(|pid| memory(*pid, "VmRSS:")).sum()
}

/// The most memory that a process ever held, in MiB.
pub fn peak_mib(pid: u32) -> f64 {
    memory(pid, "VmHWM:").unwrap_or_default()
}

/// `utime`, `stime`, `cutime` and `cstime`: fields 14 to 17, counted from 1.
/// The name in field 2 may hold blanks, so counting starts behind its bracket.
fn ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let four = fields.get(11..15)?;
    four.iter().map(|field| field.parse::<f64>().ok()).sum()
}

fn memory(pid: u32, key: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_moves_no_field() {
        let stat = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 11 22 33 44 20 0 1 0";
        assert_eq!(ticks(stat), Some(110.0));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_holds_memory() {
        let pid = std::process::id();
        assert!(resident_mib(&[pid]) > 1.0);
        assert!(peak_mib(pid) >= resident_mib(&[pid]));
        assert_eq!(resident_mib(&[u32::MAX]), 0.0);
    }
}
