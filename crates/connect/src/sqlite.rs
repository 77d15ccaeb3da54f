//! SQLite files, opened anew for each run.

mod codes;
mod fence;
mod script;

use std::path::PathBuf;
use std::time::Duration;

use model::{Code, Failure, Finish};
use rusqlite::{Connection, InterruptHandle, OpenFlags};
use tokio::sync::{Semaphore, mpsc};

use self::script::Said;
use crate::flow::Flow;
use crate::supervise::{GRACE, Watch};
use crate::variables::Variables;
use crate::{BoxFuture, Config, Fault, Job, Probe, Sink, Spec, Stage, Target};

/// How long a statement waits for a lock of another process.
const BUSY: Duration = Duration::from_secs(5);
/// Pieces that may wait for the sink.
const WAITING: usize = 4;

/// A database file.
pub(crate) struct Sqlite {
    path: PathBuf,
    room: Semaphore,
}

impl Sqlite {
    /// Reads the variables; nothing is opened yet.
    pub(crate) fn new(spec: &Spec, config: Config) -> Result<Self, Fault> {
        Ok(Self {
            path: Variables(&spec.secrets).required("PATH")?.into(),
            room: Semaphore::new(config.file_handles),
        })
    }

    async fn open(&self, read_only: bool) -> Result<Connection, Fault> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || open(&path, read_only))
            .await
            .map_err(|_| Fault::unavailable(Stage::Tcp, "the database file was not opened"))?
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
        let _room = tokio::select! {
            room = self.room.acquire() => room,
            _ = watch.ended() => return Err(Fault {
                stage: Stage::Agent,
                code: Code::Busy,
                message: "all handles of the file were in use until the run had to end".into(),
            }),
        };
        let connection = self.open(job.read_only).await?;
        let interrupt = connection.get_interrupt_handle();
        let mut flow = Flow::new(sink, watch.halt());
        let (sender, receiver) = mpsc::channel(WAITING);
        let (text, read_only) = (job.input.to_owned(), job.read_only);
        tokio::task::spawn_blocking(move || {
            script::execute(&connection, &text, read_only, &sender);
        });
        let taking = take(receiver, &mut flow);
        let supervised = watch.over(taking, interrupt_often(&interrupt), GRACE).await;
        flow.flush().await;
        let failure = watch.failure(supervised.ending).or_else(|| {
            (supervised.value == Some(false))
                .then(|| Failure::new(Code::Unavailable, "the run ended without telling how"))
        });
        let is_whole = supervised.value == Some(true) && supervised.ending.is_none();
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
            match tokio::time::timeout(timeout, self.open(true)).await {
                Ok(Ok(_)) => Probe::ready(Some(rusqlite::version().to_owned())),
                Ok(Err(fault)) => Probe::failed(fault),
                Err(_) => Probe::failed(Fault::timeout(
                    Stage::Tcp,
                    "the database file was not opened in time",
                )),
            }
        })
    }
}

/// Passes on what the script says; false when it broke off.
async fn take(mut receiver: mpsc::Receiver<Said>, flow: &mut Flow<'_>) -> bool {
    while let Some(said) = receiver.recv().await {
        match said {
            Said::Piece(piece) => flow.push(piece).await,
            Said::End => return true,
        }
    }
    false
}

/// Interrupts until the run ends: an interrupt between two statements does
/// not reach the second.
async fn interrupt_often(handle: &InterruptHandle) {
    loop {
        handle.interrupt();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Opens a file that exists, alone: nothing else can be attached.
fn open(path: &std::path::Path, read_only: bool) -> Result<Connection, Fault> {
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
    connection.busy_timeout(BUSY).map_err(refuse)?;
    // Reads the header, so that a file of another kind is refused here.
    connection
        .query_row("PRAGMA schema_version", [], |_| Ok(()))
        .map_err(refuse)?;
    if read_only {
        connection
            .pragma_update(None, "query_only", true)
            .map_err(refuse)?;
    }
    fence::put_up(&connection).map_err(refuse)?;
    Ok(connection)
}
