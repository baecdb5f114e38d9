//! The namespaces and links of a lab with three hosts.
//!
//! ```text
//! the machine             namespace "bridge"        namespaces of the hosts
//! nomspark18-0 ───────── machine ┐
//!                        borie ──┼─ bridge    ───── eth0 of borie
//!                        republique ┤         ───── eth0 of republique
//!                        wacken ─┘            ───── eth0 of wacken
//! ```
//!
//! Nothing is forwarded: no namespace has a route out, and the machine only gets the route to its own link.

use std::collections::HashSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use serde::Deserialize;

use super::Host;
use super::error::Error;
use super::iproute::IpRoute;
use super::namespace::Namespace;
use super::netns;
use super::network::Network;

/// A host's interface, in its own namespace.
pub(super) const INTERFACE: &str = "eth0";
/// The bridge, and the machine's end at it, in the bridge's namespace; the hosts' ends have the hosts' names.
const BRIDGE: &str = "bridge";
const MACHINE: &str = "machine";
/// Where the kernel lists the interfaces of this machine.
const INTERFACES: &str = "/sys/class/net";

/// The shortest prefix of a route that is about this range; wider ones are a default route by another name.
const RANGE: u8 = 15;

/// The namespaces and links of a network.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    ip: IpRoute,
    network: Network,
}

#[derive(Debug, Deserialize)]
struct Link {
    ifname: String,
    #[serde(default)]
    flags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Interface {
    #[serde(default)]
    ifname: String,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    local: Option<Ipv4Addr>,
    #[serde(default)]
    prefixlen: u8,
}

#[derive(Debug, Deserialize)]
struct Route {
    dst: String,
    dev: Option<String>,
}

impl Wiring {
    /// Of a network, whether there is anything yet or not.
    pub(super) fn new(network: Network) -> Result<Self, Error> {
        Ok(Self { ip: IpRoute::find()?, network })
    }

    /// Makes sure that nothing else on this machine uses the network.
    pub(super) async fn check_free(&self) -> Result<(), Error> {
        let own = self.network.machine_interface();
        let taken = |user: String| Error::NetworkTaken { network: self.network, user };
        let interfaces: Vec<Interface> = self.ip.json("-4 address show").await?;
        for interface in interfaces.iter().filter(|interface| interface.ifname != own) {
            let mut addresses = interface.addr_info.iter();
            let overlaps =
                |address: &&Address| address.local.is_some_and(|local| self.network.overlaps(local, address.prefixlen));
            if let Some(Address { local: Some(local), prefixlen }) = addresses.find(overlaps) {
                return Err(taken(format!("the interface {} has {local}/{prefixlen}", interface.ifname)));
            }
        }
        let routes: Vec<Route> = self.ip.json("-4 route show table all").await?;
        // One whose interface is just being removed is listed for a moment longer, with the interface's number for its name.
        let is_there = |route: &&Route| {
            route.dev.as_ref().is_none_or(|device| *device != own && Path::new(INTERFACES).join(device).exists())
        };
        for route in routes.iter().filter(is_there) {
            let (address, prefix) = route.dst.split_once('/').unwrap_or((&route.dst, "32"));
            if let (Ok(address), Ok(prefix)) = (address.parse(), prefix.parse())
                && prefix >= RANGE
                && self.network.overlaps(address, prefix)
            {
                let device = route.dev.as_ref().map_or_else(String::new, |device| format!(" through {device}"));
                return Err(taken(format!("there is a route to {}{device}", route.dst)));
            }
        }
        Ok(())
    }

