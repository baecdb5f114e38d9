//! The floating address of the master, and the hosts that can hold it.

mod driver;

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Serialize, Serializer};

pub use driver::EdgeDriver;

use crate::names::{FloatingAddress, InterfaceName, NodeName};

/// A floating address, `HAProxy` behind it, and keepalived to hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// What runs `HAProxy` and keepalived. Default `raw_exec`.
    #[serde(flatten)]
    pub driver: EdgeDriver,
    /// The address with the prefix length of the hosts' network, such as `172.16.3.0/16`: a host's address, not the
    /// network's. A length of 32 (IPv6: 128) says nothing of the hosts' network.
    pub vip: IpNet,
    /// The virtual router's number on its network segment (RFC 5798, 5.2.3).
    pub router_id: NonZeroU8,
    /// How often the holder says that it is alive. Three that are missing, and a bit, and another host takes over.
    pub advert_interval: AdvertInterval,
    /// Whether the host with the highest priority takes the address back when it is well again. Otherwise the address
    /// stays where it is, because every move cuts connections.
    pub preempt: bool,
    /// The port of `spark://` URLs on the address. Default 7077.
    pub port: u16,
    /// The port of the web UI on the address. Default 8080.
    pub ui_port: u16,
    /// The port of `HAProxy`'s statistics and metrics, on each host's loopback alone. Default 8404.
    pub stats_port: u16,
    /// The hosts, from [`Edge::FEWEST_HOSTS`] to [`Edge::MOST_HOSTS`]; no name, address or priority twice, all of the
    /// address's family and in its network.
    pub hosts: Vec<EdgeHost>,
}

impl Edge {
    /// One host alone would hold an address that cannot float.
    pub const FEWEST_HOSTS: usize = 2;
    /// The holder tells every other host that it is alive; more than a few only cost.
    pub const MOST_HOSTS: usize = 15;
    /// The default of [`Edge::port`], Spark's own.
    pub const PORT: u16 = 7077;
    /// The default of [`Edge::ui_port`], Spark's own.
    pub const UI_PORT: u16 = 8080;
    /// The default of [`Edge::stats_port`], as in `HAProxy`'s documentation.
    pub const STATS_PORT: u16 = 8404;
    /// The default of [`Edge::router_id`], as in keepalived's examples.
    pub const ROUTER_ID: NonZeroU8 = NonZeroU8::new(51).unwrap();

    /// The address as clients see it.
    #[must_use]
    pub fn floating_address(&self) -> FloatingAddress {
        FloatingAddress { address: self.vip.addr(), port: self.port, ui_port: self.ui_port }
    }

    /// What the first host gets by default: above it there is room for one that is added and preferred.
    const HIGHEST_DEFAULT: u8 = 250;
    /// How many priorities the default ones spread over.
    const PRIORITIES: usize = 240;

    /// A priority for every host, whether it was given one or not. The others get evenly spaced ones in their order,
    /// leaving out what was given: the further apart, the less likely two hosts take over at the same moment on a machine
    /// with much to do.
    pub(super) fn priorities(given: &[Option<u8>]) -> Vec<u8> {
        let spacing = (Self::PRIORITIES / given.len().max(1)).max(1);
        let spaced = (0..=Self::HIGHEST_DEFAULT).rev().step_by(spacing);
        let mut free = spaced.filter(|&priority| !given.contains(&Some(priority)));
        given.iter().filter_map(|&given| given.or_else(|| free.next())).collect()
    }
}

/// A host that can hold the floating address: a Nomad client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EdgeHost {
    /// The Nomad client's name.
    pub name: NodeName,
    /// The host's own address, from which it speaks to the other hosts.
    pub address: IpAddr,
    /// The interface that gets the floating address.
    pub interface: InterfaceName,
    /// Who of the hosts that are well gets the address: the highest. From 1 to 254, because 0 means that the holder
    /// resigns and 255 that it owns the address (RFC 5798, 5.2.4).
    pub priority: u8,
}

/// How often the holder of an address says that it is alive: whole hundredths of a second, from 10 ms to 40.95 s
/// (RFC 5798, 5.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AdvertInterval {
    centiseconds: u16,
}

/// A duration that no advertisement interval can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdvertIntervalError {
    /// Not a duration.
    #[error("`{}` is not a duration", .0.escape_debug())]
    Unreadable(String),
    /// Too short, too long or not in whole hundredths.
    #[error("`{0}` is not an advertisement interval: VRRP counts in steps of 10ms, from 10ms to 40.95s")]
    Range(String),
}

