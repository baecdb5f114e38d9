//! What in an edge is wrong only together with something else. Pure: values with their places in, complaints out.

use std::fmt::Display;
use std::net::IpAddr;

use ipnet::IpNet;

use super::address;
use super::problem::Complaint;
use super::reader::At;
use crate::names::{InterfaceName, NodeName};

/// What a file says of an edge, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) vip: Option<At<IpNet>>,
    pub(super) ports: Vec<Port>,
    pub(super) master_ports: Vec<Port>,
    pub(super) hosts: Vec<Host>,
}

/// A port under its name in the block; without an offset where it is the default.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    pub(super) name: &'static str,
    pub(super) number: u16,
    pub(super) offset: Option<usize>,
}

/// What a file says of a host.
#[derive(Debug, Default)]
pub(super) struct Host {
    pub(super) name: Option<At<NodeName>>,
    pub(super) address: Option<At<IpAddr>>,
    pub(super) interface: Option<InterfaceName>,
    pub(super) priority: Option<At<u8>>,
}

/// The name of the one port that is on loopback alone.
pub(super) const STATS_PORT: &str = "stats_port";

/// Everything that does not fit together.
pub(super) fn conflicts(claims: &Claims) -> Vec<At<Complaint>> {
    let mut conflicts = Vec::new();
    if let Some(vip) = &claims.vip {
        conflicts.extend(vip_conflicts(vip, &claims.hosts));
    }
    conflicts.extend(family_conflicts(claims));
    conflicts.extend(twice("name", claims.hosts.iter().filter_map(|host| host.name.as_ref())));
    conflicts.extend(twice("address", claims.hosts.iter().filter_map(|host| host.address.as_ref())));
    conflicts.extend(twice("priority", claims.hosts.iter().filter_map(|host| host.priority.as_ref())));
    conflicts.extend(port_conflicts(&claims.ports));
    conflicts.extend(master_conflicts(&claims.ports, &claims.master_ports));
    conflicts
}

/// The floating address against its own network and the hosts' addresses.
fn vip_conflicts(vip: &At<IpNet>, hosts: &[Host]) -> Vec<At<Complaint>> {
    let (network, floating) = (vip.value, vip.value.addr());
    let mut conflicts = Vec::new();
    if let Some(role) = address::reserved(&network, floating) {
        let complaint = Complaint::new(format!("`{floating}` is {role} in {}", network.trunc()));
        let help = "write an address that a host could have there, or correct the prefix length";
        conflicts.push(At { value: complaint.help(help), offset: vip.offset });
    }
    if hosts.iter().any(|host| host.address.as_ref().is_some_and(|address| address.value == floating)) {
        let complaint = Complaint::new(format!("`{floating}` is the address of a host, so it cannot float"));
        conflicts.push(At { value: complaint.help("write one for `vip` that no host has"), offset: vip.offset });
    }
    for address in hosts.iter().filter_map(|host| host.address.as_ref()) {
        if address.value != floating && is_same_family(address.value, floating) {
            conflicts.extend(host_conflict(&network, address));
        }
    }
    conflicts
}

/// A host's address against the network of the floating address.
fn host_conflict(network: &IpNet, address: &At<IpAddr>) -> Option<At<Complaint>> {
    if network.prefix_len() == network.max_prefix_len() {
        return None;
    }
    let network_itself = network.trunc();
    let complaint = if let Some(role) = address::reserved(network, address.value) {
        Complaint::new(format!("`{}` is {role} in {network_itself}", address.value))
            .help("write the host's own address, or correct the prefix length of `vip`")
    } else if network.contains(&address.value) {
        return None;
    } else {
        Complaint::new(format!("`{}` is not in {network_itself}, the network of `vip`", address.value))
            .help("write the address that the host has there, or correct the prefix length of `vip`")
    };
    Some(At { value: complaint, offset: address.offset })
}

/// Addresses of another family than the floating address, or than the first host's where there is none.
fn family_conflicts(claims: &Claims) -> Vec<At<Complaint>> {
    let addresses = || claims.hosts.iter().filter_map(|host| host.address.as_ref());
    let floating = claims.vip.as_ref().map(|vip| vip.value.addr());
    let Some(first) = floating.or_else(|| addresses().next().map(|address| address.value)) else {
        return Vec::new();
    };
    let (family, other) = if first.is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
    addresses()
        .filter(|address| !is_same_family(address.value, first))
        .map(|address| {
            let complaint = Complaint::new(format!("`{}` is {other} and `{first}` is {family}", address.value));
            let help = "write `vip` and the addresses of all hosts in one family";
            At { value: complaint.help(help), offset: address.offset }
        })
        .collect()
}

fn is_same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

/// Values that an earlier host has.
fn twice<'a, T: Display + PartialEq + 'a>(what: &str, values: impl Iterator<Item = &'a At<T>>) -> Vec<At<Complaint>> {
    let values: Vec<_> = values.collect();
    let earlier = |index: usize| values[..index].iter().any(|earlier| earlier.value == values[index].value);
    (0..values.len())
        .filter(|&index| earlier(index))
        .map(|index| {
            let At { value, offset } = values[index];
            let complaint = Complaint::new(format!("`{value}` is the {what} of another host already"));
            At { value: complaint.help(format!("give each host its own {what}")), offset: *offset }
        })
        .collect()
}

