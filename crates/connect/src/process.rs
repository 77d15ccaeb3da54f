//! Commands on this machine, in a folder and a process group of their own.
//! All that a run starts ends with it.

mod group;
mod mark;
mod pipes;
mod room;
mod rooms;
mod runs;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use model::{Code, Failure, Finish};
use rustix::process::{Pid, Signal};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};

use self::group::Group;
use self::mark::Mark;
use self::pipes::Pipes;
use self::room::Room;
use self::rooms::Rooms;
use self::runs::Runs;
use crate::flow::Flow;
use crate::supervise::{GRACE, Watch};
use crate::{BoxFuture, Config, Fault, Job, Probe, Sink, Spec, Stage, Target};

/// How long descendants may hold the pipes after the command itself ended.
const LINGER: Duration = Duration::from_secs(2);
/// How often it is looked for processes that left their run.
const SWEEP: Duration = Duration::from_secs(1);
/// What is left in the pipes of killed descendants comes at once.
const REST: Duration = Duration::from_millis(100);

/// A command.
pub(crate) struct Process {
    program: String,
    arguments: Vec<String>,
    variables: room::Variables,
    memory: u64,
    place: Arc<Place>,
}

/// Where commands run, for all of this process.
#[derive(Default)]
pub(crate) struct Place {
    /// Their folders.
    pub(crate) rooms: Rooms,
    /// Those in progress.
    pub(crate) runs: Arc<Runs>,
}

impl Place {
    /// As `config` says. Without the folder that it names, commands run in the
    /// machine's.
    pub(crate) fn new(config: &Config) -> Self {
        let opened = config.rooms.as_deref().map(Rooms::open);
        let rooms = opened.transpose().unwrap_or_else(|error| {
            tracing::error!(%error, "the folder for the folders of runs cannot be made");
            None
        });
        Self {
            rooms: rooms.unwrap_or_default(),
            runs: Arc::new(Runs::new(config.is_reaper)),
        }
    }
}

impl Process {
    /// Reads what to run; nothing is started yet.
    pub(crate) fn new(spec: &Spec, place: Arc<Place>) -> Result<Self, Fault> {
        let command = spec.command.as_deref().unwrap_or_default();
        let Some((program, arguments)) = command.split_first() else {
            return Err(Fault::invalid(
                Stage::Agent,
                "the connection has no `command`",
            ));
        };
        room::check(&spec.secrets)?;
        Ok(Self {
            program: program.clone(),
            arguments: arguments.to_vec(),
            variables: spec.secrets.clone(),
            memory: u64::from(spec.limits.memory_mb) * 1024 * 1024,
            place,
        })
    }

    fn start(&self, job: &Job<'_>, room: &Room) -> Result<(Child, Group), Fault> {
        let refuse = |reason: std::io::Error| {
            let program = &self.program;
            Fault::unavailable(
                Stage::Agent,
                format!("`{program}` cannot be started: {reason}"),
            )
        };
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .args(job.args)
            .env_clear()
            .envs(room.environment())
            .current_dir(room.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mark = Mark::of(room.path());
        let runs = &self.place.runs;
        let spawn = || {
            let child = command.spawn()?;
            let id = child
                .id()
                .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
            let id = id.ok_or_else(|| std::io::Error::other("it has no process id"))?;
            Ok((child, id))
        };
        let (mut child, leader) = runs.start(mark, spawn).map_err(refuse)?;
        // From here on the group ends what was started, also when it is dropped.
        let group = Group::led_by(leader, mark, Arc::clone(runs)).map_err(|error| {
            let _ = child.start_kill();
            runs.end(leader);
            refuse(error)
        })?;
        group.limit(self.memory).map_err(|error| {
            let message = format!("it cannot be limited: {error}");
            refuse(std::io::Error::other(message))
        })?;
        Ok((child, group))
    }

    async fn run_job(&self, job: Job<'_>, sink: &mut dyn Sink) -> Result<Finish, Fault> {
        if job.database.is_some() {
            return Err(Fault::unsupported("a command has no databases"));
        }
        let watch = Watch::new(&job.stop, job.timeout);
        let room = Room::furnish(&self.place.rooms, &self.variables, job.env)?;
        if job.stop.is_cancelled() {
            let reason = "the run was stopped before the command was started";
            return Err(Fault::unavailable(Stage::Agent, reason));
        }
        let (mut child, group) = self.start(&job, &room)?;
        let mut flow = Flow::new(sink, watch.halt());
        let following = follow(&mut child, &group, job.input, &mut flow);
        let ending = async {
            group.signal(Signal::TERM).await;
            sleep(GRACE).await;
            group.signal(Signal::KILL).await;
            // The end of the run is up to the pipes now.
            std::future::pending::<()>().await;
        };
        let supervised = watch.over(following, ending, GRACE + LINGER).await;
        group.end(&mut child).await;
        room.clear().await;
        let failure = watch.failure(supervised.ending);
        Ok(match supervised.value {
            Some(Ok(exit_code)) => Finish { exit_code, failure },
            Some(Err(error)) => Finish {
                exit_code: Finish::NEVER_RAN,
                failure: failure.or_else(|| {
                    let message = format!("the end of the command is unknown: {error}");
                    Some(Failure::new(Code::Unavailable, message))
                }),
            },
            None => Finish {
                exit_code: 128 + Signal::KILL.as_raw(),
                failure,
            },
        })
    }
}

impl Target for Process {
    fn run<'a>(
        &'a self,
        job: Job<'a>,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Finish, Fault>> {
        Box::pin(self.run_job(job, sink))
    }

    fn probe(&self, _: Duration) -> BoxFuture<'_, Probe> {
        Box::pin(async {
            if room::is_program(&self.program, &self.variables) {
                return Probe::ready(None);
            }
            let message = format!("there is no program `{}`", self.program);
            Probe::failed(Fault::unavailable(Stage::Agent, message))
        })
    }
}

/// Feeds the command and passes on what it writes until it ended and its
/// pipes are closed.
async fn follow(
    child: &mut Child,
    group: &Group,
    input: &str,
    flow: &mut Flow<'_>,
) -> std::io::Result<i32> {
    let stdin = child.stdin.take();
    let feed = async move {
        if let Some(mut stdin) = stdin {
            // A command need not read its input.
            let _ = stdin.write_all(input.as_bytes()).await;
            let _ = stdin.shutdown().await;
        }
    };
    let mut pipes = Pipes::new(child.stdout.take(), child.stderr.take());
    let linger = sleep_until(Instant::now());
    let mut sweeps = interval(SWEEP);
    tokio::pin!(feed, linger);
    let (mut is_fed, mut status) = (false, None);
    loop {
        tokio::select! {
            () = &mut feed, if !is_fed => is_fed = true,
            piece = pipes.next(), if pipes.is_open() => {
                // Nothing means that both pipes are closed now.
                if let Some((stream, data)) = piece {
                    flow.output(stream, data).await;
                }
            }
            ended = group.ended(), if status.is_none() => {
                status = Some(ended?);
                linger.as_mut().reset(Instant::now() + LINGER);
            }
            _ = sweeps.tick() => group.sweep().await,
            () = &mut linger, if status.is_some() => {
                group.signal(Signal::KILL).await;
                while let Ok(Some((stream, data))) = timeout(REST, pipes.next()).await {
                    flow.output(stream, data).await;
                }
                pipes.close();
            }
        }
        if let (Some(status), false) = (status, pipes.is_open()) {
            return Ok(status);
        }
    }
}
