//! Names of types that are not built in: enums, domains' arrays, composite
//! types and those of extensions. The server tells their object ids only, so
//! a session beside the runs asks for the names.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use model::Column;
use parking_lot::Mutex;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::login::Login;
use super::session::Session;
use crate::dial::Reached;

/// How long a name counts as known: a type may be renamed, and after it is
/// dropped its object id may be used again.
const FRESH: Duration = Duration::from_secs(60);
/// Longest time that a result waits for names.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time without questions after one that was not answered.
const REST: Duration = Duration::from_secs(30);
/// Most names that are kept of a database.
const MOST: usize = 4096;

/// The names of the databases of a server.
pub(super) struct Names {
    login: Arc<Login>,
    databases: Mutex<HashMap<String, Arc<Known>>>,
}

/// The names of one database, for a run in it.
#[derive(Clone, Copy)]
pub(super) struct NamesOf<'a> {
    names: &'a Names,
    database: &'a str,
}

/// What is known of one database.
#[derive(Default)]
struct Known {
    names: Mutex<HashMap<u32, (String, Instant)>>,
    rests_until: Mutex<Option<Instant>>,
    /// The session that asks, one question at a time.
    session: tokio::sync::Mutex<Option<(Session, Instant)>>,
}

impl Names {
    /// No names yet; `login` opens the sessions that ask for them.
    pub(super) fn new(login: Arc<Login>) -> Self {
        Self {
            login,
            databases: Mutex::default(),
        }
    }

    /// The names of `database`. Nothing is made or asked yet.
    pub(super) const fn of<'a>(&'a self, database: &'a str) -> NamesOf<'a> {
        NamesOf {
            names: self,
            database,
        }
    }
}

impl Names {
    /// Closes the sessions without questions for longer than `idle`, and
    /// forgets the databases of which nothing is left.
    pub(super) fn close_idle(&self, idle: Duration) {
        let mut closed = Vec::new();
        self.databases.lock().retain(|_, known| {
            let Ok(mut session) = known.session.try_lock() else {
                return true;
            };
            if session
                .as_ref()
                .is_some_and(|(_, since)| since.elapsed() > idle)
            {
                closed.extend(session.take());
            }
            session.is_some() || Arc::strong_count(known) > 1 || !known.is_stale()
        });
        drop(closed);
    }
}

impl NamesOf<'_> {
    /// Names the types of `columns`: `unknown` holds the index of a column and
    /// the object id of its type. A type that the server does not tell about in
    /// time keeps its name: one that is still being made by the run itself, for
    /// instance, which no other session sees.
    pub(super) async fn tell(&self, columns: &mut [Column], unknown: &[(usize, u32)]) {
        let known = {
            let mut databases = self.names.databases.lock();
            Arc::clone(databases.entry(self.database.to_owned()).or_default())
        };
        let missing = known.tell(columns, unknown);
        if missing.is_empty() || known.rests() {
            return;
        }
        let asking = known.ask(&self.names.login, self.database, &missing);
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Some(told)) => {
                known.keep(told);
                known.tell(columns, unknown);
            }
            Ok(None) | Err(_) => {
                *known.rests_until.lock() = Instant::now().checked_add(REST);
            }
        }
    }

    /// Forgets the names, for a run changed or dropped something.
    pub(super) fn forget(&self) {
        let known = self.names.databases.lock().get(self.database).cloned();
        if let Some(known) = known {
            known.names.lock().clear();
        }
    }
}

impl Known {
    /// Names what is known and gives back the object ids that are not.
    fn tell(&self, columns: &mut [Column], unknown: &[(usize, u32)]) -> Vec<u32> {
        let names = self.names.lock();
        let mut missing = Vec::new();
        for (at, oid) in unknown {
            match (columns.get_mut(*at), names.get(oid)) {
                (Some(column), Some((name, since))) if since.elapsed() < FRESH => {
                    column.type_name.clone_from(name);
                }
                _ => missing.push(*oid),
            }
        }
        drop(names);
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn keep(&self, told: Vec<(u32, String)>) {
        let now = Instant::now();
        let mut names = self.names.lock();
        if names.len() + told.len() > MOST {
            names.clear();
        }
        names.extend(told.into_iter().map(|(oid, name)| (oid, (name, now))));
    }

    /// Whether nothing of it counts as known.
    fn is_stale(&self) -> bool {
        let mut names = self.names.lock();
        names.retain(|_, (_, since)| since.elapsed() < FRESH);
        names.is_empty()
    }

    fn rests(&self) -> bool {
        self.rests_until
            .lock()
            .is_some_and(|until| Instant::now() < until)
    }

    /// Asks the server; `None` when it does not answer.
    async fn ask(&self, login: &Login, database: &str, oids: &[u32]) -> Option<Vec<(u32, String)>> {
        let mut kept = self.session.lock().await;
        let mut session = match kept.take() {
            Some((session, _)) if session.is_alive() => session,
            _ => login.open(database, &Reached::default()).await.ok()?,
        };
        let told = question(&mut session, oids).await.ok()?;
        *kept = Some((session, Instant::now()));
        Some(told)
    }
}

/// One question for all names. It calls nothing but what is qualified, for the
/// search path of the login may lead anywhere.
async fn question(session: &mut Session, oids: &[u32]) -> io::Result<Vec<(u32, String)>> {
    let rows: Vec<_> = oids
        .iter()
        .map(|oid| {
            format!(
                "('{oid}', pg_catalog.format_type('{oid}'::pg_catalog.oid, NULL::pg_catalog.int4))"
            )
        })
        .collect();
    let mut message = BytesMut::new();
    frontend::query(&format!("VALUES {}", rows.join(", ")), &mut message)?;
    session.send(&message).await?;
    let mut told = Vec::with_capacity(oids.len());
    let mut refused = false;
    loop {
        match session.receive().await? {
            Message::DataRow(row) => {
                let mut ranges = row.ranges();
                let mut cells = Vec::new();
                while let Some(range) = fallible_iterator::FallibleIterator::next(&mut ranges)? {
                    cells.push(range.map(|range| String::from_utf8_lossy(&row.buffer()[range])));
                }
                if let [Some(oid), Some(name)] = cells.as_slice()
                    && let Ok(oid) = oid.parse()
                    && is_name(name)
                {
                    told.push((oid, name.to_string()));
                }
            }
            Message::ErrorResponse(_) => refused = true,
            Message::ReadyForQuery(_) if refused => {
                return Err(io::Error::other("the server does not tell names of types"));
            }
            Message::ReadyForQuery(_) => return Ok(told),
            _ => {}
        }
    }
}

/// Whether `format_type` knew the type: it answers question marks otherwise,
/// which a real name has in quotes.
fn is_name(name: &str) -> bool {
    !name.starts_with("???")
}
