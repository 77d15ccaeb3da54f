//! The address of the client, also behind reverse proxies.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

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

    /// Whether what a peer forwarded is believed.
    #[must_use]
    pub fn trust(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(peer))
    }

    /// Address of the client: the peer's, or what a trusted peer forwarded: the
    /// last entry of the `X-Forwarded-For` headers, in their order, that is no
    /// trusted proxy itself.
    #[must_use]
    pub fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        let entries = forwarded_for.rev().flat_map(|value| value.rsplit(','));
        for entry in entries {
            if !self.trust(client) {
                break;
            }
            let Some(address) = forwarded(entry.trim()) else {
                break;
            };
            client = address;
        }
        client
    }
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

    fn client(peer: &str, forwarded_for: &[&str]) -> String {
        let forwarded_for = forwarded_for.iter().copied();
        let client = proxies().client(peer.parse().unwrap(), forwarded_for);
        client.to_string()
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
        let forwarded = ["6.6.6.6, 1.2.3.4", "10.0.0.9"];
        assert_eq!(
            client("10.0.0.1", &forwarded),
            "1.2.3.4",
            "the last address that is no proxy"
        );
        assert_eq!(client("::ffff:10.0.0.1", &forwarded), "1.2.3.4");
        assert_eq!(client("9.9.9.9", &forwarded), "9.9.9.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
    }

    #[test]
    fn an_unreadable_entry_ends_the_search() {
        let odd = ["1.2.3.4, unknown, 10.0.0.2"];
        assert_eq!(client("10.0.0.1", &odd), "10.0.0.2");
        assert_eq!(client("::1", &["1.2.3.4:77"]), "1.2.3.4");
        assert_eq!(client("::1", &["1.2.3.4", ""]), "::1");
    }
}
