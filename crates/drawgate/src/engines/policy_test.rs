//! `drawgate policy test`: the expectations in a file of policies, tried without a
//! gateway.

mod compare;
mod trial;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, FromArgMatches as _};
use cli::OutputFormat;
use serde::Serialize;

use self::compare::Mismatch;
use self::trial::Trials;
use super::written;
use crate::failure::Failure;

/// Its name below `drawgate policy`.
pub(crate) const NAME: &str = "test";

/// Try the expectations under `tests` in a file of policies; needs no gateway.
#[derive(Args)]
#[command(after_help = "\
Exit code: 0 when all expectations are met, 1 when one is not, 2 when the file is wrong.")]
pub(crate) struct PolicyTest {
    /// The file, in YAML or JSON; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
}

/// What came of a file.
#[derive(Serialize)]
struct Report<'a> {
    passed: usize,
    failed: usize,
    tests: Vec<Tried<'a>>,
}

/// What came of one expectation.
#[derive(Serialize)]
struct Tried<'a> {
    name: &'a str,
    passed: bool,
    mismatches: Vec<Mismatch>,
}

/// The subcommand.
pub(crate) fn command() -> clap::Command {
    PolicyTest::augment_args(
        clap::Command::new(NAME)
            .about("Try the expectations under `tests` in a file of policies; needs no gateway"),
    )
}

/// Runs the command from its arguments.
///
/// # Errors
/// [`Failure::Settings`] for a file that cannot be used, [`Failure::Failed`] when an
/// expectation is not met.
pub(crate) fn run(arguments: &ArgMatches, format: OutputFormat) -> Result<(), Failure> {
    let arguments = PolicyTest::from_arg_matches(arguments)
        .map_err(|error| Failure::Settings(error.to_string()))?;
    arguments.run(format)
}

impl PolicyTest {
    fn run(&self, format: OutputFormat) -> Result<(), Failure> {
        let file = cli::policy_file(&self.file).map_err(Failure::Settings)?;
        let trials = Trials::new(&file).map_err(|mistakes| {
            let path = match self.file == Path::new("-") {
                true => "standard input".to_owned(),
                false => self.file.display().to_string(),
            };
            let told = mistakes.iter().map(|mistake| format!("\n  {mistake}"));
            Failure::Settings(format!("{path}:{}", String::from_iter(told)))
        })?;
        let tests = file.tests.iter().map(|expectation| {
            let mismatches = trials.mismatches(expectation);
            Tried {
                name: &expectation.name,
                passed: mismatches.is_empty(),
                mismatches,
            }
        });
        let tests: Vec<_> = tests.collect();
        let failed = tests.iter().filter(|test| !test.passed).count();
        let report = Report {
            passed: tests.len() - failed,
            failed,
            tests,
        };
        let told = match format {
            OutputFormat::Json => serde_json::to_string_pretty(&report)
                .map_err(|error| Failure::Failed(error.to_string()))?,
            OutputFormat::Text => report.text(),
            OutputFormat::Csv => report.csv(),
        };
        written(writeln!(io::stdout().lock(), "{}", told.trim_end()))?;
        match failed {
            0 => Ok(()),
            1 => Err(Failure::Failed("1 expectation is not met".to_owned())),
            many => Err(Failure::Failed(format!("{many} expectations are not met"))),
        }
    }
}

impl Report<'_> {
    fn csv(&self) -> String {
        let mut csv = cli::csv_line(["name", "passed", "mismatches"]);
        for test in &self.tests {
            let told = test.mismatches.iter().map(ToString::to_string);
            let told = told.collect::<Vec<_>>().join("; ");
            let passed = if test.passed { "yes" } else { "no" };
            csv.push_str(&cli::csv_line([test.name, passed, &told]));
        }
        csv
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        for test in &self.tests {
            let word = if test.passed { "ok    " } else { "FAILED" };
            lines.push(format!("{word}  {}", cli::harmless(test.name)));
            for mismatch in &test.mismatches {
                lines.push(format!("        {}", cli::harmless(&mismatch.to_string())));
            }
        }
        lines.push(format!("{} met, {} not met", self.passed, self.failed));
        lines.join("\n")
    }
}
