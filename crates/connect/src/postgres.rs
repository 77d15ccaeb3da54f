//! PostgreSQL, on sessions of its own.

mod login;
mod names;
mod place;
mod report;
mod session;
mod talk;
mod trace;
mod types;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::{Code, Failure, Finish};

use self::login::Login;
use self::names::Names;
use self::session::Session;
use self::talk::talk;
use crate::dial::Reached;
use crate::flow::Flow;
use crate::pools::{Lease, Pools};
use crate::supervise::{Ending, GRACE, Watch};
use crate::variables::Variables;
use crate::{BoxFuture, Config, Fault, Job, Probe, Sink, Spec, Stage, Target};

/// A PostgreSQL server, with sessions per database.
pub(crate) struct Postgres {
    login: Arc<Login>,
    names: Names,
    database: String,
    config: Config,
    pools: Pools<Session>,
}

impl Postgres {
    /// Reads the variables; nothing is reached yet.
    pub(crate) fn new(spec: &Spec, config: Config) -> Result<Self, Fault> {
        let variables = Variables(&spec.secrets);
        let login = Arc::new(Login::new(variables, spec.limits.timeout_seconds)?);
        Ok(Self {
            names: Names::new(Arc::clone(&login)),
            login,
            database: variables.required("DB")?.to_owned(),
            config: config.clone(),
            pools: Pools::new(config),
        })
    }

    async fn open(&self, database: &str, limit: Duration) -> Result<Session, Fault> {
        let reached = Reached::default();
        let limit = limit.min(self.config.connect_timeout);
        let opening = self.login.open(database, &reached);
        reached.within(limit, opening).await
    }

    /// A session that is kept and alive, or a new one.
    async fn lease(&self, database: &str, watch: &Watch) -> Result<Lease<Session>, Fault> {
        let place = self.pools.enter(database, watch).await?;
        while let Some(mut session) = place.take() {
            if session.is_alive() {
                session.is_kept = true;
                return Ok(place.with(session));
            }
        }
        let session = self.open(database, watch.left()).await?;
        Ok(place.with(session))
    }

    async fn run_job(&self, job: Job<'_>, sink: &mut dyn Sink) -> Result<Finish, Fault> {
        if job.input.contains('\0') {
            return Err(Fault::invalid(
                Stage::Agent,
                "the script contains a NUL character",
            ));
        }
        let watch = Watch::new(&job.stop, job.timeout);
        let database = job.database.unwrap_or(&self.database);
        let leasing = self.lease(database, &watch);
        let mut lease = tokio::select! {
            lease = leasing => lease?,
            () = job.stop.cancelled() => return Ok(never_ran()),
        };
        let mut flow = Flow::new(sink, watch.halt());
        let (mut ended, mut ending) = self.attempt(&mut lease, &job, &watch, &mut flow).await;
        if is_stale(&lease, ended.as_ref()) && ending.is_none() && !flow.has_failed() {
            lease.session = self.open(database, watch.left()).await?;
            (ended, ending) = self.attempt(&mut lease, &job, &watch, &mut flow).await;
        }
        flow.flush().await;
        let failure = watch.failure(ending).or_else(|| match (&ended, ending) {
            (Some(Err(error)), None) => Some(Failure::new(
                Code::Unavailable,
                format!("the session broke during the run: {error}"),
            )),
            _ => None,
        });
        let is_whole = matches!(ended, Some(Ok(())));
        let is_clean = is_whole && ending.is_none();
        let exit_code = i32::from(flow.has_failed() || failure.is_some() || !is_clean);
        if is_clean && !lease.session.is_broken {
            let is_spotless = !job.read_only && trace::leaves_none(job.input);
            put_back(lease, is_spotless);
        }
        Ok(Finish { exit_code, failure })
    }

    async fn attempt(
        &self,
        lease: &mut Lease<Session>,
        job: &Job<'_>,
        watch: &Watch,
        flow: &mut Flow<'_>,
    ) -> (Option<io::Result<()>>, Option<Ending>) {
        let key = lease.session.key;
        let names = self.names.of(job.database.unwrap_or(&self.database));
        let talking = talk(&mut lease.session, &names, job, flow);
        let supervised = watch.over(talking, self.login.cancel(key), GRACE).await;
        (supervised.value, supervised.ending)
    }
}

impl Target for Postgres {
    fn run<'a>(
        &'a self,
        job: Job<'a>,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Finish, Fault>> {
        Box::pin(self.run_job(job, sink))
    }

    fn probe(&self, timeout: Duration) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            let reached = Reached::default();
            let opening = self.login.open(&self.database, &reached);
            match reached.within(timeout, opening).await {
                Ok(mut session) => {
                    let version = session.version.take();
                    tokio::spawn(session.close());
                    Probe::ready(version)
                }
                Err(fault) => Probe::failed(fault),
            }
        })
    }
}

/// A run that was stopped before it began.
const fn never_ran() -> Finish {
    Finish {
        exit_code: Finish::NEVER_RAN,
        failure: None,
    }
}

/// Whether a kept session was dead before the script reached the server: the
/// other side reset it without a word. A mere end of the stream does not
/// count, for the script may have caused it.
fn is_stale(lease: &Lease<Session>, ended: Option<&io::Result<()>>) -> bool {
    let is_reset = matches!(ended, Some(Err(error)) if matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    ));
    is_reset && lease.session.is_kept && !lease.session.answered
}

/// Gives a session back to its pool, cleaned beside the next work.
fn put_back(mut lease: Lease<Session>, is_spotless: bool) {
    lease.session.shrink();
    if is_spotless && lease.session.status == b'I' {
        lease.give();
        return;
    }
    tokio::spawn(async move {
        let cleaning = clean(&mut lease.session);
        if matches!(tokio::time::timeout(GRACE, cleaning).await, Ok(Ok(()))) {
            lease.give();
        }
    });
}

async fn clean(session: &mut Session) -> io::Result<()> {
    if session.status != b'I' {
        session.order("ROLLBACK").await?;
    }
    session.order("DISCARD ALL").await
}