impl AdvertInterval {
    /// The largest: what fits into 12 bits.
    const MOST_CENTISECONDS: u16 = 0xfff;

    /// The interval as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_millis(u64::from(self.centiseconds) * 10)
    }

    /// What is meant by a number without a unit, in words that are an interval: seconds, as keepalived counts, or else
    /// milliseconds.
    pub(super) fn of_number(number: &str) -> Option<String> {
        ["s", "ms"].map(|unit| format!("{number}{unit}")).into_iter().find(|text| text.parse::<Self>().is_ok())
    }

    /// How long a host of this priority waits for the holder's word before it takes over: three intervals and the skew
    /// time, which lets the highest priority be the first (RFC 5798, 6.1).
    #[must_use]
    pub fn master_down_interval(self, priority: u8) -> Duration {
        self.duration() * 3 + self.duration() * (256 - u32::from(priority)) / 256
    }
}

impl Default for AdvertInterval {
    /// 100 ms: a takeover in less than half a second, and ten small packets a second for each other host.
    fn default() -> Self {
        Self { centiseconds: 10 }
    }
}

impl FromStr for AdvertInterval {
    type Err = AdvertIntervalError;

    fn from_str(text: &str) -> Result<Self, AdvertIntervalError> {
        let duration = humantime::parse_duration(text).map_err(|_| AdvertIntervalError::Unreadable(text.to_owned()))?;
        let range = || AdvertIntervalError::Range(text.to_owned());
        if duration.subsec_nanos() % 10_000_000 != 0 {
            return Err(range());
        }
        let centiseconds = u16::try_from(duration.as_millis() / 10).map_err(|_| range())?;
        if (1..=Self::MOST_CENTISECONDS).contains(&centiseconds) { Ok(Self { centiseconds }) } else { Err(range()) }
    }
}

impl fmt::Display for AdvertInterval {
    /// Seconds with two decimals, as keepalived reads `advert_int`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}", self.centiseconds / 100, self.centiseconds % 100)
    }
}

impl Serialize for AdvertInterval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(self.duration()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(text: &str) -> AdvertInterval {
        text.parse().unwrap()
    }

    #[test]
    fn intervals_are_whole_hundredths_within_12_bits() {
        assert_eq!(interval("100ms"), AdvertInterval::default());
        assert_eq!(interval("1s").to_string(), "1.00");
        assert_eq!(interval("10ms").to_string(), "0.01");
        assert_eq!(interval("40s 950ms"), interval("40.95s"));
        assert_eq!(interval("40s 950ms").to_string(), "40.95");
        for wrong in ["0s", "5ms", "15ms", "41s", "60s", "1h", "18446744073709551615s"] {
            assert!(matches!(wrong.parse::<AdvertInterval>(), Err(AdvertIntervalError::Range(_))), "{wrong}");
        }
        assert!(matches!("100".parse::<AdvertInterval>(), Err(AdvertIntervalError::Unreadable(_))));
    }

    #[test]
    fn a_number_without_a_unit_is_seconds_where_it_can_be() {
        for (number, expected) in
            [("1", "1s"), ("5", "5s"), ("40", "40s"), ("0.5", "0.5s"), ("100", "100ms"), ("1000", "1000ms")]
        {
            assert_eq!(AdvertInterval::of_number(number).as_deref(), Some(expected), "{number}");
        }
        assert_eq!(AdvertInterval::of_number("0"), None);
        assert_eq!(AdvertInterval::of_number("-1"), None);
        assert_eq!(AdvertInterval::of_number("55555"), None);
    }

    #[test]
    fn hosts_without_a_priority_get_distinct_ones_in_their_order() {
        assert_eq!(Edge::priorities(&[None, None, None]), [250, 170, 90]);
        assert_eq!(Edge::priorities(&[None, Some(150), Some(1), None, Some(130)]), [250, 150, 1, 202, 130]);
        let most = Edge::priorities(&[None; Edge::MOST_HOSTS]);
        assert_eq!(most.len(), Edge::MOST_HOSTS);
        assert_eq!(most.last(), Some(&26));
    }

    #[test]
    fn the_highest_priority_waits_least() {
        let interval = interval("1s");
        assert_eq!(interval.master_down_interval(128), Duration::from_millis(3_500));
        assert!(interval.master_down_interval(254) < interval.master_down_interval(1));
        assert!(interval.master_down_interval(1) < interval.duration() * 4);
    }
}
