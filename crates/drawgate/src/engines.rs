//! The engines as commands of their own: they filter standard input and need no
//! gateway.

mod facts;
mod mask;
pub(crate) mod policy_test;

use std::io::{self, BufRead as _, BufWriter, Write as _};

use clap::Subcommand;

use crate::failure::Failure;

pub(crate) use self::facts::Facts;
pub(crate) use self::mask::Mask;

/// Facts about SQL.
#[derive(Subcommand)]
pub(crate) enum Sql {
    /// Tell what statements do: kinds, tables, columns, functions, risks.
    Facts(Facts),
}

impl Sql {
    /// Runs the command.
    ///
    /// # Errors
    /// Wrong arguments, or what cannot be read or written.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match self {
            Self::Facts(facts) => facts.run(),
        }
    }
}

/// Answers every line of standard input with one on standard output.
fn answer_lines(answer: impl Fn(&str) -> String) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::Failed(format!("standard input: {error}")))?;
        if !line.trim().is_empty() {
            written(writeln!(out, "{}", answer(&line)))?;
        }
    }
    written(out.flush())
}

/// A reader who has seen enough is no mistake.
fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
