//! From where a call comes, as far as limits count it: the peer's address, or the one that a proxy of the operator's
//! passes on.
//!
//! An address is no identity: many people share one behind a router, and one person has many. It only tells apart who
//! may be slowed down together.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use serde::{Deserialize, Serialize};

use crate::domain::algorithm::named;

named!(
    /// The header in which proxies write whom they call for.
    ProxyHeader {
        /// `X-Forwarded-For`: addresses separated by commas, each proxy adds one at the end.
        XForwardedFor = "x-forwarded-for",
        /// `Forwarded` (RFC 7239): the same in elements with `for=`.
        Forwarded = "forwarded",
    }
);

/// The proxies in front of a listener. With none, the header is not looked at: anybody can write one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies {
    /// From where proxies call.
    pub networks: Vec<Network>,
    /// What they write.
    pub header: ProxyHeader,
}

/// Addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`, or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// What is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no address such as 10.0.0.5 and no network such as 10.0.0.0/24")]
pub struct InvalidNetwork {
    given: String,
}

/// What is counted as one place: an IPv4 address, or the /64 of an IPv6 address, which a single line is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// All 32 bits.
    Address(Ipv4Addr),
    /// The first 64 bits.
    Prefix([u16; 4]),
}

impl Default for Proxies {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            header: ProxyHeader::XForwardedFor,
        }
    }
}

impl Proxies {
    /// Where a call comes from. `None` when the connection has no address, as only tests of the framework do.
    pub(super) fn origin(&self, request: &HttpRequest) -> Option<Origin> {
        let peer = request.peer_addr()?.ip();
        let name = match self.header {
            ProxyHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ProxyHeader::Forwarded => header::FORWARDED,
        };
        let lines = request.headers().get_all(name);
        let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
        Some(Origin::of(self.client(peer, &lines.join(","))))
    }

    /// The client behind `peer`. Read from the end, because only what our own proxies added can be believed: the
    /// first address that is none of theirs. Where one wrote nothing that can be read, the proxy itself counts.
    fn client(&self, peer: IpAddr, passed: &str) -> IpAddr {
        let mut client = peer;
        for element in passed.rsplit(',') {
            if !self.trusts(client) {
                break;
            }
            let Some(address) = self.address(element) else {
                break;
            };
            client = address;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.holds(address))
    }

    fn address(&self, element: &str) -> Option<IpAddr> {
        let node = match self.header {
            ProxyHeader::XForwardedFor => element,
            ProxyHeader::Forwarded => element.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then_some(value)
            })?,
        };
        node_address(node.trim().trim_matches('"'))
    }
}

impl Origin {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::Address(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::Prefix([a, b, c, d])
            }
        }
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        let (own, other, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let free = u32::from(width - self.bits.min(width));
        // A shift by all bits leaves nothing, which is the same for every address.
        (own ^ other).checked_shr(free).unwrap_or(0) == 0
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let parse = || {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
                None => (text, None),
            };
            let address = address.parse::<IpAddr>().ok()?.to_canonical();
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.unwrap_or(width);
            (bits <= width).then_some(Self { address, bits })
        };
        parse().ok_or_else(|| InvalidNetwork {
            given: text.to_owned(),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// An address with or without port; one of IPv6 may stand in brackets (RFC 7239 section 6).
fn node_address(node: &str) -> Option<IpAddr> {
    let bare = node
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(node).parse().ok();
    address.or_else(|| {
        let with_port: std::net::SocketAddr = node.parse().ok()?;
        Some(with_port.ip())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn proxies(networks: &[&str], header: ProxyHeader) -> Proxies {
        Proxies {
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            header,
        }
    }

    fn client(proxies: &Proxies, peer: &str, passed: &str) -> String {
        proxies.client(peer.parse().unwrap(), passed).to_string()
    }

    #[test]
    fn a_header_counts_only_from_a_proxy() {
        let none = Proxies::default();
        assert_eq!(client(&none, "192.0.2.1", "203.0.113.9"), "192.0.2.1");
        let one = proxies(&["10.0.0.0/8"], ProxyHeader::XForwardedFor);
        assert_eq!(client(&one, "192.0.2.1", "203.0.113.9"), "192.0.2.1");
        assert_eq!(client(&one, "10.1.2.3", "203.0.113.9"), "203.0.113.9");
        assert_eq!(
            client(&one, "::ffff:10.1.2.3", "203.0.113.9"),
            "203.0.113.9"
        );
    }

    #[test]
    fn what_a_client_wrote_before_the_proxies_counts_nothing() {
        let two = proxies(&["10.0.0.1", "10.0.0.2/32"], ProxyHeader::XForwardedFor);
        let passed = "198.51.100.7, 10.0.0.1, 203.0.113.9, 10.0.0.2";
        assert_eq!(client(&two, "10.0.0.1", passed), "203.0.113.9");
        assert_eq!(
            client(&two, "10.0.0.1", "nonsense, 203.0.113.9"),
            "203.0.113.9"
        );
    }

    #[test]
    fn a_proxy_that_says_nothing_counts_itself() {
        let one = proxies(&["10.0.0.1"], ProxyHeader::Forwarded);
        for passed in [
            "",
            "unknown",
            "for=unknown",
            "for=_hidden",
            "proto=https",
            "for=\"[",
        ] {
            assert_eq!(client(&one, "10.0.0.1", passed), "10.0.0.1", "{passed}");
        }
    }

    #[test]
    fn both_headers_are_read_with_and_without_ports() {
        let xff = proxies(&["::1"], ProxyHeader::XForwardedFor);
        for (passed, expected) in [
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("192.0.2.43:80", "192.0.2.43"),
        ] {
            assert_eq!(client(&xff, "::1", passed), expected);
        }
        let forwarded = proxies(&["::1"], ProxyHeader::Forwarded);
        for (passed, expected) in [
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            (
                "for=192.0.2.43, proto=http; FOR=198.51.100.17",
                "198.51.100.17",
            ),
            ("for=\"192.0.2.43:47011\";by=203.0.113.43", "192.0.2.43"),
        ] {
            assert_eq!(client(&forwarded, "::1", passed), expected);
        }
    }

    #[test]
    fn a_network_holds_what_begins_with_its_bits() {
        let holds = |network: &str, address: &str| {
            let network: Network = network.parse().unwrap();
            network.holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::1"));
        assert!(!holds("2001:db8::/33", "2001:db8:8000::1"));
        assert!(holds("::/0", "2001:db8::1"));
        for wrong in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.1/-1",
            "host",
            "1.2.3.4/",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let shown: Network = "10.0.0.5".parse().unwrap();
        assert_eq!(shown.to_string(), "10.0.0.5/32");
    }

    #[test]
    fn an_ipv6_line_is_one_place_and_so_is_an_ipv4_address() {
        let of = |text: &str| Origin::of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_writes_a_proxy_has_the_last_word(text in "\\PC*", forwarded in any::<bool>()) {
            let (header, last) = if forwarded {
                (ProxyHeader::Forwarded, "for=203.0.113.9")
            } else {
                (ProxyHeader::XForwardedFor, "203.0.113.9")
            };
            let one = proxies(&["10.0.0.1"], header);
            prop_assert_eq!(client(&one, "10.0.0.1", &format!("{text},{last}")), "203.0.113.9");
            prop_assert_eq!(client(&one, "192.0.2.1", &text), "192.0.2.1");
        }
    }
}
