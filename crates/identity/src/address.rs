//! The address of the client, also behind reverse proxies.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use http::header::HOST;
use http::request::Parts;

/// Reverse proxies whose `X-Forwarded-*` headers are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<Network>);

/// A range of addresses, `10.0.0.0/8` or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// The text is neither an address nor a range in CIDR notation (RFC 4632).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an IP address nor a range such as 10.0.0.0/8")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotANetwork(text.to_owned());
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let widest = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(widest);
        (bits <= widest)
            .then_some(Self { base, bits })
            .ok_or_else(wrong)
    }
}

impl Network {
    /// Whether `address` lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                (base.to_bits() ^ address.to_bits())
                    .checked_shr(shift)
                    .is_none_or(|rest| rest == 0)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                (base.to_bits() ^ address.to_bits())
                    .checked_shr(shift)
                    .is_none_or(|rest| rest == 0)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl Proxies {
    /// The given ranges.
    #[must_use]
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Address of the client: the peer's, or what a trusted peer forwarded: the
    /// last entry of `X-Forwarded-For` that is no trusted proxy itself.
    pub(crate) fn client(&self, parts: &Parts) -> Option<IpAddr> {
        let peer = peer(parts)?;
        if !self.contains(peer) {
            return Some(peer);
        }
        let mut client = peer;
        for value in parts.headers.get_all("x-forwarded-for").iter().rev() {
            for entry in value.to_str().unwrap_or_default().rsplit(',') {
                let Some(address) = forwarded(entry.trim()) else {
                    return Some(client);
                };
                client = address;
                if !self.contains(client) {
                    return Some(client);
                }
            }
        }
        Some(client)
    }

    /// The host the client asked for: what a trusted proxy forwarded, else the
    /// `Host` header, else the authority of the request.
    pub(crate) fn host<'a>(&self, parts: &'a Parts) -> Option<&'a str> {
        if !self.0.is_empty() && peer(parts).is_some_and(|peer| self.contains(peer)) {
            let forwarded = parts.headers.get("x-forwarded-host");
            if let Some(host) = forwarded {
                return host.to_str().ok()?.split(',').next().map(str::trim);
            }
        }
        if let Some(host) = parts.headers.get(HOST) {
            return host.to_str().ok();
        }
        let authority = parts.uri.authority();
        authority.map(http::uri::Authority::as_str)
    }
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(info.0.ip().to_canonical())
}

/// Reads one entry of `X-Forwarded-For`, with or without a port.
fn forwarded(entry: &str) -> Option<IpAddr> {
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let socket = entry.parse::<SocketAddr>().ok()?;
    Some(socket.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(peer: &str, headers: &[(&'static str, &str)]) -> Parts {
        let mut builder = http::Request::builder().uri("/api/mcp");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (mut parts, ()) = builder.body(()).unwrap().into_parts();
        let peer: SocketAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        parts
    }

    fn proxies() -> Proxies {
        Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()])
    }

    #[test]
    fn a_range_holds_its_addresses() {
        let network: Network = "10.1.0.0/16".parse().unwrap();
        assert!(network.contains("10.1.2.3".parse().unwrap()));
        assert!(network.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!network.contains("10.2.0.1".parse().unwrap()));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()));
        assert!(!all.contains("2001:db8::1".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!("ten".parse::<Network>().is_err());
    }

    #[test]
    fn only_a_trusted_peer_may_forward() {
        let forwarded = [
            ("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.9"),
            ("x-forwarded-host", "gate.example.com"),
            ("host", "inner"),
        ];
        let trusted = parts("10.0.0.1:5", &forwarded);
        assert_eq!(
            proxies().client(&trusted),
            Some("1.2.3.4".parse().unwrap()),
            "the last address that is no proxy"
        );
        assert_eq!(proxies().host(&trusted), Some("gate.example.com"));
        let foreign = parts("9.9.9.9:5", &forwarded);
        assert_eq!(proxies().client(&foreign), Some("9.9.9.9".parse().unwrap()));
        assert_eq!(proxies().host(&foreign), Some("inner"));
    }

    #[test]
    fn an_unreadable_entry_ends_the_search() {
        let odd = parts(
            "10.0.0.1:5",
            &[("x-forwarded-for", "1.2.3.4, unknown, 10.0.0.2")],
        );
        assert_eq!(proxies().client(&odd), Some("10.0.0.2".parse().unwrap()));
        let port = parts("[::1]:5", &[("x-forwarded-for", "1.2.3.4:77")]);
        assert_eq!(proxies().client(&port), Some("1.2.3.4".parse().unwrap()));
    }
}
