//! What an edge host lacks is told before anything is registered.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::hosts::{Hosts, shared};
use crate::support::lab::{self, CHECKOUT};
use crate::support::run::{Done, Run, Running};
use crate::support::{http, wait_until};

use super::cluster::{LIMIT, spec_text};

/// Listens on a port until it is ended.
const LISTENER: &str = "import socket, sys, time
listener = socket.socket()
listener.bind(('0.0.0.0', int(sys.argv[1])))
listener.listen()
time.sleep(300)";

/// Something that listens on a port of a host, until it is dropped.
pub(super) fn listen(hosts: &Hosts, host: &str, port: u16) -> Running {
    let listener = hosts.lab(&["exec", host, "--", "python3", "-c", LISTENER, &port.to_string()]).spawn();
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    wait_until("something to listen there", LIMIT, || {
        hosts.lab(&["exec", host, "--", "bash", "-c", &connect]).run().status.success()
    });
    listener
}

fn deploy(hosts: &Hosts, text: &str) -> Run {
    let spec = hosts.folder.path().join("preflight.hcl");
    fs::write(&spec, text).unwrap();
    let run = Run::nomspark(["-o", "json", "deploy", "--name", "looked", "--file", spec.to_str().unwrap()]);
    run.env("NOMAD_ADDR", hosts.nomad_at(11)).env("CONSUL_HTTP_ADDR", hosts.consul_at(11))
}

fn assert_unchanged(hosts: &Hosts) {
    let jobs = http::get(&format!("{}/v1/jobs?prefix=looked", hosts.nomad_at(11)));
    assert_eq!(jobs.as_array().unwrap().len(), 0, "{jobs:#}");
}

#[test]
fn a_port_or_an_address_that_somebody_else_has_is_told_before_anything_changes() {
    let hosts = shared();
    let spec = spec_text(&hosts, 200, "");
    let listener = listen(&hosts, "republique", 7077);
    let failure = deploy(&hosts, &spec).run().fails(3);
    let failure =
        failure.says("held by republique: ").shows("its port 7077 is taken: something listens on 0.0.0.0:7077");
    failure.says("python3").hints("nothing was changed");
    drop(listener);
    assert_unchanged(&hosts);

    let address = format!("{}/32", hosts.address(200));
    Run::program("ip", ["address", "add", &address, "dev", "lo"]).run().ok();
    let done = deploy(&hosts, &spec).run();
    Run::program("ip", ["address", "delete", &address, "dev", "lo"]).run().ok();
    let taken = format!("the address {} already", hosts.address(200));
    done.fails(3)
        .shows("another machine has the address")
        .says(&taken)
        .says("borie: ")
        .says("republique: ")
        .says("wacken: ");
    assert_unchanged(&hosts);

    // What Nomad itself knows of the nodes needs no look.
    let nowhere = spec.replace(&hosts.address(13), &hosts.address(14));
    deploy(&hosts, &nowhere)
        .run()
        .fails(3)
        .says("the edge host wacken")
        .says("has no address 198.18.98.14")
        .shows("cannot hold the floating address: ");
    let interface = spec.replacen("eth0", "eth7", 1);
    deploy(&hosts, &interface).run().fails(3).says("the edge host borie").says("on the interface eth0, not on eth7");
    assert_unchanged(&hosts);
}

/// What the check uses of a host, keepalived aside.
const PROGRAMS: [&str; 12] =
    ["haproxy", "ip", "ss", "setpriv", "flock", "nice", "comm", "sed", "timeout", "head", "dirname", "readlink"];

/// A folder with these programs alone, for a PATH.
fn only(folder: &Path, programs: &[&str]) -> PathBuf {
    let path = folder.join("path");
    fs::create_dir(&path).unwrap();
    for program in programs {
        symlink(lab::program(program), path.join(program)).unwrap();
    }
    path
}

#[test]
fn a_host_without_keepalived_is_told_before_anything_changes() {
    let hosts = Hosts::new("198.18.101.0/24");
    hosts.up();
    // All hosts have the programs of this machine. Tasks have the PATH of their Nomad: one that knows fewer programs takes
    // the place of the lab's.
    hosts.lab(&["kill", "borie", "nomad"]).run().ok();
    // Nomad itself asks df.
    let programs: Vec<&str> = PROGRAMS.into_iter().chain(["df"]).collect();
    let path = format!("PATH={}", only(hosts.folder.path(), &programs).display());
    let configuration = |part: &str| format!("-config={}/borie/config/nomad-{part}.json", hosts.state_dir().display());
    let (server, client) = (configuration("server"), configuration("client"));
    let nomad = lab::nomad_program();
    let nomad = ["exec", "borie", "--", "env", &path, nomad.to_str().unwrap(), "agent", &server, &client];
    let _nomad = hosts.lab(&nomad).spawn();
    wait_until("Nomad to have its three nodes", LIMIT, || {
        let nodes = http::find(&format!("{}/v1/nodes", hosts.nomad_at(11)));
        let is_ready = |node: &Value| node["Status"] == "ready" && node["Drivers"]["raw_exec"]["Healthy"] == true;
        nodes
            .as_ref()
            .and_then(Value::as_array)
            .is_some_and(|nodes| nodes.iter().filter(|node| is_ready(node)).count() == 3)
    });
    let told = deploy(&hosts, &spec_text(&hosts, 200, "")).run().fails(3);
    told.says("the floating address cannot be held by borie: ")
        .shows("it lacks keepalived")
        .hints("nothing was changed");
    assert_unchanged(&hosts);
}

/// Runs the script of the check as a task does, with these programs alone.
fn look(folder: &Path, programs: &[&str], interface: &str) -> Done {
    let path = only(folder, programs);
    let script = format!("{CHECKOUT}/keepalived/preflight.sh");
    let folder = folder.to_str().unwrap();
    let run =
        Run::program("/bin/bash", [&script, folder, "198.18.97.9/24", "no", "7077", "8080", "8404"]).env("PATH", &path);
    run.env("INTERFACE", interface).env("OWN_ADDRESS", "198.18.97.11").run()
}

#[test]
fn programs_and_interfaces_that_a_host_lacks_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let done = look(folder.path(), &["ip", "ss", "setpriv", "flock", "nice", "comm", "sed"], "lo");
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stderr.contains("it lacks haproxy keepalived timeout: "), "{}", done.stderr);

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("haproxy.cfg"), "frontend rpc\n  bogus\n").unwrap();
    fs::write(folder.path().join("keepalived.conf"), "vrrp_instance spark {\n  bogus\n}\n").unwrap();
    let all: Vec<&str> = PROGRAMS.into_iter().chain(["keepalived"]).collect();
    let done = look(folder.path(), &all, "eth77");
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stderr.contains("it has no interface eth77; it has lo"), "{}", done.stderr);
    assert!(done.stderr.contains("its HAProxy (HAProxy version"), "{}", done.stderr);
    assert!(done.stderr.contains("its keepalived (Keepalived v"), "{}", done.stderr);
    assert_eq!(done.stderr.matches("bogus").count(), 2, "{}", done.stderr);
}
