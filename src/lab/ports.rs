//! The ports of a lab.
//!
//! Labs whose HTTP ports are 10, 20, ... 90 apart can live side by side: then all ports of their agents differ, and so do
//! the 500 ports that each Nomad hands to tasks, which begin at 20000 + 500 x (Nomad's HTTP port / 10 mod 24).

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::process;

/// Nomad's HTTP port by default.
const NOMAD: u16 = 4646;
/// Consul's HTTP port by default.
const CONSUL: u16 = 8500;

/// The two ports that the others follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ports {
    /// Nomad's HTTP port.
    pub(super) nomad: u16,
    /// Consul's HTTP port.
    pub(super) consul: u16,
}

/// A port that an agent listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// The key of Consul's configuration, empty for Nomad's ports.
    pub(super) key: &'static str,
    /// The number.
    pub(super) number: u16,
    /// What it is for.
    pub(super) purpose: &'static str,
    /// Whether it is used with UDP too.
    udp: bool,
}

/// A port's configuration key, its distance from the HTTP port, what it is for, and whether it is used with UDP too.
type Rule = (&'static str, i32, &'static str, bool);

const NOMAD_PORTS: [Rule; 3] =
    [("http", 0, "Nomad's HTTP API", false), ("rpc", 1, "Nomad's RPC", false), ("serf", 2, "Nomad's gossip", true)];

const CONSUL_PORTS: [Rule; 5] = [
    ("http", 0, "Consul's HTTP API", false),
    ("dns", 100, "Consul's DNS", true),
    ("server", -200, "Consul's RPC", false),
    ("serf_lan", -199, "Consul's gossip", true),
    ("serf_wan", -198, "Consul's gossip between data centres", true),
];

impl Ports {
    /// The ports that were asked for, where nothing was asked for the usual ones.
    pub(super) fn new(nomad: Option<u16>, consul: Option<u16>) -> Result<Self, Error> {
        let ports = Self { nomad: nomad.unwrap_or(NOMAD), consul: consul.unwrap_or(CONSUL) };
        let mut seen = HashMap::new();
        let nomad = NOMAD_PORTS.into_iter().map(|rule| (ports.nomad, rule));
        for (base, (_, distance, purpose, _)) in nomad.chain(CONSUL_PORTS.into_iter().map(|rule| (ports.consul, rule)))
        {
            let port = i32::from(base) + distance;
            if base == 0 || !(1..=i32::from(u16::MAX)).contains(&port) {
                return Err(Error::PortImpossible { port, purpose, problem: "does not exist".to_owned() });
            }
            if let Some(other) = seen.insert(port, purpose) {
                return Err(Error::PortImpossible { port, purpose, problem: format!("is used for {other} too") });
            }
        }
        Ok(ports)
    }

    /// Nomad's ports.
    pub(super) fn of_nomad(self) -> Vec<Port> {
        Self::from_rules(self.nomad, &NOMAD_PORTS)
    }

    /// Consul's ports.
    pub(super) fn of_consul(self) -> Vec<Port> {
        Self::from_rules(self.consul, &CONSUL_PORTS)
    }

    fn from_rules(base: u16, rules: &[Rule]) -> Vec<Port> {
        let port = |&(key, distance, purpose, udp): &Rule| {
            let number = u16::try_from(i32::from(base) + distance).ok()?;
            Some(Port { key, number, purpose, udp })
        };
        rules.iter().filter_map(port).collect()
    }

    /// The first and the last port that Nomad hands to tasks.
    pub(super) fn dynamic(self) -> (u16, u16) {
        let first = 20_000 + 500 * (self.nomad / 10 % 24);
        (first, first + 499)
    }
}

/// Makes sure that nobody else has one of the ports.
pub(super) fn check_free(address: IpAddr, ports: &[Port]) -> Result<(), Error> {
    for port in ports {
        let taken = TcpListener::bind((address, port.number)).is_err()
            || (port.udp && UdpSocket::bind((address, port.number)).is_err());
        if taken {
            let holder = holder(port.number)
                .map(|pid| (pid, process::command_line(pid).unwrap_or_default()))
                .map_or_else(String::new, |(pid, command)| format!(" by process {pid} ({command})"));
            return Err(Error::PortBusy { port: port.number, purpose: port.purpose, holder });
        }
    }
    Ok(())
}

/// The process that listens on a port, if `/proc` lets us know.
fn holder(port: u16) -> Option<i32> {
    let tables = ["tcp", "tcp6", "udp", "udp6"].map(|name| fs::read_to_string(format!("/proc/net/{name}")));
    let inodes: Vec<String> = tables.into_iter().flatten().flat_map(|table| listening_inodes(&table, port)).collect();
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    process::all()
        .into_iter()
        .find(|pid| process::open_files(*pid).iter().any(|file| links.iter().any(|link| file == Path::new(link))))
}

/// The inodes of the sockets that are bound to a port and connected to nobody, from a table such as `/proc/net/tcp`.
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local) = fields.get(1)?.rsplit_once(':')?;
        let (_, remote) = fields.get(2)?.rsplit_once(':')?;
        let matches = u16::from_str_radix(local, 16).ok()? == port && remote == "0000";
        matches.then(|| fields.get(9).map(|inode| (*inode).to_owned())).flatten()
    };
    table.lines().skip(1).filter_map(inode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_nomad_and_consul() {
        let ports = Ports::new(None, None).unwrap();
        let numbers = |ports: Vec<Port>| ports.into_iter().map(|port| port.number).collect::<Vec<_>>();
        assert_eq!(numbers(ports.of_nomad()), [4646, 4647, 4648]);
        assert_eq!(numbers(ports.of_consul()), [8500, 8600, 8300, 8301, 8302]);
    }

    #[test]
    fn ports_that_cannot_be_are_refused() {
        for (nomad, consul) in [(0, 8500), (65534, 8500), (4646, 200), (4646, 65500), (8299, 8500), (8500, 8500)] {
            assert!(
                matches!(Ports::new(Some(nomad), Some(consul)), Err(Error::PortImpossible { .. })),
                "{nomad} {consul}"
            );
        }
        assert!(Ports::new(Some(65533), None).is_ok());
        assert!(Ports::new(None, Some(65435)).is_ok());
    }

    #[test]
    fn neighbouring_labs_hand_out_other_ports() {
        let dynamic = |nomad| Ports::new(Some(nomad), None).unwrap().dynamic();
        assert_eq!(dynamic(4646), (24_000, 24_499));
        assert_eq!(dynamic(14646), (20_000, 20_499));
        assert_eq!(dynamic(14656), (20_500, 20_999));
    }

    #[test]
    fn listening_sockets_are_found_in_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n\
            1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0\n\
            2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0\n";
        assert_eq!(listening_inodes(table, 8080), ["4711"]);
    }

    #[test]
    fn a_busy_port_is_named_with_its_holder() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = listener.local_addr().unwrap().port();
        let port = Port { key: "http", number, purpose: "a test", udp: false };
        let error = check_free(IpAddr::from([127, 0, 0, 1]), &[port]).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("port {number} for a test is taken by process {} (", std::process::id())),
            "{error}"
        );
    }
}
