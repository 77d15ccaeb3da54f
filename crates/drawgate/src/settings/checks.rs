//! The checks of single settings. Each tells its mistake and looks at files only
//! to read them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use identity::Network;
use store::StoreUrl;

use super::TlsFiles;
use crate::flags::{LogFormat, Said};
use crate::tls;

/// Seconds that runs get unless told otherwise.
const SHUTDOWN: u64 = 10;

/// Longest time that runs can get, a day.
const LONGEST_SHUTDOWN: u64 = 86_400;

/// Where to listen; the machine alone unless told otherwise.
pub(super) fn listen(
    given: Option<String>,
    note: &mut impl FnMut(&str, String),
) -> Option<SocketAddr> {
    let given = given.unwrap_or_else(|| "127.0.0.1:8009".into());
    let listen = given.parse().ok();
    if listen.is_none() {
        let expected = "expected an address and a port, for instance 127.0.0.1:8009";
        note("listen", expected.into());
    }
    listen
}

/// Whether the demo is made.
pub(super) fn demo(given: Option<&Said>, note: &mut impl FnMut(&str, String)) -> bool {
    let demo = given.map_or(Some(false), Said::switch);
    demo.unwrap_or_else(|| {
        note("demo", "expected true or false".into());
        false
    })
}

/// How long runs get to end.
pub(super) fn shutdown(given: Option<&Said>, note: &mut impl FnMut(&str, String)) -> Duration {
    let seconds = given.map_or(Some(SHUTDOWN), Said::number);
    let seconds = seconds.filter(|seconds| *seconds <= LONGEST_SHUTDOWN);
    Duration::from_secs(seconds.unwrap_or_else(|| {
        let expected = format!("expected whole seconds from 0 to {LONGEST_SHUTDOWN}");
        note("shutdown_seconds", expected);
        SHUTDOWN
    }))
}

/// The form of the log.
pub(super) fn log_format(
    given: Option<&Said>,
    note: &mut impl FnMut(&str, String),
) -> Option<LogFormat> {
    let format = given?.text().and_then(LogFormat::named);
    if format.is_none() {
        note("log_format", "expected text or json".into());
    }
    format
}

/// Where traces go.
pub(super) fn otlp_endpoint(given: Option<&str>, note: &mut impl FnMut(&str, String)) {
    let is_good = |text: &str| {
        text.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        })
    };
    if given.is_some_and(|endpoint| !is_good(endpoint)) {
        let expected = "expected an address such as http://localhost:4318/v1/traces";
        note("otlp_endpoint", expected.into());
    }
}

/// The path of the public URL becomes a route and a link, so it is plain.
pub(super) fn public_url(given: Option<&str>, note: &mut impl FnMut(&str, String)) {
    let Some(url) = given else {
        return;
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(is_plain) && !matches!(part, "." | "..");
    let path = crate::doors::prefix_of(url);
    let is_good = path.is_empty() || path.split('/').skip(1).all(is_name);
    if !is_good || url.contains(['?', '#', '@']) {
        let expected = "expected a URL whose path has letters, digits and -._~ only";
        note("public_url", expected.into());
    }
}

/// A bus that can be had.
pub(super) fn bus(
    given: Option<&str>,
    store: Option<&StoreUrl>,
    note: &mut impl FnMut(&str, String),
) {
    let on_postgres = matches!(store, Some(StoreUrl::Postgres(_)));
    let problem = match given {
        None => return,
        Some("local:") if !on_postgres => return,
        Some("postgres:") if on_postgres => return,
        Some("local:") => "replicas on one PostgreSQL must hear of each other: use postgres:",
        Some("postgres:") => "it is carried by a store on PostgreSQL",
        Some(_) => "expected local:, or postgres: with a store on PostgreSQL",
    };
    note("bus", problem.into());
}

/// Certificate and key, which come together and can be used.
pub(super) fn tls_files(
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    note: &mut impl FnMut(&str, String),
) -> Option<TlsFiles> {
    let files = match (cert, key) {
        (None, None) => return None,
        (Some(cert), Some(key)) => TlsFiles { cert, key },
        (Some(_), None) => {
            note("tls_key", "tls_cert needs it".into());
            return None;
        }
        (None, Some(_)) => {
            note("tls_cert", "tls_key needs it".into());
            return None;
        }
    };
    for (name, problem) in tls::problems(&files) {
        note(name, problem);
    }
    Some(files)
}

/// Networks of proxies.
pub(super) fn networks(given: Vec<String>, note: &mut impl FnMut(&str, String)) -> Vec<Network> {
    let mut networks = Vec::new();
    for text in given {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(error) => note("trusted_proxies", format!("{error}")),
        }
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(check: impl FnOnce(&mut dyn FnMut(&str, String))) -> Vec<String> {
        let mut told = Vec::new();
        check(&mut |name, _| told.push(name.to_owned()));
        told
    }

    #[test]
    fn the_path_of_a_public_url_is_plain() {
        let told = |url: &str| mistakes(|mut note| public_url(Some(url), &mut note));
        for good in ["https://a.example", "https://a.example:1/gate/way-2"] {
            assert!(told(good).is_empty(), "{good}");
        }
        for bad in [
            "https://a.example/{x}",
            "https://a.example/a//b",
            "https://a.example/..",
            "https://a.example/\"x",
            "https://a.example?x=1",
            "https://u@a.example/x",
        ] {
            assert_eq!(told(bad), ["public_url"], "{bad}");
        }
    }

    #[test]
    fn numbers_and_switches_are_read_from_any_source() {
        let mut none = |name: &str, problem: String| panic!("{name}: {problem}");
        let text = |text: &str| Some(Said::Text(text.into()));
        assert!(demo(text("true").as_ref(), &mut none));
        assert!(!demo(Some(&Said::Switch(false)), &mut none));
        let three = Duration::from_secs(3);
        assert_eq!(shutdown(text("3").as_ref(), &mut none), three);
        assert_eq!(shutdown(Some(&Said::Number(3)), &mut none), three);
        assert_eq!(shutdown(None, &mut none), Duration::from_secs(SHUTDOWN));
        let told = mistakes(|mut note| {
            demo(text("perhaps").as_ref(), &mut note);
            shutdown(text("-1").as_ref(), &mut note);
            shutdown(Some(&Said::Number(i64::MAX)), &mut note);
        });
        assert_eq!(told, ["demo", "shutdown_seconds", "shutdown_seconds"]);
    }
}
