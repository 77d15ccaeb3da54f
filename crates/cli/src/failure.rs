//! Why a command did not succeed, and the exit code of each reason.

use std::io;

use crate::answer::ApiError;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line does not say what to do.
    #[error("{message}")]
    Usage { message: String, hint: &'static str },
    /// The gateway refused or failed.
    #[error("{}", .0.message)]
    Api(Box<ApiError>),
    /// No answer of the gateway.
    #[error("cannot reach {address}: {reason}")]
    Unreachable { address: String, reason: String },
    /// An answer that is not the gateway's.
    #[error("{address} does not answer like a gateway ({reason})")]
    Odd { address: String, reason: String },
    /// No token is known for the gateway.
    #[error("not signed in at {0}")]
    NotSignedIn(String),
    /// A file of this machine.
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    /// The settings file cannot be read as such.
    #[error("{path}: {reason}")]
    Settings { path: String, reason: String },
    /// The output could not be written.
    #[error("the output could not be written: {0}")]
    Output(io::Error),
    /// Anything else of this machine.
    #[error("{0}")]
    Local(String),
    /// Ctrl-C, twice.
    #[error("left; the run may still go on at the gateway")]
    Interrupted,
}

impl Failure {
    /// Exit code of a blocked run.
    pub(crate) const BLOCKED: i32 = 254;
    /// Exit code of a command line that does not say what to do.
    pub(crate) const USAGE: i32 = 2;
    /// Exit code of every other failure.
    pub(crate) const OTHER: i32 = 1;

    /// A mistake on the command line.
    pub(crate) fn usage(message: impl Into<String>, hint: &'static str) -> Self {
        Self::Usage {
            message: message.into(),
            hint,
        }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, source: io::Error) -> Self {
        Self::File {
            path: path.display().to_string(),
            source,
        }
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> i32 {
        match self {
            Self::Usage { .. } => Self::USAGE,
            Self::Api(error) if error.is_blocked() => Self::BLOCKED,
            Self::Api(_)
            | Self::Unreachable { .. }
            | Self::Odd { .. }
            | Self::NotSignedIn(_)
            | Self::File { .. }
            | Self::Settings { .. }
            | Self::Output(_)
            | Self::Local(_)
            | Self::Interrupted => Self::OTHER,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::Usage { hint, .. } => Some(*hint).filter(|hint| !hint.is_empty()),
            Self::Api(error) => error.hint.as_deref(),
            Self::Unreachable { .. } => Some(
                "is the gateway running there? set --api-url or DRAWGATE_API_URL; see drawgate doctor",
            ),
            Self::Odd { .. } => Some("check the address: --api-url or DRAWGATE_API_URL"),
            Self::NotSignedIn(_) => Some("sign in with drawgate login, or set DRAWGATE_TOKEN"),
            Self::Settings { .. } => {
                Some("repair or remove the file, then sign in again: drawgate login")
            }
            Self::Interrupted => Some("see drawgate sessions list --status open"),
            Self::File { .. } | Self::Output(_) | Self::Local(_) => None,
        }
    }

    /// Whether the reader of the output went away; nobody wants to hear of it.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
