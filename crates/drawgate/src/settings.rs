//! Checked settings. Every mistake is reported at once, before anything is made.

mod checks;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use identity::Proxies;
use mcp::Fence;
use model::SecretString;
use store::StoreUrl;

use crate::flags::{Flags, LogFormat};

/// Settings that have been checked.
pub(crate) struct Settings {
    pub(crate) demo: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) store: StoreUrl,
    pub(crate) recordings: String,
    /// Options of an S3 bucket, from the environment variables of its tools.
    pub(crate) recording_options: BTreeMap<String, SecretString>,
    /// Without trailing slash; `None` follows the listener.
    pub(crate) public_url: Option<String>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) proxies: Proxies,
    pub(crate) shutdown: Duration,
    pub(crate) telemetry: Telemetry,
}

/// Certificate and key.
#[derive(Clone)]
pub(crate) struct TlsFiles {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// What is logged and traced.
pub(crate) struct Telemetry {
    pub(crate) filter: String,
    pub(crate) format: Option<LogFormat>,
    pub(crate) otlp_endpoint: Option<String>,
}

/// Variables of the tools of S3 and the options they stand for.
const S3_VARIABLES: [(&str, &str); 6] = [
    ("AWS_ACCESS_KEY_ID", "access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ("AWS_SESSION_TOKEN", "token"),
    ("AWS_REGION", "region"),
    ("AWS_ENDPOINT_URL", "endpoint"),
    ("AWS_ALLOW_HTTP", "allow_http"),
];

impl Settings {
    /// Reads the file that the flags name and checks everything.
    ///
    /// # Errors
    /// Every mistake, one line each.
    pub(crate) fn read(flags: Flags) -> Result<Self, String> {
        let mut mistakes = Vec::new();
        let file = match read_file(&flags) {
            Ok(file) => file,
            Err(mistake) => {
                mistakes.push(mistake);
                Flags::default()
            }
        };
        let flags = flags.over(file);
        let settings = Self::check(flags, &mut mistakes);
        match settings {
            Some(settings) if mistakes.is_empty() => Ok(settings),
            _ => Err(format!(
                "the configuration is wrong:\n  {}",
                mistakes.join("\n  ")
            )),
        }
    }

    fn check(flags: Flags, mistakes: &mut Vec<String>) -> Option<Self> {
        let mut note = |name: &str, problem: String| mistakes.push(format!("{name}: {problem}"));
        let listen = checks::listen(flags.listen, &mut note);
        let data_dir = flags
            .data_dir
            .unwrap_or_else(|| PathBuf::from("./drawgate-data"));
        let store = match &flags.store {
            None => Some(StoreUrl::Sqlite(data_dir.join("drawgate.db"))),
            Some(url) => StoreUrl::parse(url)
                .map_err(|error| note("store", without_name(&error, "store: ")))
                .ok(),
        };
        checks::bus(flags.bus.as_deref(), store.as_ref(), &mut note);
        let recordings = flags
            .recordings
            .unwrap_or_else(|| format!("file:{}", data_dir.join("recordings").display()));
        let recording_options = recording_options();
        if let Err(error) = store::check_recordings(&recordings, &recording_options) {
            note("recordings", without_name(&error, "recordings: "));
        }
        let public_url = flags
            .public_url
            .map(|url| url.trim_end_matches('/').to_owned());
        checks::public_url(public_url.as_deref(), &mut note);
        let (origins, hosts) = (
            flags.allowed_origins.unwrap_or_default(),
            flags.allowed_hosts.unwrap_or_default(),
        );
        if let Err(error) = Fence::new(public_url.as_slice(), &origins, &hosts, true) {
            let names = "public_url, allowed_origins, allowed_hosts";
            note(names, error.to_string());
        }
        let tls = checks::tls_files(flags.tls_cert, flags.tls_key, &mut note);
        let networks = checks::networks(flags.trusted_proxies.unwrap_or_default(), &mut note);
        let filter = flags.log.unwrap_or_else(|| "info".into());
        if let Err(error) = filter.parse::<tracing_subscriber::EnvFilter>() {
            note("log", error.to_string());
        }
        let format = checks::log_format(flags.log_format.as_ref(), &mut note);
        checks::otlp_endpoint(flags.otlp_endpoint.as_deref(), &mut note);
        Some(Self {
            demo: checks::demo(flags.demo.as_ref(), &mut note),
            shutdown: checks::shutdown(flags.shutdown_seconds.as_ref(), &mut note),
            listen: listen?,
            data_dir,
            store: store?,
            recordings,
            recording_options,
            public_url,
            tls,
            allowed_origins: origins,
            allowed_hosts: hosts,
            proxies: Proxies::new(networks),
            telemetry: Telemetry {
                filter,
                format,
                otlp_endpoint: flags.otlp_endpoint,
            },
        })
    }
}

/// The text of an error of the store, which begins with the setting's name.
fn without_name(error: &store::Error, name: &str) -> String {
    let text = error.to_string();
    text.strip_prefix(name)
        .map_or_else(|| text.clone(), str::to_owned)
}

fn read_file(flags: &Flags) -> Result<Flags, String> {
    let Some(path) = &flags.config else {
        return Ok(Flags::default());
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("config: {} cannot be read: {error}", path.display()))?;
    // The message names line and key; a value could be a secret of the store's URL.
    toml::from_str(&text)
        .map_err(|error| format!("config: {}: {}", path.display(), error.message()))
}

/// Options of an S3 bucket from the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the environment"
)]
fn recording_options() -> BTreeMap<String, SecretString> {
    S3_VARIABLES
        .iter()
        .filter_map(|(variable, option)| {
            let value = std::env::var(variable).ok()?;
            // An empty variable is one that is not set.
            if value.is_empty() {
                return None;
            }
            Some(((*option).to_owned(), SecretString::from(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Said;

    fn wrong(flags: Flags) -> String {
        Settings::read(flags).err().unwrap()
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let text = wrong(Flags {
            listen: Some("here".into()),
            store: Some("mysql://x".into()),
            bus: Some("nats://x".into()),
            recordings: Some("ftp://x".into()),
            public_url: Some("gateway".into()),
            tls_cert: Some("/nowhere.pem".into()),
            trusted_proxies: Some(vec!["many".into()]),
            shutdown_seconds: Some(Said::Text("soon".into())),
            log_format: Some(Said::Text("xml".into())),
            demo: Some(Said::Number(2)),
            otlp_endpoint: Some("localhost:4318".into()),
            ..Flags::default()
        });
        for name in [
            "shutdown_seconds:",
            "log_format:",
            "demo:",
            "otlp_endpoint:",
            "listen:",
            "store:",
            "bus:",
            "recordings:",
            "public_url",
            "tls_key:",
            "trusted_proxies:",
        ] {
            assert!(text.contains(name), "{name} in {text}");
        }
    }

    #[test]
    fn a_password_in_the_store_is_not_repeated() {
        let text = wrong(Flags {
            store: Some("mysql://u:hunter2@h/d".into()),
            ..Flags::default()
        });
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn flags_beat_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("drawgate.toml");
        std::fs::write(&config, "listen = \"127.0.0.1:1\"\nshutdown_seconds = 3\n").unwrap();
        let flags = Flags {
            config: Some(config.clone()),
            listen: Some("127.0.0.1:2".into()),
            ..Flags::default()
        };
        let settings = Settings::read(flags).ok().unwrap();
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.shutdown, Duration::from_secs(3));
        std::fs::write(&config, "lisen = \"127.0.0.1:1\"\n").unwrap();
        assert!(
            wrong(Flags {
                config: Some(config),
                ..Flags::default()
            })
            .contains("lisen")
        );
    }

    #[test]
    fn the_example_names_every_setting_and_nothing_else() {
        let example = include_str!("../../../drawgate.example.toml");
        let settings: Vec<String> = example
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .map(str::to_owned)
            .collect();
        toml::from_str::<Flags>(&settings.join("\n")).unwrap();
        // Every flag but `config` itself.
        assert_eq!(settings.len(), 16);
    }
}
