//! Options that every command takes.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, FromArgMatches, ValueEnum};
use model::SecretString;

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
pub struct Globals {
    /// Address of the gateway, for instance `https://gateway.example.com`.
    #[arg(long, global = true, env = "DRAWGATE_API_URL", value_name = "URL")]
    pub api_url: Option<String>,
    /// Folder of the settings file, instead of the user's own.
    #[arg(
        long,
        global = true,
        env = "DRAWGATE_CONFIG_DIR",
        value_name = "DIR",
        hide = true
    )]
    pub config_dir: Option<PathBuf>,
    /// How results are printed.
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub output: OutputFormat,
    /// The token of the environment.
    #[command(flatten)]
    pub token: EnvironmentToken,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// The gateway's own JSON.
    Json,
    /// Comma-separated values, quoted by RFC 4180.
    Csv,
}

/// The token of `DRAWGATE_TOKEN`. It is refused on the command line, which
/// every user of the machine can read.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentToken(pub Option<SecretString>);

const TOKEN: &str = "token_of_environment";

impl Args for EnvironmentToken {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.arg(
            Arg::new(TOKEN)
                .long("token")
                .env("DRAWGATE_TOKEN")
                .hide(true)
                .hide_env_values(true)
                .global(true),
        )
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for EnvironmentToken {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        if matches.value_source(TOKEN) == Some(ValueSource::CommandLine) {
            return Err(clap::Error::raw(
                clap::error::ErrorKind::ArgumentConflict,
                "a token on the command line can be read by every user of this machine; \
                 set DRAWGATE_TOKEN or use drawgate login --token-file\n",
            ));
        }
        let token = matches.get_one::<String>(TOKEN).map(|token| token.trim());
        Ok(Self(
            token
                .filter(|token| !token.is_empty())
                .map(SecretString::from),
        ))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
