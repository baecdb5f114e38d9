//! What the file's block `edge` gives.

mod driver;

use std::num::NonZeroU8;
use std::ops::RangeInclusive;

use hcl::edit::expr::Expression;
use hcl::edit::structure::Block;

use super::super::conflicts::{Claims, Host, Port, STATS_PORT, conflicts};
use super::super::document::start;
use super::super::edge::{AdvertInterval, Edge, EdgeHost};
use super::super::level::Level;
use super::super::problem::Complaint;
use super::super::reader::{At, Reader};
use super::super::{address, schema};
use super::File;

/// Whoever has 255 owns the address, and 0 resigns: neither is for a host that shares it.
const PRIORITIES: RangeInclusive<u32> = 1..=254;

impl<'a> File<'a> {
    /// The edge; `None` only where something is wrong with it. `master_ports` are the master's `port` and `ui_port`.
    pub(super) fn edge(&mut self, block: &'a Block, master_ports: &[Option<At<u16>>; 2]) -> Option<Edge> {
        let level = self.reader.inside(Some(block), &schema::EDGE);
        self.require(block, &level, "vip", "write `vip = \"ADDRESS/PREFIX\"`, such as `vip = \"172.16.3.0/16\"`");
        let blocks = level.labelled("host");
        self.count_hosts(block, &blocks);

        let driver = self.edge_driver(block, &level);
        let router_id: Option<At<u8>> = self.whole(&level, "router_id", &(1..=u32::from(u8::MAX)));
        let advert_interval = self.advert_interval(&level);
        let preempt = level.attribute("preempt").and_then(|expression| self.reader.boolean(expression));
        let port = self.edge_port(&level, "port", Edge::PORT);
        let ui_port = self.edge_port(&level, "ui_port", Edge::UI_PORT);
        let stats_port = self.edge_port(&level, STATS_PORT, Edge::STATS_PORT);
        let claims = Claims {
            vip: self.located(&level, "vip", address::floating),
            ports: [port, ui_port, stats_port].into_iter().flatten().collect(),
            master_ports: written_ports(master_ports),
            hosts: blocks.into_iter().map(|block| self.host(block)).collect(),
        };
        for conflict in conflicts(&claims) {
            self.reader.complain(conflict.offset, conflict.value);
        }
        Some(Edge {
            driver: driver?,
            vip: claims.vip?.value,
            router_id: router_id.and_then(|number| NonZeroU8::new(number.value)).unwrap_or(Edge::ROUTER_ID),
            advert_interval: advert_interval.unwrap_or_default(),
            preempt: preempt.unwrap_or_default(),
            port: port?.number,
            ui_port: ui_port?.number,
            stats_port: stats_port?.number,
            hosts: hosts(claims.hosts)?,
        })
    }

    fn host(&mut self, block: &'a Block) -> Host {
        let level = self.reader.inside(Some(block), &schema::HOST);
        self.require(block, &level, "address", "write the host's own address, such as `address = \"172.16.1.10\"`");
        let help = "write the one that gets the floating address, such as `interface = \"eth0\"`";
        self.require(block, &level, "interface", help);
        Host {
            name: Reader::label(block).and_then(|label| self.parse_located(&label, |text| Ok(text.parse()?))),
            address: self.located(&level, "address", address::host),
            interface: self.parse(&level, "interface", |text| Ok(text.parse()?)),
            priority: self.whole(&level, "priority", &PRIORITIES),
        }
    }

    fn require(&mut self, block: &'a Block, level: &Level<'a>, name: &str, help: &str) {
        if level.attribute(name).is_none() {
            let complaint = Complaint::new(format!("block `{}` has no `{name}`", block.ident.as_str()));
            self.reader.complain(start(&block.ident), complaint.help(help));
        }
    }

    fn count_hosts(&mut self, edge: &'a Block, hosts: &[&'a Block]) {
        let (fewest, most) = (Edge::FEWEST_HOSTS, Edge::MOST_HOSTS);
        if hosts.len() < fewest {
            let complaint = Complaint::new(format!("an address needs {fewest} hosts to float, found {}", hosts.len()));
            let help = "write a block `host \"NAME\" { … }` for each Nomad client that may hold the address";
            self.reader.complain(start(&edge.ident), complaint.help(help));
        }
        if let Some(host) = hosts.get(most) {
            let complaint = Complaint::new(format!("more than {most} hosts, found {}", hosts.len()));
            let help = "leave out those that need not hold the address; workers run on other nodes as well";
            self.reader.complain(start(&host.ident), complaint.help(help));
        }
    }

    fn advert_interval(&mut self, level: &Level<'a>) -> Option<AdvertInterval> {
        if let Some(expression @ Expression::Number(number)) = level.attribute("advert_interval") {
            let complaint = Complaint::new("expected a duration with its unit, found a number");
            let help = match AdvertInterval::of_number(&number.value().to_string()) {
                Some(text) => format!("write `\"{text}\"`"),
                None => "write it from `\"10ms\"` to `\"40.95s\"`".to_owned(),
            };
            self.reader.complain(start(expression), complaint.help(help));
            return None;
        }
        self.parse(level, "advert_interval", |text| Ok(text.parse()?))
    }

    /// A port of the edge, or its default; `None` where something is wrong with it.
    fn edge_port(&mut self, level: &Level<'a>, name: &'static str, default: u16) -> Option<Port> {
        if level.attribute(name).is_none() {
            return Some(Port { name, number: default, offset: None });
        }
        let At { value: number, offset } = self.port(level, name)?;
        Some(Port { name, number, offset: Some(offset) })
    }

    /// As [`File::parse`], with its place.
    fn located<T>(
        &mut self,
        level: &Level<'a>,
        name: &str,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<At<T>> {
        let text = self.reader.string(level.attribute(name)?)?;
        self.parse_located(&text, read)
    }

    fn parse_located<T>(&mut self, text: &At<String>, read: impl Fn(&str) -> Result<T, Complaint>) -> Option<At<T>> {
        let value = self.reader.parse(text, read)?;
        Some(At { value, offset: text.offset })
    }
}

/// The ports of the master that the file fixes.
fn written_ports([port, ui_port]: &[Option<At<u16>>; 2]) -> Vec<Port> {
    [("port", port), ("ui_port", ui_port)]
        .into_iter()
        .filter_map(|(name, port)| port.as_ref().map(|port| (name, port)))
        .map(|(name, port)| Port { name, number: port.value, offset: Some(port.offset) })
        .collect()
}

/// The hosts with a priority for each, where nothing is wrong with any of them.
fn hosts(hosts: Vec<Host>) -> Option<Vec<EdgeHost>> {
    let given: Vec<_> = hosts.iter().map(|host| host.priority.as_ref().map(|priority| priority.value)).collect();
    let complete = |(host, priority): (Host, u8)| {
        Some(EdgeHost { name: host.name?.value, address: host.address?.value, interface: host.interface?, priority })
    };
    hosts.into_iter().zip(Edge::priorities(&given)).map(complete).collect()
}
