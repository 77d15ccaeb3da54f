//! SQLite files, opened anew for each run.

mod codes;
mod fence;
mod functions;
mod rows;
mod script;
mod stop;
mod thread;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Code, Failure, Finish};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Semaphore, mpsc};

use self::rows::Rows;
use self::script::{Said, Script};
use self::stop::Stop;
use crate::flow::Flow;
use crate::supervise::{GRACE, Watch};
use crate::variables::Variables;
use crate::{BoxFuture, Config, Fault, Job, Probe, Sink, Spec, Stage, Target};

/// Pieces that may wait for the sink.
const WAITING: usize = 4;

/// A database file.
pub(crate) struct Sqlite {
    path: PathBuf,
    room: Arc<Semaphore>,
}

impl Sqlite {
    /// Reads the variables; nothing is opened yet.
    pub(crate) fn new(spec: &Spec, config: Config) -> Result<Self, Fault> {
        Ok(Self {
            path: Variables(&spec.secrets).required("PATH")?.into(),
            room: Arc::new(Semaphore::new(config.file_handles)),
        })
    }

    /// Runs `script` on a thread; without one the file is only opened. What it
    /// says ends with [`Said::End`] or a fault.
    async fn begin(
        &self,
        script: Option<&Job<'_>>,
        stop: Stop,
    ) -> Result<mpsc::Receiver<Said>, Fault> {
        let permit = Arc::clone(&self.room).acquire_owned().await;
        let (sender, receiver) = mpsc::channel(WAITING);
        let script = script.map(|job| (job.input.to_owned(), job.read_only));
        let path = self.path.clone();
        thread::run(move || {
            // A run that was given up has its handle until its thread ends.
            let _permit = permit;
            let rows = Arc::new(Mutex::new(Rows::new(sender)));
            let read_only = script.as_ref().is_none_or(|(_, read_only)| *read_only);
            let connection = match open(&path, read_only, &stop, &rows) {
                Ok(connection) => connection,
                Err(fault) => {
                    let _ = rows.lock().say(Said::Fault(fault));
                    return;
                }
            };
            match script {
                Some(_) if stop.is_set() => {
                    let reason = "the run had to end before the file was open";
                    let _ = rows
                        .lock()
                        .say(Said::Fault(Fault::timeout(Stage::Tcp, reason)));
                }
                Some((text, _)) => {
                    let script = Script {
                        text: &text,
                        read_only,
                        stop: &stop,
                    };
                    script.execute(&connection, &rows);
                }
                None => drop(rows.lock().say(Said::End)),
            }
        })?;
        Ok(receiver)
    }

    async fn run_job(&self, job: Job<'_>, sink: &mut dyn Sink) -> Result<Finish, Fault> {
        if job.database.is_some_and(|database| database != "main") {
            return Err(Fault::unsupported("a SQLite file has one database, `main`"));
        }
        if job.input.contains('\0') {
            return Err(Fault::invalid(
                Stage::Agent,
                "the script contains a NUL character",
            ));
        }
        let watch = Watch::new(&job.stop, job.timeout);
        let stop = Stop::default();
        // However this ends, nobody waits for the thread any more.
        let _end = stop.clone().set_when_dropped();
        let receiver = tokio::select! {
            biased;
            _ = watch.ended() => return Err(Fault {
                stage: Stage::Agent,
                code: Code::Busy,
                message: "the run had to end before it had a handle of the file".into(),
            }),
            receiver = self.begin(Some(&job), stop.clone()) => receiver?,
        };
        let mut flow = Flow::new(sink, watch.halt());
        let supervised = {
            let taking = take(receiver, &mut flow);
            let stopping = async { stop.set() };
            watch.over(taking, stopping, GRACE).await
        };
        flow.flush().await;
        let taken = match supervised.value {
            Some(Taken::Fault(fault)) => return Err(fault),
            taken => taken,
        };
        let failure = watch.failure(supervised.ending).or_else(|| {
            matches!(taken, Some(Taken::Broken))
                .then(|| Failure::new(Code::Unavailable, "the run ended without telling how"))
        });
        let is_whole = matches!(taken, Some(Taken::Whole)) && supervised.ending.is_none();
        Ok(Finish {
            exit_code: i32::from(flow.has_failed() || !is_whole),
            failure,
        })
    }
}

impl Target for Sqlite {
    fn run<'a>(
        &'a self,
        job: Job<'a>,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Finish, Fault>> {
        Box::pin(self.run_job(job, sink))
    }

    fn probe(&self, timeout: Duration) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            let stop = Stop::default();
            let _end = stop.clone().set_when_dropped();
            let opening = async {
                let mut receiver = self.begin(None, stop.clone()).await?;
                match receiver.recv().await {
                    Some(Said::Fault(fault)) => Err(fault),
                    _ => Ok(()),
                }
            };
            match tokio::time::timeout(timeout, opening).await {
                Ok(Ok(())) => Probe::ready(Some(rusqlite::version().to_owned())),
                Ok(Err(fault)) => Probe::failed(fault),
                Err(_) => Probe::failed(Fault::timeout(
                    Stage::Tcp,
                    "the database file was not opened in time",
                )),
            }
        })
    }
}

/// How a script ended.
enum Taken {
    /// It said all.
    Whole,
    /// It never began.
    Fault(Fault),
    /// It broke off.
    Broken,
}

/// Passes on what the script says.
async fn take(mut receiver: mpsc::Receiver<Said>, flow: &mut Flow<'_>) -> Taken {
    while let Some(said) = receiver.recv().await {
        match said {
            Said::Piece(piece) => flow.push(piece).await,
            Said::Fault(fault) => return Taken::Fault(fault),
            Said::End => return Taken::Whole,
        }
    }
    Taken::Broken
}

/// Opens a file that exists, alone: nothing else can be attached.
fn open(
    path: &Path,
    read_only: bool,
    stop: &Stop,
    rows: &Arc<Mutex<Rows>>,
) -> Result<Connection, Fault> {
    let refuse = |error: rusqlite::Error| {
        let reason = match &error {
            rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
            other => other.to_string(),
        };
        Fault::unavailable(
            Stage::Tcp,
            format!("the database file cannot be opened: {reason}"),
        )
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(refuse)?;
    stop.heed_in_locks(&connection).map_err(refuse)?;
    // Reads the header, so that a file of another kind is refused here.
    connection
        .query_row("PRAGMA schema_version", [], |_| Ok(()))
        .map_err(refuse)?;
    if read_only {
        connection
            .pragma_update(None, "query_only", true)
            .map_err(refuse)?;
    }
    fence::put_up(&connection, stop, rows).map_err(refuse)?;
    Ok(connection)
}
