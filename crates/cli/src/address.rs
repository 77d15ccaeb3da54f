//! The address of a gateway: where it is said, and who can listen on the way.

use reqwest::Url;

use crate::failure::Failure;
use crate::globals::Globals;
use crate::settings::Settings;

/// Where a gateway is expected when nothing else is said.
const DEFAULT_URL: &str = "http://127.0.0.1:8009";

/// The address in force as it was said: by option or environment, else by the
/// settings file, else the default.
pub(crate) fn said<'a>(globals: &'a Globals, settings: &'a Settings) -> &'a str {
    let given = globals.api_url.as_deref().filter(|url| !url.is_empty());
    given.or(settings.api_url.as_deref()).unwrap_or(DEFAULT_URL)
}

/// The address in force.
///
/// # Errors
/// When it is none.
pub(crate) fn in_force(globals: &Globals, settings: &Settings) -> Result<Url, Failure> {
    read(said(globals, settings))
}

/// Reads the address of a gateway.
///
/// # Errors
/// When it is no http or https address of a host.
pub(crate) fn read(text: &str) -> Result<Url, Failure> {
    let wrong = || {
        Failure::usage(
            format!("{text:?} is not the address of a gateway"),
            "an address reads https://gateway.example.com",
        )
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain {
        Ok(url)
    } else {
        Err(wrong())
    }
}

/// Whether nobody on the way can listen: encrypted, or on this machine.
pub(crate) fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

/// Whether the gateway is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_http_with_a_host() {
        assert!(read("http://127.0.0.1:8009").is_ok());
        for bad in [
            "gateway",
            "ftp://x",
            "http://",
            "https://user:pass@host",
            "https://h?x=1",
            "",
        ] {
            let failure = read(bad).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        for (url, private) in [
            ("https://host", true),
            ("http://localhost:1", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:8009", true),
            ("http://host", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_private(&Url::parse(url).unwrap()), private, "{url}");
        }
    }
}
