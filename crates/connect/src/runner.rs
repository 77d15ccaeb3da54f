//! From a description of a connection to a target that is kept while used.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ConnectionId, ConnectionType};
use parking_lot::Mutex;

use crate::native::Native;
use crate::{Fault, Spec, Target};

/// How targets are kept.
#[derive(Clone, Debug)]
pub struct Config {
    /// Longest time for a connection and login.
    pub connect_timeout: Duration,
    /// A session or target without use for this long is closed.
    pub idle: Duration,
    /// Most sessions of one server, in all its databases, at the same time.
    pub sessions: usize,
    /// Most open handles of one database file at the same time.
    pub file_handles: usize,
    /// Folder of the folders that commands run in, of this process and others;
    /// the machine's folder for temporary files when `None`.
    pub rooms: Option<PathBuf>,
    /// Whether every child of this process is a command of a run. What a run
    /// leaves behind then becomes a child of this process, and is ended.
    pub is_reaper: bool,
}

/// Makes targets and keeps them while they are used.
#[derive(Default)]
pub struct Runner {
    config: Config,
    kept: Mutex<HashMap<ConnectionId, Kept>>,
    #[cfg(feature = "process")]
    place: Arc<crate::process::Place>,
}

struct Kept {
    revision: i64,
    target: Arc<dyn Target>,
    used: Instant,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            sessions: 32,
            file_handles: 8,
            rooms: None,
            is_reaper: false,
        }
    }
}

impl Runner {
    /// A runner without targets.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            #[cfg(feature = "process")]
            place: Arc::new(crate::process::Place::new(&config)),
            config,
            kept: Mutex::default(),
        }
    }

    /// The target of a connection: the one that is kept, or a new one when
    /// its revision changed. Nothing is reached yet.
    ///
    /// # Errors
    /// `unsupported` for a kind that this build has no driver for,
    /// `invalid_argument` for missing or malformed variables.
    pub fn target(&self, spec: &Spec) -> Result<Arc<dyn Target>, Fault> {
        let mut kept = self.kept.lock();
        let closed = close_idle(&mut kept, self.config.idle);
        if let Some(found) = kept.get_mut(&spec.connection)
            && found.revision == spec.revision
        {
            found.used = Instant::now();
            return Ok(Arc::clone(&found.target));
        }
        let target = self.make(spec)?;
        let fresh = Kept {
            revision: spec.revision,
            target: Arc::clone(&target),
            used: Instant::now(),
        };
        let replaced = kept.insert(spec.connection, fresh);
        drop(kept);
        drop((closed, replaced));
        Ok(target)
    }

    /// The kept target of a connection when it has this revision; marks it
    /// used.
    pub fn kept(&self, connection: ConnectionId, revision: i64) -> Option<Arc<dyn Target>> {
        let mut kept = self.kept.lock();
        let found = kept
            .get_mut(&connection)
            .filter(|kept| kept.revision == revision)?;
        found.used = Instant::now();
        Some(Arc::clone(&found.target))
    }

    /// Forgets a connection; runs in progress go on to their end.
    pub fn forget(&self, connection: ConnectionId) {
        let forgotten = self.kept.lock().remove(&connection);
        drop(forgotten);
    }

    /// Closes targets without use and idle sessions of the others. Call this
    /// now and then, so that a quiet gateway holds no sessions.
    pub fn close_idle(&self) {
        let mut kept = self.kept.lock();
        let closed = close_idle(&mut kept, self.config.idle);
        let targets: Vec<_> = kept.values().map(|kept| Arc::clone(&kept.target)).collect();
        drop(kept);
        drop(closed);
        for target in targets {
            target.close_idle();
        }
    }

    fn make(&self, spec: &Spec) -> Result<Arc<dyn Target>, Fault> {
        let config = || self.config.clone();
        match (spec.kind, spec.subtype.as_str()) {
            #[cfg(feature = "postgres")]
            (ConnectionType::Database, "postgres") => {
                Ok(Arc::new(crate::postgres::Postgres::new(spec, config())?))
            }
            #[cfg(feature = "mysql")]
            (ConnectionType::Database, "mysql") => {
                Ok(Arc::new(crate::mysql::MySql::new(spec, config())?))
            }
            #[cfg(feature = "sqlite")]
            (ConnectionType::Database, "sqlite") => {
                Ok(Arc::new(crate::sqlite::Sqlite::new(spec, config())?))
            }
            (ConnectionType::Application, "ssh" | "tcp") | (ConnectionType::Httpproxy, _) => {
                Ok(Arc::new(Native::new(spec)?))
            }
            #[cfg(feature = "process")]
            (ConnectionType::Application | ConnectionType::Custom, _) => Ok(Arc::new(
                crate::process::Process::new(spec, Arc::clone(&self.place))?,
            )),
            (kind, subtype) => Err(Fault::unsupported(format!(
                "there is no driver for {}/{subtype}; this build has {}",
                kind.as_str(),
                drivers().join(", ")
            ))),
        }
    }
}

/// Database subtypes that this build can run.
#[must_use]
pub const fn drivers() -> &'static [&'static str] {
    &[
        #[cfg(feature = "mysql")]
        "mysql",
        #[cfg(feature = "postgres")]
        "postgres",
        #[cfg(feature = "sqlite")]
        "sqlite",
    ]
}

fn close_idle(kept: &mut HashMap<ConnectionId, Kept>, idle: Duration) -> Vec<Kept> {
    kept.extract_if(|_, kept| kept.used.elapsed() > idle && Arc::strong_count(&kept.target) == 1)
        .map(|(_, kept)| kept)
        .collect()
}

#[cfg(test)]
mod tests {
    use model::{Id, Limits, SecretString};

    use super::*;

    fn spec(connection: ConnectionId, revision: i64) -> Spec {
        let secrets = [("envvar:HOST", "h"), ("envvar:PORT", "1")];
        Spec {
            connection,
            revision,
            kind: ConnectionType::Application,
            subtype: "tcp".into(),
            command: None,
            secrets: secrets
                .map(|(name, value)| (name.into(), SecretString::from(value)))
                .into(),
            limits: Limits::default(),
        }
    }

    #[test]
    fn a_target_is_kept_while_its_revision_fits() {
        let runner = Runner::default();
        let id = ConnectionId::new(&model::SystemClock);
        let first = spec(id, 1);
        assert!(runner.kept(id, 1).is_none());
        let target = runner.target(&first).ok().unwrap();
        assert!(Arc::ptr_eq(&target, &runner.target(&first).ok().unwrap()));
        assert!(Arc::ptr_eq(&target, &runner.kept(id, 1).unwrap()));
        assert!(runner.kept(id, 2).is_none());
        let second = runner.target(&spec(id, 2)).ok().unwrap();
        assert!(!Arc::ptr_eq(&target, &second) && runner.kept(id, 1).is_none());
        runner.forget(id);
        assert!(runner.kept(id, 2).is_none());
    }
}
