//! Many logs, and a Nomad that allows few connections from one address.

use std::collections::BTreeMap;
use std::net::TcpStream;

use serde_json::json;

use super::{File, LIMIT, ONE_TRY};
use crate::support::agent::Agent;
use crate::support::lab::nomad_program;
use crate::support::rows::row;
use crate::support::run::{Done, Run};
use crate::support::{free_ports, http, wait_until};

/// What the agent allows, fewer than there are logs.
const CONNECTIONS: usize = 12;
const ALLOCATIONS: usize = 8;
const LINES: usize = 15;

/// A Nomad that allows few connections.
struct Crowded {
    address: String,
    _agent: Agent,
}

impl Crowded {
    fn start() -> Self {
        let [http, rpc, serf] = free_ports();
        let configuration = json!({
            "ports": { "http": http, "rpc": rpc, "serf": serf },
            "limits": { "http_max_conns_per_client": CONNECTIONS },
            "consul": { "address": "127.0.0.1:1", "client_auto_join": false, "server_auto_join": false, "auto_advertise": false },
            "client": { "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" } },
        });
        let crowded = Self { _agent: Agent::nomad(&configuration), address: format!("http://127.0.0.1:{http}") };
        wait_until("the node to be ready", LIMIT, || {
            http::find(&format!("{}/v1/nodes", crowded.address)).is_some_and(|nodes| nodes[0]["Status"] == "ready")
        });
        crowded
    }

    fn nomspark(&self, arguments: &[&str]) -> Run {
        Run::nomspark(arguments).env("NOMAD_ADDR", &self.address)
    }

    fn nomad(&self, arguments: &[&str]) -> Done {
        Run::program(nomad_program(), arguments).env("NOMAD_ADDR", &self.address).run()
    }

    /// Takes so many of the connections, as others at the same address do.
    fn take(&self, connections: usize) -> Vec<TcpStream> {
        let address = self.address.trim_start_matches("http://");
        (0..connections).map(|_| TcpStream::connect(address).unwrap()).collect()
    }

    fn submit(&self, folder: &std::path::Path) {
        let script = format!(
            "for i in $(seq {LINES}); do echo out $NOMAD_ALLOC_INDEX $i; echo err $NOMAD_ALLOC_INDEX $i >&2; sleep 0.4; done"
        );
        let group = format!("count = {ALLOCATIONS}\n{ONE_TRY}\nephemeral_disk {{\nsize = 20\n}}");
        let task = "logs {\nmax_files = 2\nmax_file_size = 1\n}";
        let file = folder.join("many.nomad.hcl");
        std::fs::write(&file, File::script("many", "batch", &script).group(&group).task(task).text()).unwrap();
        self.nomad(&["job", "run", "-detach", file.to_str().unwrap()]).ok();
    }
}

/// Every line of every stream is there once, in order.
#[track_caller]
fn all_is_there(done: &Done) {
    let mut streams: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for line in done.text().lines() {
        let words: Vec<&str> = line.rsplit(" | ").next().unwrap().split(' ').collect();
        streams.entry((words[0].to_owned(), words[1].to_owned())).or_default().push(words[2].parse().unwrap());
    }
    assert_eq!(streams.len(), 2 * ALLOCATIONS, "{streams:?}");
    assert!(streams.values().all(|numbers| numbers.iter().copied().eq(1..=LINES)), "{streams:?}");
}

#[test]
fn more_logs_than_nomad_allows_connections_are_read_whole_and_others_get_theirs() {
    let nomad = Crowded::start();
    let folder = tempfile::tempdir().unwrap();
    nomad.submit(folder.path());
    let mut following = nomad.nomspark(&["logs", "foreign-many", "-f"]).spawn();
    following.wait_until_printed("out");
    for _ in 0..3 {
        nomad.nomad(&["node", "status"]).ok();
    }
    let done = following.wait().ok();
    all_is_there(&done);
    assert!(!done.stderr.contains("warning") && !done.stderr.contains("connect"), "{}", done.stderr);
    all_is_there(&nomad.nomspark(&["logs", "foreign-many"]).run().ok());

    // Others take all of them, and later leave three.
    nomad.nomad(&["job", "stop", "-purge", "foreign-many"]).ok();
    nomad.submit(folder.path());
    let mut others = nomad.take(CONNECTIONS);
    let mut following = nomad.nomspark(&["logs", "foreign-many", "-f"]).spawn();
    let mut watching = nomad.nomspark(&["watch", "foreign-many"]).spawn();
    for running in [&mut following, &mut watching] {
        running.wait_until_told(row("from one address (`limits.http_max_conns_per_client` of its agent)"));
    }
    others.truncate(CONNECTIONS - 5);
    let done = following.wait().ok();
    all_is_there(&done);
    assert_eq!(done.stderr.matches("from one address").count(), 1, "{}", done.stderr);
    assert!(!done.stderr.contains("connection lost") && !done.stderr.contains("missed"), "{}", done.stderr);
    watching.wait().ok();
}
