//! What a run left in its session is taken away before the next one.

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::login::Login;
use super::session::Session;

/// Sets the seed of `random()` to something new, which `DISCARD ALL` leaves as
/// it is, and tells whether the database has what keeps state of its own where
/// nothing reaches it: languages whose programs share variables, and the
/// connections of `dblink`. Everything is qualified, for the search path of
/// the login may lead anywhere.
const LAST: &str = "SELECT pg_catalog.setseed(
        pg_catalog.date_part('microseconds', pg_catalog.clock_timestamp())
        OPERATOR(pg_catalog./) 60000000),
    EXISTS (SELECT FROM pg_catalog.pg_language l WHERE l.lanname
        OPERATOR(pg_catalog.<>) ALL ('{internal,c,sql,plpgsql}'::pg_catalog.name[]))
    OR EXISTS (SELECT FROM pg_catalog.pg_extension e
        WHERE e.extname OPERATOR(pg_catalog.=) 'dblink'::pg_catalog.name)";

/// Cleans `session`. `false` when something may be left all the same.
pub(super) async fn clean(session: &mut Session, login: &Login) -> io::Result<bool> {
    if session.status != b'I' {
        session.order("ROLLBACK").await?;
    }
    let mut messages = BytesMut::new();
    frontend::query("DISCARD ALL", &mut messages)?;
    frontend::query(LAST, &mut messages)?;
    session.send(&messages).await?;
    let (mut left, mut is_clean) = (2, false);
    while left > 0 {
        match session.receive().await? {
            Message::DataRow(row) => {
                let last = row.ranges().last()?.flatten();
                is_clean = last.is_some_and(|range| &row.buffer()[range] == b"f");
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
    Ok(is_clean)
}
