#![doc = include_str!("../README.md")]

mod compare;
mod contestant;
mod fault;
mod floor;
mod footprint;
mod http;
mod load;
mod process;
mod rules;
mod stream;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use fault::Fault;

/// Load and size of the whole program.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Floor(floor::Options),
    Load(load::Options),
    Compare(compare::Options),
    Rules(rules::Options),
    Stream(stream::Options),
    Footprint(footprint::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Ending by a signal drops the work, and with it every server it started.
    let answer = tokio::select! {
        answer = run(arguments.command) => answer,
        answer = stopped() => answer,
    };
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&mut std::io::stderr(), &fault.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Fault> {
    match command {
        Command::Floor(options) => floor::serve(options).await,
        Command::Load(options) => load::run(options).await,
        Command::Compare(options) => compare::run(options).await,
        Command::Rules(options) => rules::run(options).await,
        Command::Stream(options) => stream::run(options).await,
        Command::Footprint(options) => footprint::run(options).await,
    }
}

async fn stopped() -> Result<(), Fault> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Err(Fault::Setup("stopped by a signal".to_owned()))
}

/// Writes one line of a result.
fn show(line: &str) {
    say(&mut std::io::stdout(), line);
}

fn say(to: &mut dyn Write, line: &str) {
    // A closed pipe is the reader's choice, not a failure.
    let _ = writeln!(to, "{line}");
}
