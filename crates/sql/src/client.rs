//! Texts for command-line clients, which run commands of their own before the server
//! sees any SQL.

mod lines;
mod psql;

use std::collections::BTreeSet;

use crate::assess::assess;
use crate::catalog::Catalog;
use crate::facts::{Access, Dialect, Facts, Kind, Risk, Statement};
use crate::fingerprint::fingerprint;
use crate::tree::Lowered;
use crate::understand::facts_with;

/// A command-line client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// `psql` of PostgreSQL.
    Psql,
    /// `mysql` and `mariadb`.
    Mysql,
    /// `sqlcmd` of SQL Server.
    Sqlcmd,
}

impl Client {
    /// The client of this name: `psql`, `mysql`, `mariadb`, `sqlcmd`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "psql" => Some(Self::Psql),
            "mysql" | "mariadb" => Some(Self::Mysql),
            "sqlcmd" => Some(Self::Sqlcmd),
            _ => None,
        }
    }
}

/// A text taken apart.
#[derive(Debug, Default)]
struct Parts {
    /// What the server is sent, with commands taken out.
    sql: String,
    /// SQL that a command sends.
    copies: Vec<String>,
    /// What the commands do.
    commands: Vec<Command>,
}

/// What a command of a client does.
#[derive(Debug)]
struct Command {
    is_harmless: bool,
    risks: BTreeSet<Risk>,
}

impl Command {
    /// A command that only looks.
    fn harmless() -> Self {
        Self {
            is_harmless: true,
            risks: BTreeSet::from([Risk::ClientCommand]),
        }
    }

    /// A command that does more, with what makes it dangerous.
    fn with(risk: Option<Risk>) -> Self {
        let mut risks = BTreeSet::from([Risk::ClientCommand]);
        risks.extend(risk);
        Self {
            is_harmless: false,
            risks,
        }
    }
}

/// What is known about a text that a client reads. Each command of the client counts
/// as a statement of kind `other` with [`Risk::ClientCommand`].
pub fn facts_for_client(text: &str, dialect: Dialect, client: Client, catalog: &Catalog) -> Facts {
    let parts = match client {
        Client::Psql => psql::take_apart(text),
        Client::Mysql => lines::mysql(text),
        Client::Sqlcmd => lines::sqlcmd(text),
    };
    let unparsed = |reason: String| Facts {
        dialect,
        parsed: false,
        parse_error: Some(reason),
        fingerprint: fingerprint(text, dialect),
        statements: Vec::new(),
    };
    let parts = match parts {
        Ok(parts) => parts,
        Err(reason) => return unparsed(reason),
    };
    let mut facts = facts_with(&parts.sql, dialect, catalog);
    facts.fingerprint = fingerprint(text, dialect);
    for copy in &parts.copies {
        let of_copy = facts_with(copy, dialect, catalog);
        if !of_copy.parsed {
            return unparsed(of_copy.parse_error.unwrap_or_default());
        }
        let statements = of_copy.statements.into_iter();
        facts.statements.extend(statements.map(|mut statement| {
            // The file is one of the client; what goes out of it comes from the user.
            statement.is_read_only = false;
            if statement.tables.iter().all(|it| it.access == Access::Write) {
                statement.risks.remove(&Risk::Exfiltration);
            }
            statement.risks.insert(Risk::ClientCommand);
            statement
        }));
    }
    if facts.parsed {
        let commands = parts.commands.into_iter();
        facts.statements.extend(commands.filter_map(of_command));
    }
    facts
}

/// The facts of a command.
fn of_command(command: Command) -> Option<Statement> {
    let lowered = Lowered {
        is_harmless: command.is_harmless,
        risks: command.risks,
        ..Lowered::of(Kind::Other)
    };
    assess(&lowered, Dialect::Postgres, &Catalog::new())
}
