//! Two Nomad clients that use one Consul agent: each takes the other's services out of it.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::application::spark_home;
use crate::support::agent::Agent;
use crate::support::lab::program;
use crate::support::rows::row;
use crate::support::run::Run;
use crate::support::{free_ports, http, wait_for, wait_until};

/// Nomad takes nothing out of Consul in the first minute of an agent, and looks every half a minute.
const LIMIT: Duration = Duration::from_mins(3);

/// A service that nobody has to answer for.
const SERVICE: &str = r#"job "rival" {
  group "g" {
    network {
      port "http" {}
    }
    service {
      name = "rival"
      port = "http"
    }
    task "work" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["600"]
      }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
"#;

/// Starts a Nomad that registers its services with this Consul, and gives its address.
fn nomad(name: &str, consul: &str) -> (Agent, String) {
    let [http, rpc, serf] = free_ports();
    let configuration = json!({
        "name": name,
        "bind_addr": "127.0.0.1",
        "disable_update_check": true,
        "ports": { "http": http, "rpc": rpc, "serf": serf },
        // They are no servers of one cluster.
        "consul": { "address": consul, "server_auto_join": false, "client_auto_join": false },
        "client": {
            // Below those of labs and of other tests.
            "min_dynamic_port": 16_000,
            "max_dynamic_port": 16_099,
            "network_interface": "lo",
            "meta": { "spark_home": spark_home() },
            "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
        },
    });
    (Agent::nomad(&configuration), format!("http://127.0.0.1:{http}"))
}

#[test]
fn nomad_clients_that_share_a_consul_agent_are_told() {
    let [http, rpc, serf] = free_ports();
    let consul = json!({
        "bind_addr": "127.0.0.1",
        "node_name": "wacken",
        "disable_update_check": true,
        "ports": { "http": http, "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_lan": serf, "serf_wan": -1, "server": rpc },
    });
    let _consul = Agent::consul(&consul);
    let consul = format!("http://127.0.0.1:{http}");
    let instances = |service: &str| -> usize {
        let found = http::find(&format!("{consul}/v1/health/service/{service}?passing"));
        found.as_ref().and_then(Value::as_array).map_or(0, Vec::len)
    };
    wait_until("Consul to lead", LIMIT, || {
        http::find(&format!("{consul}/v1/catalog/nodes")).is_some_and(|nodes| nodes[0]["Node"] == "wacken")
    });

    let address = consul.trim_start_matches("http://");
    let (_first, nomad_address) = nomad("borie", address);
    wait_until("one client in Consul", LIMIT, || instances("nomad-client") == 1);
    let plan = || {
        let run = Run::nomspark(["plan"]).env("NOMAD_ADDR", &nomad_address).env("CONSUL_HTTP_ADDR", &consul);
        run.run().ok().stderr
    };
    wait_until("the node to be ready", LIMIT, || {
        http::find(&format!("{nomad_address}/v1/nodes")).is_some_and(|nodes| nodes[0]["Status"] == "ready")
    });
    let alone = plan();
    assert!(!alone.contains("Consul agent"), "{alone}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rival.nomad.hcl");
    fs::write(&file, SERVICE).unwrap();
    let submit = Run::program(program("nomad"), ["job", "run", "-detach", file.to_str().unwrap()]);
    submit.env("NOMAD_ADDR", &nomad_address).run().ok();
    wait_until("the service in Consul", LIMIT, || instances("rival") == 1);

    let (_second, _) = nomad("republique", address);
    // Each client removes what the other one has registered there, until that registers it again.
    let told = wait_for("both clients in Consul", LIMIT, || {
        Some(plan()).filter(|told| told.contains(row("Nomad clients share the Consul agent of ")))
    });
    assert!(told.contains("the Consul agent of wacken: those at 127.0.0.1:"), "{told}");
    // What the warning is for.
    wait_until("the service to vanish", LIMIT, || instances("rival") == 0);
    wait_until("the service to come back", LIMIT, || instances("rival") == 1);
}
