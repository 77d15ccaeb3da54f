//! How a command of this crate ends when it does not end well.

use std::process::ExitCode;

/// Why a command ended.
pub(crate) enum Failure {
    /// The settings are wrong; nothing was done.
    Settings(String),
    /// Something went wrong on the way.
    Failed(String),
}

impl Failure {
    /// What people are told.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Settings(message) | Self::Failed(message) => message,
        }
    }

    /// The exit code: 2 for what is wrong with what was said, as for flags.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Settings(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}
