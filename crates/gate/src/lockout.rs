//! Pauses after failed sign-ins, so that passwords cannot be guessed in rows.

use std::collections::HashMap;

use model::{Code, Refusal, Timestamp};
use parking_lot::Mutex;

/// Attempts in a row that cost no pause.
const FREE: u32 = 10;
/// The first pause in seconds; each further failure doubles it.
const FIRST: i64 = 1;
/// The longest pause in seconds.
const LONGEST: i64 = 300;
/// Seconds after which failures are forgotten.
const MEMORY: i64 = 3_600;
/// Most e-mails that are remembered.
const MOST: usize = 10_000;

/// Failed sign-ins of each e-mail, known or not.
#[derive(Default)]
pub(crate) struct Lockout(Mutex<HashMap<String, Failures>>);

struct Failures {
    count: u32,
    last: Timestamp,
    until: Timestamp,
}

impl Lockout {
    /// Counts an attempt as failed until [`Lockout::forget`] or
    /// [`Lockout::take_back`] says otherwise: attempts at the same time must not
    /// all pass before the first of them has failed.
    ///
    /// # Errors
    /// `busy` while a pause lasts; nothing is counted then.
    pub(crate) fn attempt(&self, email: &str, now: Timestamp) -> Result<(), Refusal> {
        let mut known = self.0.lock();
        let name = name(email);
        if known.len() >= MOST && !known.contains_key(&name) {
            make_room(&mut known, now);
        }
        let failures = known.entry(name).or_insert(Failures {
            count: 0,
            last: now,
            until: now,
        });
        if failures.until > now {
            return Err(pause(failures.until, now));
        }
        if is_old(failures, now) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.until = now.plus_seconds(pause_after(failures.count));
        Ok(())
    }

    /// The attempt succeeded: its e-mail begins anew.
    pub(crate) fn forget(&self, email: &str) {
        self.0.lock().remove(&name(email));
    }

    /// The attempt neither succeeded nor failed.
    pub(crate) fn take_back(&self, email: &str) {
        if let Some(failures) = self.0.lock().get_mut(&name(email)) {
            failures.count = failures.count.saturating_sub(1);
            failures.until = failures.last;
        }
    }
}

/// Mails are compared without regard to case nearly everywhere.
fn name(email: &str) -> String {
    email.to_lowercase()
}

fn is_old(failures: &Failures, now: Timestamp) -> bool {
    failures.last.plus_seconds(MEMORY) <= now
}

/// Seconds of pause after so many failures in a row.
fn pause_after(count: u32) -> i64 {
    match count.checked_sub(FREE) {
        None => 0,
        Some(more) => FIRST
            .checked_shl(more)
            .filter(|pause| (1..LONGEST).contains(pause))
            .unwrap_or(LONGEST),
    }
}

fn pause(until: Timestamp, now: Timestamp) -> Refusal {
    let millis = (until.micros_since(now) + 999).div_euclid(1_000);
    Refusal::new(Code::Busy, "too many failed sign-ins with this e-mail")
        .hint("wait, then try again")
        .detail("retry_after_ms", millis)
}

/// Forgets what is old, else the half that failed least.
fn make_room(known: &mut HashMap<String, Failures>, now: Timestamp) {
    known.retain(|_, failures| !is_old(failures, now));
    if known.len() < MOST {
        return;
    }
    let mut counts: Vec<(u32, Timestamp)> = known.values().map(|f| (f.count, f.last)).collect();
    let middle = counts.len() / 2;
    let (_, &mut (count, last), _) = counts.select_nth_unstable(middle);
    known.retain(|_, failures| (failures.count, failures.last) > (count, last));
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn wait(lockout: &Lockout, email: &str, now: Timestamp) -> i64 {
        match lockout.attempt(email, now) {
            Ok(()) => 0,
            Err(refusal) => {
                assert_eq!(refusal.code, Code::Busy);
                refusal.details.unwrap()["retry_after_ms"].as_i64().unwrap()
            }
        }
    }

    #[test]
    fn failures_in_a_row_cost_growing_pauses() {
        let lockout = Lockout::default();
        for _ in 0..FREE {
            assert_eq!(wait(&lockout, "kim@example.com", NOW), 0);
        }
        let mut now = NOW;
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
            let told = wait(&lockout, "KIM@example.com", now);
            assert_eq!(told, seconds * 1_000);
            assert_eq!(wait(&lockout, "ann@example.com", now), 0);
            lockout.forget("ann@example.com");
            now = now.plus_seconds(seconds);
            assert_eq!(wait(&lockout, "kim@example.com", now), 0);
        }
        let later = now.plus_seconds(MEMORY);
        assert_eq!(wait(&lockout, "kim@example.com", later), 0);
        assert_eq!(wait(&lockout, "kim@example.com", later), 0);
    }

    #[test]
    fn success_begins_anew_and_what_was_not_tried_counts_for_nothing() {
        let lockout = Lockout::default();
        for _ in 0..FREE {
            assert_eq!(wait(&lockout, "kim", NOW), 0);
        }
        assert!(wait(&lockout, "kim", NOW) > 0);
        lockout.take_back("kim");
        assert_eq!(wait(&lockout, "kim", NOW), 0);
        lockout.forget("kim");
        for _ in 0..FREE {
            assert_eq!(wait(&lockout, "kim", NOW), 0);
        }
    }

    #[test]
    fn many_names_do_not_push_out_the_one_that_is_tried_most() {
        let lockout = Lockout::default();
        for _ in 0..FREE {
            assert_eq!(wait(&lockout, "kim", NOW), 0);
        }
        for other in 0..3 * MOST {
            assert_eq!(wait(&lockout, &other.to_string(), NOW), 0);
        }
        assert!(lockout.0.lock().len() <= MOST);
        assert!(wait(&lockout, "kim", NOW) > 0);
    }
}
