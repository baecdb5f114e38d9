//! The block `master` of a spec file.

use hcl::edit::expr::Expression;

use super::File;
use crate::names::ServerAddress;
use crate::spec::document::start;
use crate::spec::level::Level;
use crate::spec::master::{Master, Recovery};
use crate::spec::problem::Complaint;
use crate::spec::reader::At;
use crate::spec::schema;

impl<'a> File<'a> {
    /// How many masters there are, and how they recover; together, because not every way elects.
    pub(super) fn masters(&mut self, master: &Level<'a>) -> (Option<u32>, Option<Recovery>) {
        let count = self.whole::<u32>(master, "count", &(1..=Master::MAX_COUNT));
        let recovery = self.recovery(master);
        if let (Some(count), Some(recovery)) = (&count, &recovery)
            && let Some(complaint) = too_many(count.value, &recovery.value)
        {
            self.reader.complain(recovery.offset, complaint);
        }
        (count.map(|count| count.value), recovery.map(|recovery| recovery.value))
    }

    fn recovery(&mut self, master: &Level<'a>) -> Option<At<Recovery>> {
        let servers = master.attribute("zookeeper").map(|list| (start(list), self.zookeeper(list)));
        let Some(expression) = master.attribute("recovery") else {
            if let Some((offset, _)) = servers {
                self.reader.complain(offset, needless_servers());
            }
            return None;
        };
        let mode = self.reader.string(expression)?;
        let recovery = match (mode.value.as_str(), servers) {
            ("zookeeper", Some((_, servers))) => Ok(Recovery::ZooKeeper(servers?)),
            ("zookeeper", None) => Err(Complaint::new("`recovery = \"zookeeper\"` needs the servers of ZooKeeper")
                .help("add `zookeeper = [\"HOST:2181\", …]`")),
            (_, Some((offset, _))) => {
                self.reader.complain(offset, needless_servers());
                return None;
            }
            ("consul", None) => Ok(Recovery::Consul),
            ("rocksdb", None) => Ok(Recovery::RocksDb),
            ("filesystem", None) => Ok(Recovery::Filesystem),
            ("none", None) => Ok(Recovery::None),
            (other, None) => Err(Complaint::new(format!("`{}` is not a recovery mode", other.escape_debug()))
                .help(format!("expected {}", schema::list(Recovery::MODES.map(|mode| format!("`{mode}`")).to_vec())))),
        };
        match recovery {
            Ok(value) => Some(At { value, offset: mode.offset }),
            Err(complaint) => {
                self.reader.complain(mode.offset, complaint);
                None
            }
        }
    }

    fn zookeeper(&mut self, list: &'a Expression) -> Option<Vec<ServerAddress>> {
        let texts = self.reader.strings(list)?;
        if texts.is_empty() {
            let complaint = Complaint::new("the list of ZooKeeper's servers is empty");
            self.reader.complain(start(list), complaint.help("write `[\"HOST:2181\", …]`"));
            return None;
        }
        // All of them are looked at, so that all errors are told at once.
        let servers: Vec<_> = texts.iter().map(|text| self.reader.parse(text, |text| Ok(text.parse()?))).collect();
        servers.into_iter().collect()
    }
}

/// What is wrong with so many masters, if anything is.
pub(in crate::spec) fn too_many(count: u32, recovery: &Recovery) -> Option<Complaint> {
    let every = format!(
        "with `recovery = \"{recovery}\"` each of {count} masters would believe that it leads, and the cluster would fall apart"
    );
    (count > 1 && !recovery.elects())
        .then(|| Complaint::new(every).help("write `recovery = \"consul\"` or \"zookeeper\", or have one master"))
}

fn needless_servers() -> Complaint {
    Complaint::new("`zookeeper` lists servers that nothing would ask").help("write `recovery = \"zookeeper\"` too")
}
