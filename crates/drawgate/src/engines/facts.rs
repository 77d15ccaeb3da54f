//! `drawgate sql facts`.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sql::{Catalog, Dialect, facts_with, jsonl_line};

use super::{answer_lines, written};
use crate::failure::Failure;

/// Tell what statements do: kinds, tables, columns, functions, risks.
#[derive(Args)]
pub(crate) struct Facts {
    /// Language of standard input and of the schema.
    #[arg(long, value_enum, default_value = "postgres")]
    dialect: Language,
    /// The tables there are, as CREATE TABLE and CREATE VIEW statements.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Standard input is lines of `{"id", "dialect", "client", "sql"}`; each is answered
    /// with `{"id", "labels"}`, or with `error` when it is not understood.
    #[arg(long)]
    jsonl: bool,
}

/// A dialect by name.
#[derive(Clone, Copy, ValueEnum)]
enum Language {
    Postgres,
    Mysql,
    Mssql,
    Sqlite,
    Oracle,
}

impl From<Language> for Dialect {
    fn from(language: Language) -> Self {
        match language {
            Language::Postgres => Self::Postgres,
            Language::Mysql => Self::Mysql,
            Language::Mssql => Self::Mssql,
            Language::Sqlite => Self::Sqlite,
            Language::Oracle => Self::Oracle,
        }
    }
}

impl Facts {
    /// Reads standard input and tells about it.
    ///
    /// # Errors
    /// A schema that is not understood, or what cannot be read or written.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let catalog = self.catalog()?;
        if self.jsonl {
            return answer_lines(|line| jsonl_line(line, catalog.as_ref()));
        }
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Failure::Failed(format!("standard input: {error}")))?;
        let facts = facts_with(&text, self.dialect.into(), &catalog.unwrap_or_default());
        let told = serde_json::to_string_pretty(&facts)
            .map_err(|error| Failure::Failed(error.to_string()))?;
        written(writeln!(io::stdout().lock(), "{told}"))
    }

    fn catalog(&self) -> Result<Option<Catalog>, Failure> {
        let Some(path) = &self.schema else {
            return Ok(None);
        };
        let wrong = |error: String| Failure::Settings(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let catalog = Catalog::from_ddl(&text, self.dialect.into());
        catalog.map(Some).map_err(|error| wrong(error.to_string()))
    }
}
