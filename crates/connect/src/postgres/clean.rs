//! What a run left in its session is taken away before the next one.

use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::login::Login;
use super::session::Session;

/// Tells whether the database has what keeps state of its own where nothing
/// reaches it: languages whose programs share variables, and the connections
/// of `dblink`. Everything is qualified, for the search path of the login may
/// lead anywhere.
const QUESTION: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_language l WHERE l.lanname
        OPERATOR(pg_catalog.<>) ALL ('{internal,c,sql,plpgsql}'::pg_catalog.name[]))
    OR EXISTS (SELECT FROM pg_catalog.pg_extension e
        WHERE e.extname OPERATOR(pg_catalog.=) 'dblink'::pg_catalog.name)";
/// How long its answer counts: it costs more than the rest of the cleaning.
const FRESH: Duration = Duration::from_secs(10);

/// What the cleaning of a session remembers.
#[derive(Default)]
pub(super) struct Care {
    times: u32,
    asked: Option<Instant>,
    is_sticky: bool,
}

impl Care {
    /// A new seed for `random()`, from -1 to 1, which nobody chose: the secret
    /// of a session is random, and no two cleanings get the same.
    fn seed(&mut self, secret: i32) -> f64 {
        self.times = self.times.wrapping_add(1);
        // Steps by the golden ratio, which spread over the whole range.
        let step = self.times.wrapping_mul(0x9E37_79B9).cast_signed();
        f64::from(secret.wrapping_add(step)) / f64::from(i32::MIN)
    }
}

/// Cleans `session`. `false` when something may be left all the same.
pub(super) async fn clean(session: &mut Session, login: &Login) -> io::Result<bool> {
    let is_open = session.status != b'I';
    let seed = session.care.seed(session.key.secret);
    let asks = session.care.asked.is_none_or(|at| at.elapsed() > FRESH);
    let mut messages = BytesMut::new();
    if is_open {
        frontend::query("ROLLBACK", &mut messages)?;
    }
    // `DISCARD ALL` stands alone in its message and leaves the seed as it is.
    frontend::query("DISCARD ALL", &mut messages)?;
    frontend::query(&format!("SET SEED TO {seed:.9}"), &mut messages)?;
    if asks {
        frontend::query(QUESTION, &mut messages)?;
        session.care.asked = Some(Instant::now());
    }
    session.send(&messages).await?;
    session.prepared.clear();
    let mut left = 2 + usize::from(is_open) + usize::from(asks);
    while left > 0 {
        match session.receive().await? {
            Message::DataRow(row) => {
                let told = row.ranges().next()?.flatten();
                session.care.is_sticky = told.is_none_or(|range| &row.buffer()[range] != b"f");
            }
            Message::ErrorResponse(_) => {
                return Err(io::Error::other("the server refused to clean the session"));
            }
            Message::ReadyForQuery(_) => left -= 1,
            _ => {}
        }
    }
    if session.is_bare {
        login.set_up(session).await?;
    }
    Ok(!session.care.is_sticky)
}

#[cfg(test)]
mod tests {
    use super::Care;

    #[test]
    fn seeds_differ_and_are_in_range() {
        for secret in [0, 1, i32::MAX, i32::MIN] {
            let mut care = Care::default();
            let seeds: Vec<f64> = (0..100).map(|_| care.seed(secret)).collect();
            assert!(seeds.iter().all(|seed| (-1.0..=1.0).contains(seed)));
            let mut shown: Vec<_> = seeds.iter().map(|seed| format!("{seed:.9}")).collect();
            shown.sort_unstable();
            shown.dedup();
            assert_eq!(shown.len(), 100);
        }
    }
}
