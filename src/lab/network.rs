//! The network of a lab with three hosts: which addresses and names it has. Nothing is done here.
//!
//! Everything is derived from the network, so that several labs live side by side and `down` finds what belongs to one
//! without having been told. 198.18.0.0/15 is set aside for tests (RFC 2544): no other network has these addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Host;
use super::namespace::Namespace;

/// The hosts' names, places in Strasbourg.
const NAMES: [&str; 3] = ["borie", "republique", "wacken"];
/// The last part of the first host's address; the others follow.
const FIRST: u8 = 11;
/// The last part of the address by which the machine itself takes part.
const MACHINE: u8 = 1;

/// A network of 256 addresses in the range for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    /// 18 or 19.
    second: u8,
    third: u8,
}

/// A text that names no network for a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be one of the networks 198.18.0.0/24 to 198.19.255.0/24")]
pub struct NotANetwork;

impl Default for Network {
    fn default() -> Self {
        Self { second: 18, third: 0 }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let address: Ipv4Addr = text.strip_suffix("/24").ok_or(NotANetwork)?.parse().map_err(|_| NotANetwork)?;
        match address.octets() {
            [198, second @ 18..=19, third, 0] => Ok(Self { second, third }),
            _ => Err(NotANetwork),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/24", self.address(0))
    }
}

impl Network {
    /// The address with this last part.
    fn address(self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, self.second, self.third, last)
    }

    /// The IPv6 address that is written with the digits of the other one: fd00:198:18:0::11 beside 198.18.0.11.
    fn address_6(self, last: u8) -> Ipv6Addr {
        let [second, third, last] = [self.second, self.third, last].map(digits);
        Ipv6Addr::new(0xfd00, 0x198, second, third, 0, 0, 0, last)
    }

    /// The hosts.
    pub(super) fn hosts(self) -> Vec<Host> {
        let host = |(name, last): (&&str, u8)| Host { name: (*name).to_owned(), address: self.address(last).into() };
        NAMES.iter().zip(FIRST..).map(host).collect()
    }

    /// A host's addresses with the lengths of their prefixes, as `ip` takes them.
    pub(super) fn addresses(self, host: &Host) -> [String; 2] {
        let last = if let IpAddr::V4(address) = host.address { address.octets()[3] } else { 0 };
        [format!("{}/24", self.address(last)), format!("{}/64", self.address_6(last))]
    }

    /// The machine's own addresses, likewise.
    pub(super) fn machine_addresses(self) -> [String; 2] {
        [format!("{}/24", self.address(MACHINE)), format!("{}/64", self.address_6(MACHINE))]
    }

    /// The namespace of a host.
    pub(super) fn namespace(self, host: &str) -> Namespace {
        Namespace::new(format!("nomspark-{}-{}-{host}", self.second, self.third))
    }

    /// The namespace that holds nothing but the bridge.
    pub(super) fn bridge_namespace(self) -> Namespace {
        self.namespace("bridge")
    }

    /// All of its namespaces.
    pub(super) fn namespaces(self) -> Vec<Namespace> {
        NAMES.map(|name| self.namespace(name)).into_iter().chain([self.bridge_namespace()]).collect()
    }

    /// The interface by which the machine itself takes part; at most 15 characters, the kernel's limit.
    pub(super) fn machine_interface(self) -> String {
        format!("nomspark{}-{}", self.second, self.third)
    }

    /// Whether a range of addresses shares one with this network.
    pub(super) fn overlaps(self, address: Ipv4Addr, prefix: u8) -> bool {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(24))).unwrap_or(0);
        address.to_bits() & mask == self.address(0).to_bits() & mask
    }
}

/// A number of which the hexadecimal digits are the decimal ones of another.
fn digits(number: u8) -> u16 {
    let number = u16::from(number);
    ((number / 100) << 8) | ((number / 10 % 10) << 4) | (number % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_networks_of_the_range_for_tests_are_taken() {
        for text in ["198.18.0.0/24", "198.18.7.0/24", "198.19.255.0/24"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        for text in ["198.18.7.0", "198.18.7.0/25", "198.18.7.1/24", "198.20.0.0/24", "10.0.0.0/24", "", "/24"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn addresses_and_names_are_derived() {
        let network: Network = "198.18.7.0/24".parse().unwrap();
        let hosts = network.hosts();
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["borie", "republique", "wacken"]);
        assert_eq!(network.addresses(&hosts[2]), ["198.18.7.13/24", "fd00:198:18:7::13/64"]);
        assert_eq!(network.machine_addresses(), ["198.18.7.1/24", "fd00:198:18:7::1/64"]);
        let widest: Network = "198.19.255.0/24".parse().unwrap();
        assert_eq!(widest.addresses(&widest.hosts()[0]), ["198.19.255.11/24", "fd00:198:19:255::11/64"]);
        assert!(widest.machine_interface().len() <= 15);
    }

    #[test]
    fn ranges_that_overlap_are_seen() {
        let network: Network = "198.18.7.0/24".parse().unwrap();
        let overlaps = |address: &str, prefix| network.overlaps(address.parse().unwrap(), prefix);
        assert!(overlaps("198.18.7.200", 32) && overlaps("198.18.7.0", 24) && overlaps("198.18.0.0", 15));
        assert!(overlaps("0.0.0.0", 0) && overlaps("198.18.6.1", 23));
        assert!(!overlaps("198.18.6.255", 32) && !overlaps("198.19.7.0", 16) && !overlaps("10.0.0.0", 8));
    }
}
