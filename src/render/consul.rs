//! Consul's definitions for edge hosts that run under systemd; in Nomad's job, Nomad registers the service.

use serde_json::{Value, json};

use crate::plan::EdgeVariables;
use crate::spec::EdgeHost;

/// How many Consul servers make sense: three or five lose one or two without losing the majority.
const SERVERS: [usize; 2] = [3, 5];

/// The service `NAME-edge`: its DNS name leads to the floating address, its check tells of this host's `HAProxy`.
pub(super) fn service(variables: &EdgeVariables, host: &EdgeHost) -> Value {
    let edge = &variables.edge;
    json!({
        "service": {
            "id": format!("{}-edge-{}", variables.cluster, host.name),
            "name": format!("{}-edge", variables.cluster),
            "address": edge.vip.addr(),
            "port": edge.port,
            "tags": ["nomspark", "edge"],
            "meta": { "cluster": variables.cluster, "host": host.name.as_str() },
            "check": {
                "name": "HAProxy answers",
                "http": format!("http://127.0.0.1:{}/health", edge.stats_port),
                "interval": "2s",
                "timeout": "1s",
            },
        },
    })
}

/// The Consul agent of a host. The edge hosts are the servers where their number suits that, clients otherwise.
pub(super) fn agent(variables: &EdgeVariables, host: &EdgeHost) -> Value {
    let hosts = &variables.edge.hosts;
    let others: Vec<_> = hosts.iter().filter(|other| other.name != host.name).map(|other| other.address).collect();
    let mut agent = json!({
        "node_name": host.name.as_str(),
        "data_dir": "/var/lib/consul",
        "bind_addr": host.address,
        "client_addr": "127.0.0.1",
        "retry_join": others,
        "leave_on_terminate": false,
    });
    if SERVERS.contains(&hosts.len()) {
        agent["server"] = json!(true);
        agent["bootstrap_expect"] = json!(hosts.len());
    }
    agent
}
