//! What can be said on the command line and in the environment.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::Deserialize;

/// Settings as they are given: flags beat environment beat file. Everything is
/// optional, so that it is known what was said where.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Flags {
    /// Make a demo: a shop database, a shell, users and their tokens.
    #[arg(long, env = "DRAWGATE_DEMO", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) demo: Option<Said>,
    /// Address to listen on [default: 127.0.0.1:8009].
    #[arg(long, env = "DRAWGATE_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Folder of everything that is kept here [default: ./drawgate-data].
    #[arg(long, env = "DRAWGATE_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Where state is kept: sqlite:PATH or postgres://… [default: sqlite in the data folder].
    #[arg(
        long,
        env = "DRAWGATE_STORE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,
    /// How replicas wake each other [default: in process, or the PostgreSQL store].
    #[arg(long, env = "DRAWGATE_BUS", value_name = "URL", hide_env_values = true)]
    pub(crate) bus: Option<String>,
    /// Where recordings are kept: file:DIR or s3://BUCKET/PREFIX [default: in the data folder].
    #[arg(long, env = "DRAWGATE_RECORDINGS", value_name = "URL")]
    pub(crate) recordings: Option<String>,
    /// Address that clients reach the gateway at [default: from the listener].
    #[arg(long, env = "DRAWGATE_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// File with the same settings, in TOML.
    #[arg(long, env = "DRAWGATE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// Certificate chain in PEM; it is read again when it changes.
    #[arg(long, env = "DRAWGATE_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key in PEM.
    #[arg(long, env = "DRAWGATE_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Origins of web pages that may call the MCP door.
    #[arg(
        long,
        env = "DRAWGATE_ALLOWED_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub(crate) allowed_origins: Option<Vec<String>>,
    /// Host names besides the public one that the MCP door answers to.
    #[arg(
        long,
        env = "DRAWGATE_ALLOWED_HOSTS",
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub(crate) allowed_hosts: Option<Vec<String>>,
    /// Networks of reverse proxies whose X-Forwarded headers are believed.
    #[arg(
        long,
        env = "DRAWGATE_TRUSTED_PROXIES",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Option<Vec<String>>,
    /// Seconds that runs get to end by themselves when the gateway stops [default: 10].
    #[arg(long, env = "DRAWGATE_SHUTDOWN_SECONDS", value_name = "SECONDS")]
    pub(crate) shutdown_seconds: Option<Said>,
    /// What is logged, for instance info or gate=debug [default: info].
    #[arg(long, env = "DRAWGATE_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How it is logged: text or json [default: text on a terminal, json otherwise].
    #[arg(long, env = "DRAWGATE_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: Option<Said>,
    /// Send traces to this OTLP endpoint, for instance `http://localhost:4318/v1/traces`.
    #[arg(long, env = "DRAWGATE_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
}

/// What was said for a setting that is no text. It is read with all the others,
/// so that its mistake is told with theirs.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Said {
    /// In the file.
    Switch(bool),
    /// In the file.
    Number(i64),
    /// On the command line, in the environment or in the file.
    Text(String),
}

impl FromStr for Said {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::Text(text.to_owned()))
    }
}

impl Said {
    /// Yes or no.
    pub(crate) fn switch(&self) -> Option<bool> {
        match self {
            Self::Switch(value) => Some(*value),
            Self::Number(_) => None,
            Self::Text(text) => text.parse().ok(),
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Self::Switch(_) => None,
            Self::Number(value) => u64::try_from(*value).ok(),
            Self::Text(text) => text.parse().ok(),
        }
    }

    /// A text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Switch(_) | Self::Number(_) => None,
            Self::Text(text) => Some(text),
        }
    }
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// The form with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl Flags {
    /// What is given here, and what `file` says about the rest.
    pub(crate) fn over(self, file: Self) -> Self {
        Self {
            demo: self.demo.or(file.demo),
            listen: self.listen.or(file.listen),
            data_dir: self.data_dir.or(file.data_dir),
            store: self.store.or(file.store),
            bus: self.bus.or(file.bus),
            recordings: self.recordings.or(file.recordings),
            public_url: self.public_url.or(file.public_url),
            config: self.config,
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            allowed_origins: self.allowed_origins.or(file.allowed_origins),
            allowed_hosts: self.allowed_hosts.or(file.allowed_hosts),
            trusted_proxies: self.trusted_proxies.or(file.trusted_proxies),
            shutdown_seconds: self.shutdown_seconds.or(file.shutdown_seconds),
            log: self.log.or(file.log),
            log_format: self.log_format.or(file.log_format),
            otlp_endpoint: self.otlp_endpoint.or(file.otlp_endpoint),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Flags in the first cell of the rows of a table.
    fn documented(text: &str) -> BTreeSet<String> {
        let cells = text
            .lines()
            .filter_map(|line| line.strip_prefix("| `--")?.split('|').next());
        let names = cells.flat_map(|cell| cell.split([',', '`', ' ']));
        names
            .map(|name| name.trim_start_matches("--").to_owned())
            .filter(|name| !name.is_empty())
            .collect()
    }

    #[test]
    fn the_table_for_operators_has_every_flag_and_the_environment_its_name() {
        let command = Flags::augment_args(clap::Command::new("start"));
        let mut flags = BTreeSet::new();
        for flag in command.get_arguments() {
            let name = flag.get_long().unwrap().to_owned();
            let variable = format!("DRAWGATE_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(flag.get_env().unwrap(), &*variable);
            flags.insert(name);
        }
        let table = include_str!("../../../docs/operating.md");
        assert_eq!(documented(table), flags);
    }
}