/// Ports of the edge that are another's as well.
fn port_conflicts(ports: &[Port]) -> Vec<At<Complaint>> {
    let mut conflicts = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        if let Some(earlier) = ports[..index].iter().find(|earlier| earlier.number == port.number)
            && let Some(offset) = port.offset.or(earlier.offset)
        {
            let complaint = Complaint::new(format!("`{}` and `{}` are both {}", earlier.name, port.name, port.number));
            let default = [earlier, port].into_iter().find(|port| port.offset.is_none());
            let help = default.map_or("one port cannot be bound twice".to_owned(), |default| {
                format!("{} is the default of `{}`; write another for one of them", default.number, default.name)
            });
            conflicts.push(At { value: complaint.help(help), offset });
        }
    }
    conflicts
}

/// Fixed ports of the master that HAProxy has on the same hosts.
fn master_conflicts(ports: &[Port], master_ports: &[Port]) -> Vec<At<Complaint>> {
    // The statistics are on loopback alone, where the master does not listen.
    let outside = ports.iter().filter(|port| port.name != STATS_PORT);
    outside
        .flat_map(|port| master_ports.iter().map(move |master| (port, master)))
        .filter(|(port, master)| port.number == master.number)
        .filter_map(|(port, master)| {
            let complaint = Complaint::new(format!(
                "the master's `{}` is {}, where HAProxy listens on the same hosts (`{}` in block `edge`)",
                master.name, master.number, port.name,
            ));
            let help = format!("leave the master's `{}` out, and Nomad chooses one", master.name);
            Some(At { value: complaint.help(help), offset: master.offset? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str, offset: usize) -> At<T> {
        At { value: text.parse().unwrap(), offset }
    }

    /// Hosts whose names, addresses and priorities stand at 10, 11 and 12, at 20, 21 and 22, and so on.
    fn hosts(hosts: &[(&str, &str, &str)]) -> Vec<Host> {
        let places = (1..).map(|number| number * 10);
        let host = |(place, (name, address, priority)): (usize, &(&str, &str, &str))| Host {
            name: Some(at(name, place)),
            address: Some(at(address, place + 1)),
            interface: None,
            priority: Some(at(priority, place + 2)),
        };
        places.zip(hosts).map(host).collect()
    }

    /// Where there is a conflict.
    fn places(claims: &Claims) -> Vec<usize> {
        conflicts(claims).iter().map(|conflict| conflict.offset).collect()
    }

    const NOWHERE: [usize; 0] = [];

    #[test]
    fn what_could_not_be_read_conflicts_with_nothing() {
        assert_eq!(places(&Claims::default()), NOWHERE);
        let unread = || vec![Host::default(), Host::default()];
        assert_eq!(places(&Claims { vip: Some(at("10.0.0.9/24", 1)), hosts: unread(), ..Claims::default() }), NOWHERE);
    }

    #[test]
    fn each_conflict_is_told_where_it_stands() {
        let fine = [("a", "10.0.0.1", "2"), ("b", "10.0.0.2", "1")];
        let claims = |vip: &str, others: &[(&str, &str, &str)]| Claims {
            vip: Some(at(vip, 1)),
            hosts: hosts(&[&fine, others].concat()),
            ..Claims::default()
        };
        assert_eq!(places(&claims("10.0.0.9/24", &[])), NOWHERE);
        assert_eq!(places(&claims("10.0.0.0/24", &[])), [1], "the network");
        assert_eq!(places(&claims("10.0.0.1/24", &[("c", "10.0.0.1", "3")])), [1, 31], "told once of two hosts");
        assert_eq!(places(&claims("10.0.0.9/24", &[("a", "10.0.0.2", "1")])), [30, 31, 32], "all twice");
        assert_eq!(places(&claims("10.0.0.9/24", &[("c", "10.0.0.255", "3")])), [31], "broadcast");
        assert_eq!(places(&claims("10.0.1.9/24", &[])), [11, 21], "outside");
        assert_eq!(places(&claims("10.0.1.9/32", &[])), NOWHERE, "nothing is known of the network");
        assert_eq!(places(&claims("10.0.0.8/31", &[])), [11, 21], "outside a network of two");
        assert_eq!(places(&claims("fd00::9/64", &[])), [11, 21], "another family");
    }

    #[test]
    fn three_equal_ports_are_two_conflicts() {
        let port = |name, offset| Port { name, number: 8080, offset };
        let ports = vec![port("port", Some(1)), port("ui_port", None), port(STATS_PORT, Some(3))];
        let master_ports = vec![port("port", Some(4))];
        assert_eq!(places(&Claims { ports, master_ports, ..Claims::default() }), [1, 3, 4, 4]);
    }
}
