//! Targets that are reached natively and run nothing: TCP, SSH, HTTP.

use std::time::Duration;

use model::{ConnectionType, Finish};

use crate::dial::{Reached, dial};
use crate::variables::Variables;
use crate::{BoxFuture, Fault, Job, Probe, Sink, Spec, Stage, Target};

/// A host and port.
pub(crate) struct Native {
    host: String,
    port: u16,
}

impl Native {
    /// Reads where the target is.
    pub(crate) fn new(spec: &Spec) -> Result<Self, Fault> {
        let variables = Variables(&spec.secrets);
        if spec.kind == ConnectionType::Httpproxy {
            let (host, port) = authority(variables.required("REMOTE_URL")?).ok_or_else(|| {
                Fault::invalid(Stage::Agent, "the connection's `REMOTE_URL` is not a URL")
            })?;
            return Ok(Self { host, port });
        }
        let default = if spec.subtype == "ssh" { 22 } else { 0 };
        Ok(Self {
            host: variables.required("HOST")?.to_owned(),
            port: variables.port(default)?,
        })
    }
}

impl Target for Native {
    fn run<'a>(&'a self, _: Job<'a>, _: &'a mut dyn Sink) -> BoxFuture<'a, Result<Finish, Fault>> {
        Box::pin(async {
            Err(Fault::unsupported(
                "this kind of connection is used with its own client; it runs no commands",
            ))
        })
    }

    fn probe(&self, timeout: Duration) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            let reached = Reached::default();
            let dialing = dial(&self.host, self.port, &reached);
            match reached.within(timeout, dialing).await {
                Ok(_) => Probe::ready(None),
                Err(fault) => Probe::failed(fault),
            }
        })
    }
}

/// Host and port of an `http` or `https` URL.
fn authority(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let default = if scheme.eq_ignore_ascii_case("https") {
        443
    } else {
        80
    };
    let place = rest.split(['/', '?', '#']).next()?;
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (place, default),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::authority;

    #[test]
    fn places_are_read_from_urls() {
        let place = |url| authority(url).unwrap();
        assert_eq!(place("https://api.test/v1"), ("api.test".into(), 443));
        assert_eq!(place("http://u:p@[::1]:81?x"), ("::1".into(), 81));
        assert_eq!(place("http://[::1]/"), ("::1".into(), 80));
        assert_eq!(authority("api.test"), None);
        assert_eq!(authority("http://"), None);
    }
}