    /// Makes what is missing, and mends links that are cut.
    pub(super) async fn ensure(&self, hosts: &[Host]) -> Result<(), Error> {
        for namespace in self.network.namespaces() {
            self.ensure_namespace(&namespace).await?;
        }
        let bridge = self.network.bridge_namespace();
        let inside = format!("-netns {}", bridge.name());
        let ends = self.links(&bridge).await?;
        let ends: HashSet<&str> = ends.iter().map(|link| link.ifname.as_str()).collect();
        if !ends.contains(BRIDGE) {
            // Ready to forward at once; and multicast, which VRRP speaks, goes to every host.
            let options = "stp_state 0 forward_delay 0 mcast_snooping 0";
            self.ip.run(&format!("{inside} link add {BRIDGE} type bridge {options}")).await?;
        }
        self.ip.run(&format!("{inside} link set {BRIDGE} up")).await?;

        for host in hosts {
            let namespace = self.network.namespace(&host.name);
            // Both ends of a link come and go together.
            if !ends.contains(host.name.as_str()) {
                let peer = format!("peer name {} netns {}", host.name, bridge.name());
                self.ip.run(&format!("-netns {} link add {INTERFACE} type veth {peer}", namespace.name())).await?;
            }
            self.ip.run(&format!("{inside} link set {} master {BRIDGE} up", host.name)).await?;
            let [address, address_6] = self.network.addresses(host);
            let at = format!("-netns {}", namespace.name());
            self.ip.run(&format!("{at} address replace {address} dev {INTERFACE}")).await?;
            if kernel_has_ipv6() {
                self.ip.run(&format!("{at} address replace {address_6} dev {INTERFACE} nodad")).await?;
            }
            self.ip.run(&format!("{at} link set {INTERFACE} up")).await?;
        }

        let interface = self.network.machine_interface();
        if !ends.contains(MACHINE) {
            let peer = format!("peer name {MACHINE} netns {}", bridge.name());
            self.ip.run(&format!("link add {interface} type veth {peer}")).await?;
        }
        self.ip.run(&format!("{inside} link set {MACHINE} master {BRIDGE} up")).await?;
        let [address, address_6] = self.network.machine_addresses();
        self.ip.run(&format!("address replace {address} dev {interface}")).await?;
        if machine_has_ipv6() {
            self.ip.run(&format!("address replace {address_6} dev {interface} nodad")).await?;
        }
        self.ip.run(&format!("link set {interface} up")).await
    }

    async fn ensure_namespace(&self, namespace: &Namespace) -> Result<(), Error> {
        if namespace.number().is_none() {
            // A crash may have left the name without a namespace.
            netns::remove(namespace)?;
            self.ip.run(&format!("netns add {}", namespace.name())).await?;
        }
        self.ip.run(&format!("-netns {} link set lo up", namespace.name())).await
    }

    /// Cuts a host off, or mends its link: the bridge's end of it goes down or up, like a cable at a switch.
    pub(super) async fn set_link(&self, host: &str, up: bool) -> Result<(), Error> {
        let state = if up { "up" } else { "down" };
        let bridge = self.network.bridge_namespace();
        self.ip.run(&format!("-netns {} link set {host} {state}", bridge.name())).await
    }

    /// The names of the ends at the bridge that are up.
    pub(super) async fn connected(&self) -> Result<HashSet<String>, Error> {
        let bridge = self.network.bridge_namespace();
        if bridge.number().is_none() {
            return Ok(HashSet::new());
        }
        let links = self.links(&bridge).await?.into_iter();
        Ok(links.filter(|link| link.flags.iter().any(|flag| flag == "UP")).map(|link| link.ifname).collect())
    }

    /// Removes everything of the network; no process may be in it any more.
    pub(super) async fn remove(&self) -> Result<(), Error> {
        let interface = self.network.machine_interface();
        let links: Vec<Link> = self.ip.json("link show").await?;
        if links.iter().any(|link| link.ifname == interface) {
            // It would go with the bridge's namespace, but only some time after.
            self.ip.run(&format!("link delete {interface}")).await?;
        }
        for namespace in self.network.namespaces() {
            netns::remove(&namespace)?;
        }
        netns::tidy();
        Ok(())
    }

    async fn links(&self, namespace: &Namespace) -> Result<Vec<Link>, Error> {
        self.ip.json(&format!("-netns {} link show", namespace.name())).await
    }
}

fn kernel_has_ipv6() -> bool {
    fs::exists("/proc/sys/net/ipv6").unwrap_or(false)
}

/// Whether the machine's own interfaces get IPv6 addresses; a namespace of ours has settings of its own.
fn machine_has_ipv6() -> bool {
    fs::read_to_string("/proc/sys/net/ipv6/conf/default/disable_ipv6").is_ok_and(|text| text.trim() == "0")
}
