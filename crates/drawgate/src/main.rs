#![doc = include_str!("../README.md")]

mod data_dir;
mod demo;
mod doors;
mod engines;
mod failure;
mod flags;
mod front;
mod generate;
mod keeper;
mod listener;
mod private;
mod rotate_key;
mod serve;
mod settings;
mod stopping;
mod telemetry;
mod tls;
mod welcome;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::engines::policy_test;
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Access gateway for AI agents and people.
#[derive(Parser)]
#[command(
    name = "drawgate",
    version,
    propagate_version = true,
    max_term_width = 100
)]
struct Arguments {
    #[command(flatten)]
    globals: cli::Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the gateway.
    Start(Box<flags::Flags>),
    /// Mask personal data and secrets in standard input.
    Mask(engines::Mask),
    /// Facts about SQL.
    #[command(subcommand)]
    Sql(engines::Sql),
    /// Write the reference documents that are checked in.
    #[command(hide = true)]
    Generate(generate::Generate),
    #[command(flatten)]
    Cli(Box<cli::Command>),
}

fn main() -> ExitCode {
    // rustls asks for the provider of the whole process once; a second call is harmless.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = root_command();
    let matches = root.clone().get_matches();
    if let Some(("admin", admin)) = matches.subcommand()
        && let Some((rotate_key::NAME, rotate)) = admin.subcommand()
    {
        let parsed = flags::Flags::from_arg_matches(rotate).and_then(|flags| {
            let globals = cli::Globals::from_arg_matches(&matches)?;
            Ok((flags, globals.output))
        });
        return finish(
            parsed
                .map_err(|error| Failure::Settings(error.to_string()))
                .and_then(|(flags, format)| rotate_key::run(flags, format)),
        );
    }
    if let Some(("policy", policy)) = matches.subcommand()
        && let Some((policy_test::NAME, test)) = policy.subcommand()
    {
        let globals = cli::Globals::from_arg_matches(&matches);
        return finish(
            globals
                .map_err(|error| Failure::Settings(error.to_string()))
                .and_then(|globals| policy_test::run(test, globals.output)),
        );
    }
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match arguments.command {
        Command::Start(flags) => finish(serve::run(*flags)),
        Command::Mask(mask) => finish(mask.run()),
        Command::Sql(sql) => finish(sql.run()),
        Command::Generate(generate) => finish(generate.run().map_err(Failure::from)),
        Command::Cli(command) => {
            let code = cli::run(*command, &arguments.globals, root);
            ExitCode::from(u8::try_from(code.rem_euclid(256)).unwrap_or(1))
        }
    }
}

/// The command line of the whole binary. Rotating the key needs the store and
/// expectations need the engines, so they join `admin` and `policy` here and not in
/// `cli`, which speaks HTTP only.
fn root_command() -> clap::Command {
    Arguments::command()
        .mut_subcommand("admin", |admin| admin.subcommand(rotate_key::command()))
        .mut_subcommand("policy", |policy| policy.subcommand(policy_test::command()))
}

/// The exit code of a command of this crate; mistakes go to standard error.
fn finish(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "error: {}", failure.message());
            failure.code()
        }
    }
}
