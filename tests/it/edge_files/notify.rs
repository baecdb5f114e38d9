//! keepalived's notify script and a real Consul: the newest state has the say, in whatever order its scripts run.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::lab::{CHECKOUT, shared};
use crate::support::proxy::Proxy;
use crate::support::run::Run;
use crate::support::{free_ports, http, wait_until};

const CLUSTER: &str = "notified";

/// Runs the script as keepalived does when a host becomes the holder.
fn becomes_master(folder: &Path, consul: &str) {
    let script = folder.join("notify.sh");
    let arguments = [script.to_str().unwrap(), CLUSTER, "borie", "INSTANCE", "address", "MASTER", "254"];
    let run = Run::program("bash", arguments).env("CONSUL_HTTP_ADDR", consul.trim_start_matches("http://"));
    run.run().ok();
}

#[test]
fn of_several_states_the_newest_is_noted_also_after_the_host_was_started_again() {
    let lab = shared();
    let folder = tempfile::tempdir().unwrap();
    fs::copy(format!("{CHECKOUT}/keepalived/notify.sh"), folder.path().join("notify.sh")).unwrap();
    let state = folder.path().join("notify.state");
    let noted = || http::find(&format!("{}/v1/kv/nomspark/{CLUSTER}/edge/holder", lab.consul));
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();

    // keepalived told of another state after this one, and that one's script was quicker.
    fs::write(&state, format!("{} 99999999999 1 BACKUP\n", boot.trim())).unwrap();
    becomes_master(folder.path(), &lab.consul);
    assert_eq!(noted(), None);
    assert!(fs::read_to_string(&state).unwrap().ends_with("BACKUP\n"));

    // What was told before the host was started again is old, whatever its clock said.
    fs::write(&state, "another-boot 99999999999 1 BACKUP\n").unwrap();
    becomes_master(folder.path(), &lab.consul);
    assert_eq!(noted().unwrap()[0]["Value"], Value::from("Ym9yaWU="), "borie, in base64");
    let key = format!("{}/v1/kv/nomspark/{CLUSTER}/edge/holder", lab.consul);
    // Another host held the address for a moment, too, and took the note away with it.
    let take_away = || http::request(reqwest::Method::DELETE, &key, None).unwrap();
    take_away();
    wait_until("the holder to write its note again", Duration::from_secs(30), || noted().is_some());
    assert_eq!(noted().unwrap()[0]["Value"], Value::from("Ym9yaWU="));
    // Whoever holds it no more writes nothing.
    fs::write(&state, format!("{} 99999999999 1 BACKUP\n", boot.trim())).unwrap();
    take_away();
    thread::sleep(Duration::from_secs(7));
    assert_eq!(noted(), None);
}

/// The host's agent is started again just when the host becomes the holder.
#[test]
fn what_consul_did_not_take_is_said_and_written_down_later() {
    const CLUSTER: &str = "noted-later";
    let lab = shared();
    let folder = tempfile::tempdir().unwrap();
    fs::copy(format!("{CHECKOUT}/keepalived/notify.sh"), folder.path().join("notify.sh")).unwrap();
    let [port] = free_ports();
    let agent = format!("127.0.0.1:{port}");
    let script = folder.path().join("notify.sh");
    let arguments = [script.to_str().unwrap(), CLUSTER, "borie", "INSTANCE", "address", "MASTER", "254"];
    // Bash is keepalived here.
    let call = ["-c", "/bin/bash \"$@\"; echo \"ended with $?\" >&2; exec sleep 600", "keepalived"];
    let run = Run::program("bash", call).args(arguments).env("CONSUL_HTTP_ADDR", &agent);
    let mut calling = run.env("NOMAD_TASK_DIR", folder.path()).spawn();
    calling.wait_until_told("ended with 1");
    let said = format!("Consul at {agent} did not take the note that borie holds the address: Connection refused\n");
    assert_eq!(fs::read_to_string(folder.path().join("notify.failed")).unwrap(), said);
    // What keepalived.sh passes on to the task's log.
    assert!(fs::read_to_string(folder.path().join("notify.said")).unwrap().starts_with(&format!("notify.sh: {said}")));

    let _agent = Proxy::at(port, &lab.consul);
    let noted = || http::find(&format!("{}/v1/kv/nomspark/{CLUSTER}/edge/holder", lab.consul));
    wait_until("the note to be written", Duration::from_secs(30), || noted().is_some());
    wait_until("nothing to be said of it any more", Duration::from_secs(30), || {
        !folder.path().join("notify.failed").exists()
    });
    // Who called the script has ended, as keepalived may: this host holds nothing any more.
    let key = format!("{}/v1/kv/nomspark/{CLUSTER}/edge/holder", lab.consul);
    calling.signal(Signal::SIGKILL);
    calling.wait();
    http::request(reqwest::Method::DELETE, &key, None).unwrap();
    thread::sleep(Duration::from_secs(7));
    assert_eq!(noted(), None);
}
