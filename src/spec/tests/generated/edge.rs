//! Valid edges, and how a user would write them.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU8;

use ipnet::IpNet;
use proptest::prelude::*;

use crate::spec::{AdvertInterval, Edge, EdgeDriver, EdgeHost};

/// The floating address and the hosts': all of them within 32 addresses, without the first and the last.
fn addresses() -> impl Strategy<Value = Vec<IpAddr>> {
    let numbers = prop::sample::subsequence((1..=30_u8).collect::<Vec<_>>(), 3..=Edge::MOST_HOSTS + 1).prop_shuffle();
    let bases = prop_oneof![
        any::<u16>().prop_map(|base| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | (u32::from(base) << 5)))),
        any::<u64>().prop_map(|base| IpAddr::V6(Ipv6Addr::from((0xfd << 120) | (u128::from(base) << 5)))),
    ];
    (bases, numbers).prop_map(|(base, numbers)| {
        let address = |number: u8| match base {
            IpAddr::V4(base) => IpAddr::V4(Ipv4Addr::from(u32::from(base) + u32::from(number))),
            IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from(u128::from(base) + u128::from(number))),
        };
        numbers.into_iter().map(address).collect()
    })
}

/// The address with the length of any network that holds the 32, or with its own.
fn network(address: IpAddr, length: Option<u8>) -> IpNet {
    let most = IpNet::from(address).max_prefix_len();
    IpNet::new(address, length.map_or(most, |length| 1 + length % (most - 5))).unwrap()
}

fn driver() -> impl Strategy<Value = EdgeDriver> {
    let image = "[a-z0-9]{1,9}/[a-z0-9]{1,9}:[a-z0-9.]{0,5}[0-9]";
    prop_oneof![Just(EdgeDriver::RawExec), image.prop_map(|image| EdgeDriver::Docker { image: image.parse().unwrap() }),]
}

prop_compose! {
    pub(super) fn valid_edge()(
        driver in driver(),
        addresses in addresses(),
        length in prop::option::of(any::<u8>()),
        router_id in any::<NonZeroU8>(),
        centiseconds in 1..=4095_u16,
        preempt in any::<bool>(),
        ports in [1..=9_999_u16, 10_000..=39_999, 40_000..=u16::MAX].prop_map(Vec::from).prop_shuffle(),
        interfaces in prop::collection::vec("[a-z][a-z0-9._-]{0,14}", Edge::MOST_HOSTS),
        priorities in prop::sample::subsequence((1..=254_u8).collect::<Vec<_>>(), Edge::MOST_HOSTS).prop_shuffle(),
    ) -> Edge {
        let host = |(index, &address): (usize, &IpAddr)| EdgeHost {
            name: format!("{index}.{}", interfaces[index]).parse().unwrap(),
            address,
            interface: interfaces[index].parse().unwrap(),
            priority: priorities[index],
        };
        Edge {
            driver,
            vip: network(addresses[0], length),
            router_id,
            advert_interval: format!("{centiseconds}0ms").parse::<AdvertInterval>().unwrap(),
            preempt,
            port: ports[0],
            ui_port: ports[1],
            stats_port: ports[2],
            hosts: addresses[1..].iter().enumerate().map(host).collect(),
        }
    }
}

/// An edge as a user would write it.
pub(super) fn written_edge(edge: &Edge) -> String {
    let mut block = format!(
        "edge {{\nvip = \"{}\"\nrouter_id = {}\nadvert_interval = \"{}\"\npreempt = {}\n\
         port = {}\nui_port = {}\nstats_port = {}\n",
        edge.vip,
        edge.router_id,
        humantime::format_duration(edge.advert_interval.duration()),
        edge.preempt,
        edge.port,
        edge.ui_port,
        edge.stats_port,
    );
    writeln!(block, "driver = \"{}\"", edge.driver.as_str()).unwrap();
    if let Some(image) = edge.driver.image() {
        writeln!(block, "image = \"{image}\"").unwrap();
    }
    for host in &edge.hosts {
        let EdgeHost { name, address, interface, priority } = host;
        writeln!(block, "host \"{name}\" {{\naddress = \"{address}\"\ninterface = \"{interface}\"").unwrap();
        writeln!(block, "priority = {priority}\n}}").unwrap();
    }
    block + "}\n"
}
