//! Every file of a floating address, checked by the program that will read it on a host.
//!
//! The files of Nomad's job are first what Nomad's own parser makes of the job file and its variables, and then what its
//! client makes of the templates in it.

mod answers;
mod edges;
mod meaning;
mod names;
mod notify;
mod programs;
mod refused;
mod reload;
mod template;

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use crate::golden::job::{destinations, tasks};
use crate::support::lab::CHECKOUT;
use edges::all;
use template::{Master, Node, evaluate};

/// So many masters as Consul could know, with addresses that begin so.
fn masters(network: &str, count: u16) -> Vec<Master> {
    let master = |number| Master {
        address: format!("{network}{number}").parse().unwrap(),
        port: 20_000 + number,
        ui_port: 30_000 + number,
    };
    (1..=count).map(master).collect()
}

fn is_script(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "sh")
}

#[test]
fn haproxy_takes_its_configuration_on_every_host() {
    for edge in all() {
        for host in edge.hosts() {
            let case = format!("{} {}", edge.case, host.name);
            let configuration = edge.host_file(host, "/etc/haproxy/haproxy.cfg");
            assert_eq!(programs::haproxy(&configuration), Ok(()), "{case}");
            for network in ["10.20.0.", "fd00:20::"] {
                for count in [0, 1, 3] {
                    let masters = masters(network, count);
                    let configuration = edge.task_file(host, "haproxy.cfg", &masters);
                    assert_eq!(programs::haproxy(&configuration), Ok(()), "{case}, {count} masters in {network}");
                    let text = fs::read_to_string(configuration).unwrap();
                    for Master { address, port, ui_port } in masters {
                        let name = format!("{address}:{port}:{ui_port}");
                        let rpc = format!("\n  server {name} {address}:{port} port {ui_port}\n");
                        let ui = format!("\n  server {name} {address}:{ui_port} track masters/{name}\n");
                        assert!(text.contains(&rpc) && text.contains(&ui), "{case}: {text}");
                    }
                    // Each as RPC and as UI, and nobody.
                    assert_eq!(text.matches("\n  server ").count(), usize::from(count) * 2 + 1, "{case}");
                }
            }
        }
    }
}

#[test]
fn haproxy_takes_masters_that_consul_knows_twice() {
    // With fixed ports, a master comes back to where it was while Consul still has its former registration.
    let edge = &all()[0];
    let mut twice = masters("10.20.0.", 2);
    twice.extend(masters("10.20.0.", 1));
    // Only the web UI's port is another: which of the two is there, HAProxy finds out itself.
    twice.push(Master { ui_port: 1, ..masters("10.20.0.", 1).remove(0) });
    let configuration = edge.task_file(&edge.hosts()[0], "haproxy.cfg", &twice);
    assert_eq!(programs::haproxy(&configuration), Ok(()));
    let text = fs::read_to_string(configuration).unwrap();
    assert_eq!(text.matches("\n  server 10.20.0.1:20001:30001 ").count(), 2, "{text}");
    assert_eq!(text.matches("\n  server ").count(), 7, "{text}");
}

#[test]
fn keepalived_takes_its_configuration_on_every_host() {
    for edge in all() {
        for host in edge.hosts() {
            for configuration in edge.keepalived(host) {
                let checked = programs::keepalived(&configuration, &edge.variables, host);
                assert_eq!(checked, Ok(()), "{}: {}", edge.case, configuration.display());
            }
        }
    }
}

#[test]
fn consul_takes_the_definitions_of_every_host() {
    for edge in all() {
        for host in edge.hosts() {
            let folder = edge.host_file(host, "/etc/consul.d");
            assert_eq!(programs::consul(&folder), Ok(()), "{} {}", edge.case, host.name);
        }
    }
}

