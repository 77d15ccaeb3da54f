//! Commands on this machine, in a folder and a process group of their own.
//! All that a run starts ends with it.

mod group;
mod mark;
mod pipes;
mod room;

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use model::{Code, Failure, Finish};
use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::group::Group;
use self::mark::Mark;
use self::pipes::Pipes;
use self::room::Room;
use crate::flow::Flow;
use crate::supervise::{GRACE, Watch};
use crate::{BoxFuture, Fault, Job, Probe, Sink, Spec, Stage, Target};

/// How long descendants may hold the pipes after the command itself ended.
const LINGER: Duration = Duration::from_secs(2);
/// What is left in the pipes of killed descendants comes at once.
const REST: Duration = Duration::from_millis(100);

/// A command.
pub(crate) struct Process {
    program: String,
    arguments: Vec<String>,
    variables: room::Variables,
    memory: u64,
}

impl Process {
    /// Reads what to run; nothing is started yet.
    pub(crate) fn new(spec: &Spec) -> Result<Self, Fault> {
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
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .args(job.args)
            .env_clear()
            .envs(room.environment())
            .current_dir(room.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(refuse)?;
        let mark = Mark::of(room.path());
        let Some(group) = child.id().and_then(|id| Group::led_by(id, mark)) else {
            let _ = child.start_kill();
            return Err(refuse(std::io::Error::other("it has no process id")));
        };
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
        let room = Room::furnish(&self.variables, job.env)?;
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
        group.end().await;
        room.clear().await;
        let failure = watch.failure(supervised.ending);
        Ok(match supervised.value {
            Some(Ok(status)) => Finish {
                exit_code: exit_code(status),
                failure,
            },
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
) -> std::io::Result<ExitStatus> {
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
            ended = child.wait(), if status.is_none() => {
                status = Some(ended?);
                linger.as_mut().reset(Instant::now() + LINGER);
            }
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

/// As shells tell: 128 and the number of the signal.
fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal().unwrap_or_default();
    status.code().unwrap_or(128 + signal)
}
