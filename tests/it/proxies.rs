//! `HTTP_PROXY` is set for everybody, and `NO_PROXY` names the servers that one knows of, not the nodes that Nomad chooses: every
//! command names the proxy that stands in the way.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::support::hosts::{Guard, shared};
use crate::support::rows::row;
use crate::support::run::Run;

const CLUSTER: &str = "proxied";

/// A proxy that refuses everything with a page of HTML, as a company's does; gives its URL.
fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let page = "<html><body>Blocked by policy</body></html>";
            let head = format!("HTTP/1.1 503 Blocked\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", page.len());
            // A client may give up meanwhile.
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all((head + page).as_bytes());
        }
    });
    url
}

/// A proxy where nobody listens.
fn absent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn through(hosts: &Guard, proxy: &str, arguments: &[&str]) -> Run {
    let run = direct(hosts, arguments);
    ["HTTP_PROXY", "http_proxy"].into_iter().fold(run, |run, variable| run.env(variable, proxy))
}

/// The same where `NO_PROXY` names the servers.
fn past_the_servers(hosts: &Guard, proxy: &str, arguments: &[&str]) -> Run {
    let run = through(hosts, proxy, arguments);
    ["NO_PROXY", "no_proxy"].into_iter().fold(run, |run, variable| run.env(variable, hosts.address(11)))
}

fn direct(hosts: &Guard, arguments: &[&str]) -> Run {
    let run = Run::nomspark(["-o", "json"]).args(arguments).args(["--name", CLUSTER]);
    run.env("NOMAD_ADDR", hosts.nomad_at(11)).env("CONSUL_HTTP_ADDR", hosts.consul_at(11))
}

#[test]
fn a_proxy_that_stands_in_the_way_is_named() {
    let hosts = shared();
    for proxy in [absent(), refusing()] {
        let named = proxy.trim_start_matches("http://");
        through(&hosts, &proxy, &["status"]).run().fails(1).says(named).says("NO_PROXY");
    }

    // The master runs where no request goes without the proxy.
    let folder = tempfile::tempdir().unwrap();
    let jobs = folder.path().join("jobs");
    direct(&hosts, &["render", "--driver", "raw_exec", "--out", jobs.to_str().unwrap()]).run().ok();
    let master = jobs.join("master.nomad.hcl");
    let elsewhere =
        "  constraint {\n    attribute = \"$${node.unique.name}\"\n    value     = \"wacken\"\n  }\n\n  spread {";
    let elsewhere = elsewhere.replace("$$", "$");
    let text = std::fs::read_to_string(&master).unwrap().replacen("  spread {", &elsewhere, 1);
    std::fs::write(&master, text).unwrap();
    let deploy = ["deploy", "--driver", "raw_exec", "--jobs", jobs.to_str().unwrap()];

    let input = folder.path().join("input.txt");
    std::fs::write(&input, "a b a\n").unwrap();
    direct(&hosts, &deploy).run().ok();
    for (proxy, words) in [(absent(), row("went to the proxy ")), (refusing(), row(" through the proxy "))] {
        let named = proxy.trim_start_matches("http://");
        let past = |arguments: &[&str]| past_the_servers(&hosts, &proxy, arguments);
        let waited = past(&deploy).args(["--timeout", "8s"]).run().fails(5);
        waited
            .says(row("one of Spark's masters to say ALIVE at "))
            .says(words)
            .says(named)
            .says(&hosts.address(13))
            .says("NO_PROXY");
        let status = past(&["status"]).run().ok().json();
        assert_eq!(status["masters"][0]["state"], "UNREACHABLE", "{status:#}");
        assert!(status["masters"][0]["detail"].as_str().unwrap().contains(named), "{status:#}");
        let counted = past(&["wordcount", "--input", input.to_str().unwrap()]).run().fails(1);
        counted.says("was not heard: ").says(named);
        // As the sentence has it.
        let both = format!("{},{}", hosts.address(11), hosts.address(13));
        let mended = ["NO_PROXY", "no_proxy"].into_iter().fold(past(&deploy), |run, variable| run.env(variable, &both));
        assert_eq!(mended.run().ok().json()["ready"], true);
    }
    direct(&hosts, &["stop", "--purge", "--yes"]).run().ok();
}
