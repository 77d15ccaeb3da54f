//! What is asked, as guardrails look at it.

use model::ConnectionType;
use sql::{Dialect, Facts};

use super::{Guardrails, Verdict};

/// What is asked of a connection.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// A script for a database.
    Script {
        /// The text as it came.
        text: &'a str,
        /// The language of the database; `None` when it is no SQL.
        dialect: Option<Dialect>,
        /// What its statements do; needed when [`Guardrails::needs_facts`].
        facts: Option<&'a Facts>,
    },
    /// The run of a command.
    Command {
        /// The words that are appended to it.
        args: &'a [String],
        /// What it is given to read.
        input: &'a str,
    },
}

impl<'a> Asked<'a> {
    /// What is asked of a connection of this kind and language.
    #[must_use]
    pub fn of(
        kind: ConnectionType,
        dialect: Option<Dialect>,
        args: &'a [String],
        text: &'a str,
        facts: Option<&'a Facts>,
    ) -> Self {
        match kind {
            ConnectionType::Database => Self::Script {
                text,
                dialect,
                facts,
            },
            ConnectionType::Application | ConnectionType::Custom | ConnectionType::Httpproxy => {
                Self::Command { args, input: text }
            }
        }
    }
}

impl Guardrails {
    /// What the input rules say of what is asked.
    #[must_use]
    pub fn judge(&self, asked: Asked<'_>) -> Verdict {
        match asked {
            Asked::Script {
                text,
                dialect,
                facts,
            } => self.input(text, &sql::without_comments(text, dialect), facts),
            Asked::Command { args, input } => self.command(args, input),
        }
    }
}
