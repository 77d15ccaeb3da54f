//! The interface between the exec line and a target.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use model::{Code, ConnectionId, ConnectionType, Finish, Limits, Piece, SecretString};
use tokio_util::sync::CancellationToken;

/// A boxed future, for traits used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What it takes to reach a target.
pub struct Spec {
    /// The connection.
    pub connection: ConnectionId,
    /// Changes whenever the configuration or a secret does.
    pub revision: i64,
    /// Kind of target.
    pub kind: ConnectionType,
    /// Product.
    pub subtype: String,
    /// Command of a process connection.
    pub command: Option<Vec<String>>,
    /// `envvar:NAME` or `filesystem:NAME` to the plain value.
    pub secrets: BTreeMap<String, SecretString>,
    /// Limits of one run.
    pub limits: Limits,
}

/// One run.
pub struct Job<'a> {
    /// The script or standard input.
    pub input: &'a str,
    /// Arguments of a process.
    pub args: &'a [String],
    /// Variables of this run: `envvar:NAME` or `filesystem:NAME`.
    pub env: &'a BTreeMap<String, SecretString>,
    /// Database to run in; the connection's own when `None`.
    pub database: Option<&'a str>,
    /// Run in a read-only transaction where the target has one.
    pub read_only: bool,
    /// Longest run time; the target enforces it too where it can.
    pub timeout: Duration,
    /// Cancelled when the run must end at once: the target is told to stop
    /// and `run` returns soon after.
    pub stop: CancellationToken,
}

/// Takes what a target says. A slow sink slows the target down.
pub trait Sink: Send {
    /// Takes one piece.
    ///
    /// # Errors
    /// [`Halt`] when no more is wanted; the target is stopped.
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>>;
}

/// No more output is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt;

/// A target that can run jobs.
pub trait Target: Send + Sync {
    /// Runs one job. `Ok` when the target was reached, whatever it said.
    fn run<'a>(
        &'a self,
        job: Job<'a>,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Finish, Fault>>;

    /// Closes what is kept for later runs and was not used for long.
    fn close_idle(&self) {}

    /// Opens and closes a login; runs nothing.
    fn probe(&self, timeout: Duration) -> BoxFuture<'_, Probe>;
}

/// The target was never reached.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// How far the attempt came.
    pub stage: Stage,
    /// `unavailable`, `timeout`, `unsupported`, `invalid_argument` or `busy`.
    pub code: Code,
    /// One sentence for people, without secrets.
    pub message: String,
}

/// How far an attempt to reach a target came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The agent that should run it.
    Agent,
    /// Name resolution.
    Resolve,
    /// The connection.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The login.
    Auth,
    /// Logged in.
    Ready,
}

/// Result of a probe.
pub struct Probe {
    /// How far it came.
    pub stage: Stage,
    /// Version that the server tells.
    pub server_version: Option<String>,
    /// Why it came no further.
    pub fault: Option<Fault>,
}

impl Fault {
    /// The target does not answer or refuses.
    pub(crate) fn unavailable(stage: Stage, message: impl Into<String>) -> Self {
        Self {
            stage,
            code: Code::Unavailable,
            message: message.into(),
        }
    }

    /// The connection or the job says something impossible.
    pub(crate) fn invalid(stage: Stage, message: impl Into<String>) -> Self {
        Self {
            stage,
            code: Code::InvalidArgument,
            message: message.into(),
        }
    }

    /// This kind of target cannot do that.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self {
            stage: Stage::Ready,
            code: Code::Unsupported,
            message: message.into(),
        }
    }

    /// The time limit passed.
    pub(crate) fn timeout(stage: Stage, message: impl Into<String>) -> Self {
        Self {
            stage,
            code: Code::Timeout,
            message: message.into(),
        }
    }
}

impl Probe {
    /// The whole way was gone.
    pub(crate) const fn ready(server_version: Option<String>) -> Self {
        Self {
            stage: Stage::Ready,
            server_version,
            fault: None,
        }
    }

    /// The way ended early.
    pub(crate) const fn failed(fault: Fault) -> Self {
        Self {
            stage: fault.stage,
            server_version: None,
            fault: Some(fault),
        }
    }
}
