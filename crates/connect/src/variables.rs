//! What a connection says about its target: required variables, port, TLS.

use std::collections::BTreeMap;

use model::{ConnectionType, ExposeSecret, SecretString, Tls};

use crate::{Fault, Stage};

/// The values of a connection by the name of their variable, whatever their
/// form (`envvar:` or `filesystem:`).
#[derive(Clone, Copy)]
pub(crate) struct Variables<'a>(pub(crate) &'a BTreeMap<String, SecretString>);

impl<'a> Variables<'a> {
    /// A value that is secret; empty ones count as absent.
    pub(crate) fn secret(self, name: &str) -> Option<&'a SecretString> {
        ["envvar", "filesystem"]
            .into_iter()
            .find_map(|form| self.0.get(&format!("{form}:{name}")))
            .filter(|value| !value.expose_secret().is_empty())
    }

    /// A value that may be shown.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.secret(name)
            .map(|value| value.expose_secret().trim())
            .filter(|value| !value.is_empty())
    }

    /// A value without which nothing works.
    pub(crate) fn required(self, name: &str) -> Result<&'a str, Fault> {
        self.text(name)
            .ok_or_else(|| Fault::invalid(Stage::Agent, format!("the connection has no `{name}`")))
    }

    /// A TCP port.
    pub(crate) fn port(self, default: u16) -> Result<u16, Fault> {
        self.text("PORT").map_or(Ok(default), |text| {
            text.parse().map_err(|_| {
                Fault::invalid(Stage::Agent, "the connection's `PORT` is not a port number")
            })
        })
    }

    /// How the traffic of a database is to be protected.
    pub(crate) fn ssl_mode(self) -> Result<Tls, Fault> {
        let mode = self.text("SSLMODE").unwrap_or("prefer");
        parse_ssl_mode(mode).ok_or_else(|| {
            Fault::invalid(
                Stage::Agent,
                "the connection's `SSLMODE` is none of disable, prefer, require, verify-full",
            )
        })
    }
}

/// Checks that a connection has the variables that its kind needs. `keys` are
/// the keys of its secrets, `envvar:NAME` or `filesystem:NAME`.
///
/// # Errors
/// The names that are missing.
pub fn check_secrets<K: AsRef<str>>(
    kind: ConnectionType,
    subtype: &str,
    keys: impl IntoIterator<Item = K>,
) -> Result<(), Vec<String>> {
    let names: Vec<String> = keys
        .into_iter()
        .filter_map(|key| Some(key.as_ref().split_once(':')?.1.to_owned()))
        .collect();
    let missing: Vec<String> = required(kind, subtype)
        .iter()
        .filter(|choice| {
            !choice
                .split('|')
                .any(|name| names.iter().any(|have| have == name))
        })
        .map(|choice| choice.replace('|', " or "))
        .collect();
    let is_whole = subtype == "mongodb" && names.iter().any(|name| name == "CONNECTION_STRING");
    if missing.is_empty() || is_whole {
        Ok(())
    } else {
        Err(missing)
    }
}

/// How the traffic of a connection is protected, as its variables ask;
/// `None` for targets without a network of their own.
#[must_use]
pub fn tls_of(
    kind: ConnectionType,
    subtype: &str,
    secrets: &BTreeMap<String, SecretString>,
) -> Option<Tls> {
    let variables = Variables(secrets);
    let is_insecure = variables
        .text("INSECURE")
        .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1");
    let encrypted = if is_insecure {
        Tls::Unverified
    } else {
        Tls::Verified
    };
    match (kind, subtype) {
        (ConnectionType::Database, "postgres" | "mysql") => {
            Some(parse_ssl_mode(variables.text("SSLMODE").unwrap_or("prefer")).unwrap_or(Tls::Off))
        }
        (ConnectionType::Database, "mssql") => Some(encrypted),
        (ConnectionType::Httpproxy, _) => {
            let url = variables.text("REMOTE_URL")?;
            let is_plain = url
                .split_once("://")
                .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("http"));
            Some(if is_plain { Tls::Off } else { encrypted })
        }
        _ => None,
    }
}

fn parse_ssl_mode(mode: &str) -> Option<Tls> {
    match mode.to_ascii_lowercase().as_str() {
        "disable" => Some(Tls::Off),
        "prefer" => Some(Tls::Preferred),
        "require" => Some(Tls::Unverified),
        "verify-full" => Some(Tls::Verified),
        _ => None,
    }
}

/// Names that must be there; `|` parts names of which one is enough.
fn required(kind: ConnectionType, subtype: &str) -> &'static [&'static str] {
    match (kind, subtype) {
        (ConnectionType::Database, "postgres" | "mysql" | "mssql") => {
            &["HOST", "USER", "PASS", "DB"]
        }
        (ConnectionType::Database, "oracledb") => &["HOST", "USER", "PASS", "SID"],
        (ConnectionType::Database, "mongodb") => &["HOST", "USER", "PASS"],
        (ConnectionType::Database, "sqlite") => &["PATH"],
        (ConnectionType::Application, "tcp") => &["HOST", "PORT"],
        (ConnectionType::Application, "ssh") => &["HOST", "USER", "PASS|AUTHORIZED_SERVER_KEYS"],
        (ConnectionType::Httpproxy, _) => &["REMOTE_URL"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretString> {
        pairs
            .iter()
            .map(|(name, value)| (format!("envvar:{name}"), SecretString::from(*value)))
            .collect()
    }

    #[test]
    fn missing_names_are_told() {
        let database = ConnectionType::Database;
        let missing = check_secrets(database, "postgres", ["envvar:HOST", "filesystem:PASS"]);
        assert_eq!(missing, Err(vec!["USER".to_owned(), "DB".to_owned()]));
        assert_eq!(
            check_secrets(database, "mongodb", ["envvar:CONNECTION_STRING"]),
            Ok(())
        );
        let ssh = check_secrets(ConnectionType::Application, "ssh", ["envvar:HOST"]);
        assert_eq!(ssh.unwrap_err(), ["USER", "PASS or AUTHORIZED_SERVER_KEYS"]);
        assert_eq!(
            check_secrets::<&str>(ConnectionType::Custom, "anything", []),
            Ok(())
        );
    }

    #[test]
    fn protection_is_told_as_asked() {
        let of = |mode| {
            tls_of(
                ConnectionType::Database,
                "postgres",
                &secrets(&[("SSLMODE", mode)]),
            )
        };
        assert_eq!(of("disable"), Some(Tls::Off));
        assert_eq!(of("require"), Some(Tls::Unverified));
        assert_eq!(of("VERIFY-FULL"), Some(Tls::Verified));
        assert_eq!(of(""), Some(Tls::Preferred));
        let web = secrets(&[("REMOTE_URL", "https://x"), ("INSECURE", "true")]);
        assert_eq!(
            tls_of(ConnectionType::Httpproxy, "web", &web),
            Some(Tls::Unverified)
        );
        assert_eq!(tls_of(ConnectionType::Custom, "bash", &web), None);
    }
}
