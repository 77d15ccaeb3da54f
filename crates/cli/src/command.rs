//! The list of commands.

use clap::Subcommand;

use crate::admin::Admin;
use crate::api::Api;
use crate::apply::Apply;
use crate::config::Config;
use crate::connections::Connections;
use crate::doctor;
use crate::exec::Exec;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::login::Login;
use crate::output::Output;
use crate::papers::{Completions, Man};
use crate::policy::Policy;
use crate::sessions::Sessions;
use crate::{login, view};

/// Every command that speaks to a gateway.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in and keep the tokens in the settings file.
    Login(Login),
    /// Sign out and forget the tokens.
    Logout,
    /// Show who you are at the gateway.
    Whoami,
    /// Run a query or a command at a connection.
    Exec(Exec),
    /// Connections that you can use.
    #[command(subcommand)]
    Connections(Connections),
    /// Records of what was run.
    #[command(subcommand)]
    Sessions(Sessions),
    /// What policy would do.
    #[command(subcommand)]
    Policy(Policy),
    /// Apply a file of policies: guardrails, masking rules, attributes and access control.
    Apply(Apply),
    /// Settings of this command line.
    #[command(subcommand)]
    Config(Config),
    /// Users, groups, keys, rules, attributes and access control.
    #[command(subcommand)]
    Admin(Admin),
    /// Check address, token, versions, clocks and connections.
    Doctor,
    /// Print completions of a shell.
    Completions(Completions),
    /// Print the manual page, or write one per command.
    Man(Man),
}

/// Runs a command and returns the exit code of the process. `root` is the
/// command line of the whole binary, for completions and manual pages.
#[must_use]
pub fn run(command: Command, globals: &Globals, root: clap::Command) -> i32 {
    let out = Output {
        format: globals.output,
    };
    let result = match command {
        Command::Completions(shell) => shell.print(root, out),
        Command::Man(man) => man.print(root, out),
        Command::Config(config) => config.run(globals, out),
        command @ (Command::Login(_)
        | Command::Logout
        | Command::Whoami
        | Command::Exec(_)
        | Command::Connections(_)
        | Command::Sessions(_)
        | Command::Policy(_)
        | Command::Apply(_)
        | Command::Admin(_)
        | Command::Doctor) => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::Local(format!("no runtime: {error}")))
            .and_then(|runtime| {
                let result = runtime.block_on(speak(command, globals, out));
                // A read of standard input that nobody waits for must not hold the exit.
                runtime.shutdown_background();
                result
            }),
    };
    result.unwrap_or_else(|failure| {
        out.failure(&failure);
        failure.exit_code()
    })
}

/// Commands that speak to the gateway.
async fn speak(command: Command, globals: &Globals, out: Output) -> Result<i32, Failure> {
    // It must tell what is wrong with the settings, too.
    if matches!(command, Command::Doctor) {
        return doctor::run(globals, out).await;
    }
    let api = Api::open(globals, out)?;
    match command {
        Command::Login(login) => login.run(&api, out).await,
        Command::Logout => login::out(&api, out).await,
        Command::Whoami => whoami(&api, out).await,
        Command::Exec(exec) => exec.run(&api, out).await,
        Command::Connections(connections) => connections.run(&api, out).await,
        Command::Sessions(sessions) => sessions.run(&api, out).await,
        Command::Policy(policy) => policy.run(&api, out).await,
        Command::Apply(apply) => apply.run(&api, out).await,
        Command::Admin(admin) => admin.run(&api, out).await,
        // These were answered before.
        Command::Doctor | Command::Config(_) | Command::Completions(_) | Command::Man(_) => Ok(0),
    }
}

async fn whoami(api: &Api, out: Output) -> Result<i32, Failure> {
    let me = api.send(crate::request::Request::get(&["me"])).await?;
    let keys = [
        "user_email",
        "user_name",
        "org_name",
        "groups",
        "is_admin",
        "is_auditor",
        "is_agent",
    ];
    view::object(out, &me, &keys)?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser};

    #[derive(Debug, Parser)]
    #[command(name = "drawgate", version, propagate_version = true)]
    struct Root {
        #[command(flatten)]
        globals: Globals,
        #[command(subcommand)]
        command: Command,
    }

    fn parse(line: &str) -> Result<Root, clap::Error> {
        Root::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Root::command().debug_assert();
    }

    #[test]
    fn every_command_is_understood() {
        for line in [
            "drawgate login --email a@b.c --password-file -",
            "drawgate login --token-file f",
            "drawgate logout",
            "drawgate whoami",
            "drawgate exec pg -i 1 -o csv -m a=b --metadata c=d -d db -e K=V -a -x --reason r --no-wait",
            "drawgate exec pg -f q.sql --wait --idempotency-key k -o json --rows",
            "drawgate -o json connections list --search pg --limit 5",
            "drawgate connections get pg --include-secrets",
            "drawgate connections create pg --type database --subtype postgres --secrets-file f --tag a=b",
            "drawgate connections update pg --tag a=b --remove-secret HOST --clear reviewers",
            "drawgate connections delete pg --yes --if-version 3",
            "drawgate connections test pg",
            "drawgate sessions list --connection pg --status open",
            "drawgate sessions content 1 --input",
            "drawgate sessions wait 1 --timeout 5",
            "drawgate sessions kill 1 --reason r",
            "drawgate config view token",
            "drawgate config set api_url https://x",
            "drawgate admin users list",
            "drawgate admin groups create g --connection pg",
            "drawgate admin keys create k --group g --agent",
            "drawgate admin attributes create pii --connection pg --guardrail g --masking m --group dba",
            "drawgate admin attributes update pii --description d --clear groups --if-version 2",
            "drawgate admin access set pg --group dba -g sre --if-version 0",
            "drawgate admin access unset pg --yes",
            "drawgate policy preview pg -i 1 --as a@b.c --verb connect -d db",
            "drawgate policy backtest -f p.yaml --since 12h --until 1h --connection pg --user a@b.c --limit 5 --examples 1",
            "drawgate apply -f policies.yaml --dry-run --prune --yes -o json",
            "drawgate doctor --api-url http://h",
            "drawgate completions bash",
            "drawgate man --dir d",
        ] {
            parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for line in [
            "drawgate exec",
            "drawgate exec pg -i a -f b",
            "drawgate exec pg -m novalue",
            "drawgate exec pg -o xml",
            "drawgate connections create pg",
            "drawgate apply",
            "drawgate policy backtest",
            "drawgate admin access set pg",
            "drawgate admin attributes update pii --clear version",
            "drawgate config set token secret",
            "drawgate whoami --token dgt_x",
        ] {
            let error = parse(line).map(drop).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
