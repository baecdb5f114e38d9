//! What the file gives.

mod edge;
mod master;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use hcl::edit::expr::Expression;
use hcl::edit::structure::Body;

use super::document::{Document, start};
use super::given::{Given, add_datacenter, master_memory, worker_memory};
use super::level::Level;
use super::problem::{Complaint, Problem};
use super::reader::{At, Reader};
use super::{Driver, Source, Worker, conf, schema};
use crate::names::{ConfKey, ConfValue, Datacenter};
use crate::units::{Cores, Memory};

pub(super) use master::too_many;

/// The values of the file, and what is wrong with them.
pub(super) fn given(source: &Source) -> (Given, Vec<Problem>) {
    let (document, body, mut problems) = Document::parse(source);
    let Some(body) = body else {
        return (Given::default(), problems);
    };
    let mut file = File { reader: Reader::new(&document) };
    let given = file.given(&body);
    problems.extend(file.reader.problems);
    (given, problems)
}

struct File<'a> {
    reader: Reader<'a>,
}

impl<'a> File<'a> {
    fn given(&mut self, body: &'a Body) -> Given {
        let root = self.reader.level(body, &schema::ROOT);
        let runtime = self.reader.inside(root.block("runtime"), &schema::RUNTIME);
        let master = self.reader.inside(root.block("master"), &schema::MASTER);
        let worker = self.reader.inside(root.block("worker"), &schema::WORKER);
        let (master_count, recovery) = self.masters(&master);
        let master_ports = self.ports(&master);
        let edge = root.block("edge").and_then(|edge| self.edge(edge, &master_ports));
        let [master_port, master_ui_port] = master_ports.map(|port| port.map(|port| port.value));
        Given {
            name: self.parse(&root, "name", |text| Ok(text.parse()?)),
            datacenters: root.attribute("datacenters").and_then(|list| self.datacenters(list)),
            node_pool: self.parse(&root, "node_pool", |text| Ok(text.parse()?)),
            driver: self.parse(&runtime, "driver", driver),
            image: self.parse(&runtime, "image", |text| Ok(text.parse()?)),
            spark_home: self.parse(&runtime, "spark_home", |text| Ok(text.parse()?)),
            master_count,
            master_memory: self.memory(&master, master_memory),
            recovery,
            master_port,
            master_ui_port,
            worker_count: self.whole(&worker, "count", &(0..=Worker::MAX_COUNT)).map(|count| count.value),
            worker_cores: self.whole(&worker, "cores", &(1..=Cores::MAX)).map(|cores| cores.value),
            worker_memory: self.memory(&worker, worker_memory),
            edge,
            conf: root.attribute("conf").map(|object| self.conf(object)).unwrap_or_default(),
        }
    }

    fn parse<T>(&mut self, level: &Level<'a>, name: &str, read: impl Fn(&str) -> Result<T, Complaint>) -> Option<T> {
        let text = self.reader.string(level.attribute(name)?)?;
        self.reader.parse(&text, read)
    }

    fn memory(&mut self, level: &Level<'a>, read: impl Fn(&str) -> Result<Memory, Complaint>) -> Option<Memory> {
        if let Some(expression @ Expression::Number(number)) = level.attribute("memory") {
            let complaint = Complaint::new("expected an amount of memory with its unit, found a number");
            let amounts = ["MiB", "GiB"].map(|unit| format!("{}{unit}", number.value()));
            let amount = amounts.into_iter().find(|amount| read(amount).is_ok());
            let help = format!("write `\"{}\"`", amount.unwrap_or_else(|| "1GiB".to_owned()));
            self.reader.complain(start(expression), complaint.help(help));
            return None;
        }
        self.parse(level, "memory", read)
    }

    fn whole<T: TryFrom<u32>>(&mut self, level: &Level<'a>, name: &str, bounds: &RangeInclusive<u32>) -> Option<At<T>> {
        self.reader.whole(level.attribute(name)?, bounds)
    }

    fn port(&mut self, level: &Level<'a>, name: &str) -> Option<At<u16>> {
        self.whole(level, name, &(1..=u32::from(u16::MAX)))
    }

    fn datacenters(&mut self, expression: &'a Expression) -> Option<Vec<Datacenter>> {
        let items = self.reader.strings(expression)?;
        let mut list = Vec::with_capacity(items.len());
        for item in &items {
            if let Err(complaint) = add_datacenter(&mut list, &item.value) {
                self.reader.complain(item.offset, complaint);
            }
        }
        if expression.as_array().is_some_and(hcl::edit::expr::Array::is_empty) {
            let complaint = Complaint::new("the list of datacenters is empty");
            self.reader.complain(start(expression), complaint.help("leave it out for every datacenter"));
        }
        Some(list)
    }

    /// The master's `port` and `ui_port`.
    fn ports(&mut self, master: &Level<'a>) -> [Option<At<u16>>; 2] {
        let rpc = self.port(master, "port");
        let ui = self.port(master, "ui_port");
        if let (Some(rpc), Some(ui)) = (&rpc, &ui)
            && rpc.value == ui.value
        {
            let complaint = Complaint::new(format!("`port` and `ui_port` are both {}", ui.value));
            self.reader.complain(ui.offset, complaint.help("one port cannot be bound twice"));
        }
        [rpc, ui]
    }

    fn conf(&mut self, object: &'a Expression) -> BTreeMap<ConfKey, ConfValue> {
        let mut properties = BTreeMap::new();
        for (key, value) in self.reader.entries(object) {
            // A value whose key is refused is not looked at: it may be a secret, and a message would show it.
            let Some(key) = self.reader.parse(&key, conf::key) else {
                continue;
            };
            let value = self.reader.string(value);
            if let Some(value) = value.and_then(|value| self.reader.parse(&value, |text| conf::value(&key, text))) {
                properties.insert(key, value);
            }
        }
        properties
    }
}

fn driver(text: &str) -> Result<Driver, Complaint> {
    Driver::ALL.into_iter().find(|driver| driver.as_str() == text).ok_or_else(|| {
        let known = schema::list(Driver::ALL.map(|driver| format!("`{driver}`")).to_vec());
        Complaint::new(format!("`{}` is not a driver that nomspark knows", text.escape_debug()))
            .help(format!("expected {known}"))
    })
}
