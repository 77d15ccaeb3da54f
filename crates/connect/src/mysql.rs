//! MySQL and MariaDB.

mod login;
mod statements;
mod talk;
mod types;
mod values;

use std::sync::Arc;
use std::time::Duration;

use model::{Code, Failure, Finish};
use mysql_async::prelude::Queryable;
use mysql_async::{ChangeUserOpts, Error};

use self::login::{Login, Session};
use self::talk::talk;
use crate::flow::Flow;
use crate::pools::{Lease, Pools};
use crate::supervise::{GRACE, Watch};
use crate::variables::Variables;
use crate::{BoxFuture, Config, Fault, Job, Probe, Sink, Spec, Target};

/// How long a kept session may take to tell that it is alive.
const PING: Duration = Duration::from_secs(2);

/// A MySQL or MariaDB server, with sessions per database.
pub(crate) struct MySql {
    login: Arc<Login>,
    database: String,
    config: Config,
    pools: Pools<Session>,
}

impl MySql {
    /// Reads the variables; nothing is reached yet.
    pub(crate) fn new(spec: &Spec, config: Config) -> Result<Self, Fault> {
        let variables = Variables(&spec.secrets);
        Ok(Self {
            login: Arc::new(Login::new(variables, spec.limits)?),
            database: variables.required("DB")?.to_owned(),
            config: config.clone(),
            pools: Pools::new(config),
        })
    }

    /// A session that is kept and alive, or a new one.
    async fn lease(&self, database: &str, watch: &Watch) -> Result<Lease<Session>, Fault> {
        let place = self.pools.enter(database, watch).await?;
        while let Some((mut session, _)) = place.take() {
            if matches!(
                tokio::time::timeout(PING, session.conn.ping()).await,
                Ok(Ok(()))
            ) {
                return Ok(place.with(session));
            }
        }
        let limit = watch.left().min(self.config.connect_timeout);
        let session = self.login.open(database, limit).await?;
        Ok(place.with(session))
    }

    async fn run_job(&self, job: Job<'_>, sink: &mut dyn Sink) -> Result<Finish, Fault> {
        let watch = Watch::new(&job.stop, job.timeout);
        let database = job.database.unwrap_or(&self.database);
        // A run that was stopped must not begin, even where a session is at hand.
        let leased = tokio::select! {
            biased;
            () = job.stop.cancelled() => None,
            lease = self.lease(database, &watch) => Some(lease?),
        };
        let Some(mut lease) = leased else {
            return Ok(Finish {
                exit_code: Finish::NEVER_RAN,
                failure: None,
            });
        };
        let mut flow = Flow::new(sink, watch.halt());
        let (id, peer) = (lease.session.conn.id(), lease.session.peer);
        let talking = talk(&mut lease.session.conn, job.input, job.read_only, &mut flow);
        let supervised = watch
            .over(talking, self.login.cancel(id, peer), GRACE)
            .await;
        flow.flush().await;
        let failure = watch
            .failure(supervised.ending)
            .or_else(|| match &supervised.value {
                Some(Err(error)) if supervised.ending.is_none() => Some(broken(error)),
                _ => None,
            });
        let is_clean = matches!(supervised.value, Some(Ok(()))) && supervised.ending.is_none();
        if is_clean {
            put_back(lease);
        } else {
            let login = supervised.value.is_none().then(|| Arc::clone(&self.login));
            tokio::spawn(give_up(lease, login));
        }
        Ok(Finish {
            exit_code: i32::from(flow.has_failed() || !is_clean),
            failure,
        })
    }
}

impl Target for MySql {
    fn run<'a>(
        &'a self,
        job: Job<'a>,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Finish, Fault>> {
        Box::pin(self.run_job(job, sink))
    }

    fn close_idle(&self) {
        self.pools.close_idle();
    }

    fn probe(&self, timeout: Duration) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            match self.login.open(&self.database, timeout).await {
                Ok(session) => {
                    let (major, minor, patch) = session.conn.server_version();
                    tokio::spawn(session.close());
                    Probe::ready(Some(format!("{major}.{minor}.{patch}")))
                }
                Err(fault) => Probe::failed(fault),
            }
        })
    }
}

fn broken(error: &Error) -> Failure {
    let reason = match error {
        Error::Io(error) => error.to_string(),
        Error::Driver(mysql_async::DriverError::LocalInfile(_)) => {
            "LOAD DATA LOCAL has no file here".to_owned()
        }
        _ => "the server said something unexpected".to_owned(),
    };
    Failure::new(
        Code::Unavailable,
        format!("the session broke during the run: {reason}"),
    )
}

/// Gives a session back to its pool, cleaned beside the next work. A reset
/// would keep the database that a script chose; a new login does not.
fn put_back(mut lease: Lease<Session>) {
    tokio::spawn(async move {
        let cleaning = lease.session.conn.change_user(ChangeUserOpts::default());
        if matches!(tokio::time::timeout(GRACE, cleaning).await, Ok(Ok(()))) {
            lease.give();
        }
    });
}

/// Closes a session that is not used again; with `login` it is ended at the
/// server first, for its run did not end when it was cancelled.
async fn give_up(lease: Lease<Session>, login: Option<Arc<Login>>) {
    let (session, place) = lease.part();
    if let Some(login) = login {
        login.kill(session.conn.id(), session.peer).await;
    }
    session.close().await;
    drop(place);
}
