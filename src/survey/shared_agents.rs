//! Consul agents with which more than one Nomad client registers services.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::consul::{Check, ServiceEntry};

/// The service that every Nomad client registers of itself, unless its setting `client_service_name` says otherwise.
pub(super) const NOMAD_CLIENT: &str = "nomad-client";

/// A Consul agent that several Nomad clients share. Each of them removes the services of tasks that it does not know
/// (`sync` of Nomad's `command/agent/consul/service_client.go`), and so those of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedAgent {
    /// The Consul node.
    pub node: String,
    /// HOST:PORT of each Nomad client's HTTP API.
    pub clients: BTreeSet<String>,
}

impl fmt::Display for SharedAgent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.clients.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        write!(
            formatter,
            "Nomad clients share the Consul agent of {}: those at {clients} remove each other's services, which vanish and \
             come back; give each a Consul agent of its own",
            self.node
        )
    }
}

/// Those among the agents of all Nomad clients. A client that left without a word still stands in Consul, with a check
/// that fails: it removes nothing.
pub(super) fn shared_agents(clients: &[ServiceEntry]) -> Vec<SharedAgent> {
    let mut agents: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let answers = |client: &&ServiceEntry| client.checks.iter().all(Check::is_passing);
    for client in clients.iter().filter(answers) {
        agents.entry(&client.node.node).or_default().insert(client.address());
    }
    let shared = agents.into_iter().filter(|(_, clients)| clients.len() > 1);
    shared.map(|(node, clients)| SharedAgent { node: node.to_owned(), clients }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nomad's client at this port, as a Consul node tells it.
    fn client(node: &str, port: u16, status: &str) -> ServiceEntry {
        serde_json::from_value(serde_json::json!({
            "Node": { "Node": node, "Address": "10.0.0.5" },
            "Service": { "ID": format!("_nomad-client-{port}"), "Address": "", "Port": port },
            "Checks": [{ "Name": "Serf Health Status", "Status": "passing" }, { "Name": "HTTP", "Status": status }],
        }))
        .unwrap()
    }

    #[test]
    fn two_clients_that_answer_share_their_agent() {
        let told = shared_agents(&[client("wacken", 4646, "passing"), client("wacken", 5646, "passing")]);
        assert_eq!(told.len(), 1);
        let told = told[0].to_string();
        assert!(
            told.starts_with("Nomad clients share the Consul agent of wacken: those at 10.0.0.5:4646 and"),
            "{told}"
        );
    }

    #[test]
    fn others_do_not() {
        let alone = client("wacken", 4646, "passing");
        for other in [client("borie", 5646, "passing"), client("wacken", 5646, "critical"), alone.clone()] {
            assert_eq!(shared_agents(&[alone.clone(), other]), []);
        }
    }
}
