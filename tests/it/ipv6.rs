//! Nodes whose tasks have IPv6 addresses, on which Spark's masters end: refused before anything is registered.

use std::time::Duration;

use serde_json::json;

use crate::support::agent::Agent;
use crate::support::lab::shared;
use crate::support::{free_ports, http, wait_until};

/// What an agent may take to have a node that is ready.
const LIMIT: Duration = Duration::from_mins(1);

#[test]
fn nodes_with_ipv6_addresses_are_refused_before_anything_is_registered() {
    let lab = shared();
    let [http_port, rpc, serf] = free_ports();
    let nobody = format!("127.0.0.1:{}", free_ports::<1>()[0]);
    // Consul is asked by nomspark alone: two Nomad clients that shared its agent would remove each other's services.
    let configuration = json!({
        "name": "six",
        "bind_addr": "127.0.0.1",
        "disable_update_check": true,
        "ports": { "http": http_port, "rpc": rpc, "serf": serf },
        "consul": { "address": nobody, "server_auto_join": false, "client_auto_join": false },
        "client": {
            "min_dynamic_port": 16_200,
            "max_dynamic_port": 16_299,
            "network_interface": "lo",
            "preferred_address_family": "ipv6",
            "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
        },
        "plugin": [{ "raw_exec": [{ "config": [{ "enabled": true }] }] }],
    });
    let _agent = Agent::nomad(&configuration);
    let nomad = format!("http://127.0.0.1:{http_port}");
    wait_until("a node whose address is IPv6", LIMIT, || {
        let nodes = http::find(&format!("{nomad}/v1/nodes")).unwrap_or_default();
        let Some(node) = nodes.get(0).filter(|node| node["Status"] == "ready") else { return false };
        let node = http::get(&format!("{nomad}/v1/node/{}", node["ID"].as_str().unwrap()));
        node["Attributes"]["unique.network.ip-address"] == "::1"
    });
    for command in ["plan", "deploy"] {
        let run = lab.nomspark(command).args(["--name", "six", "--driver", "raw_exec"]).env("NOMAD_ADDR", &nomad);
        let refused = run.run().fails(3).shows("have the IPv6 address ");
        refused.says("tasks on the node six have the IPv6 address ::1").hints("preferred_address_family");
    }
    assert_eq!(http::get(&format!("{nomad}/v1/jobs")), json!([]), "nothing is registered");
}