#[test]
fn scripts_arrive_word_for_word_and_bash_reads_them() {
    for edge in all() {
        let host = &edge.hosts()[0];
        let scripts: BTreeSet<&str> = destinations(&edge.job).into_iter().filter(|path| is_script(path)).collect();
        let expected =
            ["keepalived.sh", "notify.sh", "probe.sh", "release.sh", "reload.sh"].map(|name| format!("local/{name}"));
        assert_eq!(scripts, expected.iter().map(String::as_str).collect());
        for path in scripts {
            let name = path.trim_start_matches("local/");
            let script = edge.task_file(host, name, &[]);
            assert_eq!(programs::bash(&script), Ok(()), "{} {name}", edge.case);
            let folder = if name == "reload.sh" { "haproxy" } else { "keepalived" };
            let original = fs::read(Path::new(CHECKOUT).join(folder).join(name)).unwrap();
            assert_eq!(fs::read(script).unwrap(), original, "{} {name}", edge.case);
            // systemd needs none of these.
            if matches!(name, "keepalived.sh" | "release.sh" | "reload.sh") {
                continue;
            }
            for host in edge.hosts() {
                let script = edge.host_file(host, &format!("/etc/keepalived/{name}"));
                assert_eq!(programs::bash(&script), Ok(()), "{} {name}", edge.case);
                assert_eq!(fs::read(script).unwrap(), original, "{} {name}", edge.case);
            }
        }
    }
}

#[test]
fn every_script_that_keepalived_calls_is_where_it_looks() {
    for edge in all() {
        for host in edge.hosts() {
            for name in ["probe.sh", "notify.sh"] {
                edge.task_file(host, name, &[]);
            }
            for configuration in edge.keepalived(host) {
                let text = fs::read_to_string(&configuration).unwrap();
                let scripts: Vec<&str> = text.split(['"', ' ']).filter(|word| is_script(word)).collect();
                assert_eq!(scripts.len(), 2, "{}: {text}", edge.case);
                for script in scripts {
                    // keepalived sees bash alone, so that its own check does not tell.
                    let path = if script.starts_with("/etc/") { edge.host_file(host, script) } else { script.into() };
                    assert!(path.is_file(), "{}: {script} of {}", edge.case, configuration.display());
                }
            }
        }
    }
}

#[test]
fn nomad_s_job_runs_on_the_hosts_alone_with_each_host_s_own_configuration() {
    for edge in all() {
        let mut names: Vec<&str> = edge.hosts().iter().map(|host| host.name.as_str()).collect();
        names.sort_unstable();
        let constraint = &edge.job["Constraints"][0];
        assert_eq!(constraint["LTarget"], "${node.unique.name}", "{}", edge.case);
        assert_eq!(constraint["Operand"], "set_contains_any");
        assert_eq!(constraint["RTarget"], names.join(","));
        assert_eq!(edge.job["Type"], "system");
        let service = &edge.job["TaskGroups"][0]["Services"][0];
        let address: IpAddr = service["Address"].as_str().unwrap().parse().unwrap();
        assert_eq!(address, edge.variables.edge.vip.addr(), "{}", edge.case);
        assert_eq!(tasks(&edge.job).len(), 3);
        for task in tasks(&edge.job) {
            assert_eq!(task["Driver"], edge.variables.edge.driver.as_str(), "{}", edge.case);
            let config = task["Config"].as_object().unwrap();
            if let Some(image) = edge.variables.edge.driver.image() {
                assert_eq!((&config["image"], &config["network_mode"]), (&image.as_str().into(), &"host".into()));
                assert_eq!((&config["entrypoint"], &task["User"]), (&serde_json::json!([]), &"root".into()));
                assert!(config.contains_key("cap_add"), "{}: {config:?}", edge.case);
            } else {
                // raw_exec refuses what it does not know.
                let known = ["command", "args"].map(ToOwned::to_owned);
                assert!(config.keys().all(|key| known.contains(key)), "{}: {config:?}", edge.case);
                assert_eq!(task["User"], "", "{}", edge.case);
            }
        }

        let template = crate::golden::job::template(&edge.job, "local/keepalived.conf");
        let of = |name| evaluate(template, &edge.variables.cluster, &Node { name, folder: "/local", masters: &[] });
        for name in names {
            let text = of(name);
            assert_eq!(text.matches("global_defs").count(), 1, "{}: {text}", edge.case);
            assert!(text.contains(&format!("  router_id {name}\n")), "{}: {text}", edge.case);
        }
        assert_eq!(of("another"), "", "{}", edge.case);
    }
}
