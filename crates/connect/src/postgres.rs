//! PostgreSQL, on sessions of its own.

mod clean;
mod login;
mod names;
mod place;
mod prepared;
mod report;
mod session;
mod talk;
mod trace;
mod types;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::{Code, Failure, Finish, Severity};

use self::clean::clean;
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

/// How long a kept session may take to tell that it is alive.
const PING: Duration = Duration::from_secs(2);
/// A session that was idle for less counts as alive while its socket is.
const CERTAIN: Duration = Duration::from_secs(1);
/// Told when the script began a transaction and did not end it.
const LEFT_OPEN: &str = "WARNING:  the transaction that the script left open is rolled back";

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
        let login = Arc::new(Login::new(variables, spec.limits)?);
        Ok(Self {
            names: Names::new(Arc::clone(&login)),
            login,
            database: variables.required("DB")?.to_owned(),
            config: config.clone(),
            pools: Pools::new(config),
        })
    }

    /// A new session. Rare and big: kept out of the future of every run.
    fn open<'a>(
        &'a self,
        database: &'a str,
        limit: Duration,
    ) -> impl Future<Output = Result<Session, Fault>> + Send + 'a {
        let limit = limit.min(self.config.connect_timeout);
        boxed_late(move || async move {
            let reached = Reached::default();
            let opening = self.login.open(database, &reached);
            reached.within(limit, opening).await
        })
    }

    /// A session that is kept and alive, or a new one.
    async fn lease(&self, database: &str, watch: &Watch) -> Result<Lease<Session>, Fault> {
        let place = self.pools.enter(database, watch).await?;
        while let Some((mut session, rested)) = place.take() {
            let is_sure = rested < CERTAIN;
            if session.is_alive() && (is_sure || session.answers(PING).await) {
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
        // A run that was stopped must not begin, even where a session is at hand.
        let leased = tokio::select! {
            biased;
            () = job.stop.cancelled() => None,
            lease = self.lease(database, &watch) => Some(lease?),
        };
        let Some(mut lease) = leased else {
            return Ok(never_ran());
        };
        let mut flow = Flow::new(sink, watch.halt());
        let (mut ended, mut ending) = self.attempt(&mut lease, &job, &watch, &mut flow).await;
        if is_unheard(&lease, ended.as_ref()) && ending.is_none() && !flow.has_failed() {
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
        if is_clean && !job.read_only && lease.session.status != b'I' {
            flow.notice(Severity::Warning, LEFT_OPEN.to_owned()).await;
        }
        let exit_code = i32::from(flow.has_failed() || failure.is_some() || !is_clean);
        if ended.is_none() {
            give_up(lease, Arc::clone(&self.login), database.to_owned());
        } else if is_clean && !lease.session.is_broken {
            put_back(lease, &self.login);
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
        let (key, peer) = (lease.session.key, lease.session.peer);
        let names = self.names.of(job.database.unwrap_or(&self.database));
        let talking = talk(&mut lease.session, &names, job, flow);
        let cancel = boxed_late(move || self.login.cancel(key, peer));
        let supervised = watch.over(talking, cancel, GRACE).await;
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

    fn close_idle(&self) {
        self.pools.close_idle();
        self.names.close_idle(self.config.idle);
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

/// Work that is made and put on the heap when it is first polled, so that the
/// future that may do it stays small.
async fn boxed_late<T>(work: impl FnOnce() -> T) -> T::Output
where
    T: Future,
{
    Box::pin(work()).await
}

/// A run that was stopped before it began.
const fn never_ran() -> Finish {
    Finish {
        exit_code: Finish::NEVER_RAN,
        failure: None,
    }
}

/// Whether a kept session was dead before the script reached the server. Only
/// what could not be sent counts: once it was sent it may have run, whatever
/// became of the answer.
fn is_unheard(lease: &Lease<Session>, ended: Option<&io::Result<()>>) -> bool {
    matches!(ended, Some(Err(_))) && lease.session.is_kept && lease.session.is_unsent
}

/// Gives a session back to its pool, cleaned beside the next work.
fn put_back(mut lease: Lease<Session>, login: &Arc<Login>) {
    lease.session.shrink();
    if lease.session.is_spotless && lease.session.status == b'I' {
        lease.give();
        return;
    }
    let login = Arc::clone(login);
    tokio::spawn(async move {
        let cleaning = clean(&mut lease.session, &login);
        if matches!(tokio::time::timeout(GRACE, cleaning).await, Ok(Ok(true))) {
            lease.give();
        }
    });
}

/// Ends a session whose run did not end when it was cancelled. It keeps its
/// place until then: its process is not free for anybody else before.
fn give_up(lease: Lease<Session>, login: Arc<Login>, database: String) {
    tokio::spawn(async move {
        if let Some(peer) = lease.session.peer {
            let key = lease.session.key;
            login.terminate(key, peer, &database).await;
        }
    });
}
