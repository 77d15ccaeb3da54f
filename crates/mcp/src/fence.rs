//! Which hosts and origins may reach the door: the guard against DNS rebinding.

use http::uri::{Authority, Uri};

/// The names a gateway answers to and the origins whose pages may call it.
#[derive(Clone, Debug, Default)]
pub struct Fence {
    hosts: Vec<Place>,
    origins: Vec<WebOrigin>,
}

/// A part of the configuration that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FenceError {
    /// Not an absolute `http` or `https` URL.
    #[error("{0:?} is not an absolute http or https URL")]
    Url(String),
    /// Not a host name with an optional port.
    #[error("{0:?} is not a host name with an optional port")]
    Host(String),
}

/// A host, and a port when one is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
}

/// Scheme, host and port of a web page (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq)]
struct WebOrigin {
    scheme: String,
    host: String,
    port: u16,
}

/// Names of the own machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Fence {
    /// The fence around `public_urls`, further origins (`https://host[:port]`)
    /// and further hosts (`host[:port]`). The names of the own machine are let
    /// in only when the listener is bound to `loopback`.
    ///
    /// # Errors
    /// The first entry that cannot be read.
    pub fn new(
        public_urls: &[String],
        allowed_origins: &[String],
        allowed_hosts: &[String],
        loopback: bool,
    ) -> Result<Self, FenceError> {
        let mut fence = Self::default();
        for url in public_urls {
            let origin = WebOrigin::parse(url).ok_or_else(|| FenceError::Url(url.clone()))?;
            fence.hosts.push(Place {
                host: origin.host.clone(),
                port: None,
            });
            fence.origins.push(origin);
        }
        for url in allowed_origins {
            let origin = WebOrigin::parse(url).ok_or_else(|| FenceError::Url(url.clone()))?;
            fence.origins.push(origin);
        }
        for host in allowed_hosts {
            let place = Place::parse(host).ok_or_else(|| FenceError::Host(host.clone()))?;
            fence.hosts.push(place);
        }
        if loopback {
            fence.hosts.extend(LOOPBACK.map(|host| Place {
                host: host.to_owned(),
                port: None,
            }));
        }
        Ok(fence)
    }

    /// Whether a `Host` header or `:authority` names this gateway.
    pub(crate) fn knows_host(&self, host: &str) -> bool {
        let Some((host, port)) = split(host) else {
            return false;
        };
        self.hosts.iter().any(|known| {
            known.host.eq_ignore_ascii_case(host) && (known.port.is_none() || known.port == port)
        })
    }

    /// Whether pages of `origin` may call this gateway.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        WebOrigin::parse(origin).is_some_and(|asked| self.origins.contains(&asked))
    }
}

/// Host and port of an authority. What is no host equals no known one, so only
/// the port must be read.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => Some((host, Some(port.parse().ok()?))),
        Some(_) | None => Some((authority, None)),
    }
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let authority = Authority::try_from(text).ok()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        // `http` leaves a port that is no number to the host's text.
        let port = match authority.port() {
            Some(port) => Some(port.as_u16()),
            None if text.len() > authority.host().len() => return None,
            None => None,
        };
        Some(Self {
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }
}

impl WebOrigin {
    fn parse(text: &str) -> Option<Self> {
        let uri = Uri::try_from(text).ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let default = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let place = Place::parse(uri.authority()?.as_str())?;
        Some(Self {
            scheme,
            host: place.host,
            port: place.port.unwrap_or(default),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(loopback: bool) -> Fence {
        Fence::new(
            &["https://Gate.example.com/prefix".to_owned()],
            &["http://app.example.com:3000".to_owned()],
            &["inner:8009".to_owned(), "other.example".to_owned()],
            loopback,
        )
        .unwrap()
    }

    #[test]
    fn a_host_is_compared_by_name_and_by_port_where_one_is_meant() {
        let fence = fence(false);
        for host in [
            "gate.example.com",
            "GATE.example.com:8443",
            "inner:8009",
            "other.example:1",
        ] {
            assert!(fence.knows_host(host), "{host}");
        }
        for host in [
            "inner",
            "inner:8010",
            "evil.example",
            "localhost:8009",
            "127.0.0.1",
            "",
            "gate.example.com@evil.example",
            "gate.example.com:x",
            "gate.example.com.",
        ] {
            assert!(!fence.knows_host(host), "{host}");
        }
    }

    #[test]
    fn the_own_machine_is_known_only_behind_loopback() {
        let fence = fence(true);
        for host in ["localhost:8009", "127.0.0.1:8009", "[::1]:8009", "[::1]"] {
            assert!(fence.knows_host(host), "{host}");
        }
        assert!(!fence.knows_host("127.0.0.1.evil.example"));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let fence = fence(true);
        for origin in [
            "https://gate.example.com",
            "https://gate.example.com:443",
            "http://app.example.com:3000",
        ] {
            assert!(fence.knows_origin(origin), "{origin}");
        }
        for origin in [
            "http://gate.example.com",
            "https://gate.example.com:8443",
            "http://app.example.com",
            "http://localhost:8009",
            "null",
            "",
            "file:///x",
        ] {
            assert!(!fence.knows_origin(origin), "{origin}");
        }
    }

    #[test]
    fn an_unreadable_entry_is_named() {
        let none: [String; 0] = [];
        let bad = ["gate.example.com".to_owned()];
        assert_eq!(
            Fence::new(&bad, &none, &none, false).unwrap_err(),
            FenceError::Url("gate.example.com".to_owned())
        );
        let bad = ["https://x".to_owned()];
        assert_eq!(
            Fence::new(&none, &none, &bad, false).unwrap_err(),
            FenceError::Host("https://x".to_owned())
        );
    }
}
