//! How soon `HAProxy` takes notice of a master that died, and of one that is new.
//!
//! There are two ways for it to learn of masters: a template that Nomad fills in from Consul, which is what the edge's job
//! has, and Consul's DNS, for hosts that run `HAProxy` under systemd. Both are measured at the same time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use tokio::time::{sleep, timeout};

use super::calm;
use super::gate::Gate;
use super::hosts::{HOSTS, Hosts, at, floating};
use super::processes;
use super::sampler::{Answer, Question, Sampler};
use crate::Result;
use crate::figure::{Figure, Goal, Unit};
use crate::program::Program;
use crate::series::Series;

/// The ports of the `HAProxy` that asks Consul's DNS.
const DNS_PORTS: [(u16, u16); 3] = [(7077, 17_077), (8080, 18_080), (8404, 18_404)];
const POLL: Duration = Duration::from_millis(100);
/// How long a master that was stopped may take to end before Nomad is asked again.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long anything may take.
const LIMIT: Duration = Duration::from_mins(5);

/// The master that runs.
#[derive(Debug)]
struct Master {
    allocation: String,
    ui: SocketAddr,
    process: Pid,
}

/// What both ways needed.
#[derive(Debug, Default)]
struct Both {
    template: Series,
    dns: Series,
}

impl Both {
    fn push(&mut self, template: Duration, dns: Duration) {
        self.template.push(template);
        self.dns.push(dns);
    }

    fn figure(self, name: &str) -> Figure {
        Figure {
            name: name.to_owned(),
            nomspark: self.template,
            other: Some(("Consul's DNS, as with systemd", self.dns)),
            unit: Unit::Milliseconds,
            goal: Goal::AtMost(1_000.0),
        }
    }
}

/// Measures a master that is killed and restarted, and one that is replaced by another.
pub(crate) async fn measure(hosts: &Hosts<'_>, rounds: u32) -> Result<Vec<Figure>> {
    let dns = start_dns(hosts)?;
    let (mut left, mut back, mut moved) = (Both::default(), Both::default(), Both::default());
    for round in 1..=rounds {
        timeout(LIMIT, restarted(hosts, round, rounds, &mut left, &mut back))
            .await
            .map_err(|_| "a master that was killed is not back in time")??;
    }
    for round in 1..=rounds {
        timeout(LIMIT, replaced(hosts, round, rounds, &mut moved))
            .await
            .map_err(|_| "a new master is not there in time")??;
    }
    dns.stop().await?;
    Ok(vec![
        left.figure("HAProxy leaves a master that was killed"),
        back.figure("HAProxy leads to it after it is ALIVE again"),
        moved.figure("HAProxy leads to a new one after it is ALIVE"),
    ])
}

/// Kills the master's JVM; Nomad starts it again in its place.
async fn restarted(hosts: &Hosts<'_>, round: u32, rounds: u32, left: &mut Both, back: &mut Both) -> Result<()> {
    let master = settled(hosts).await?;
    let (mut template, mut dns) = gates();
    led(&mut template, &mut dns).await?;
    let killed = Instant::now();
    processes::kill_all(&[master.process])?;
    let (by_template, by_dns) = tokio::try_join!(template.shut(killed), dns.shut(killed))?;
    left.push(by_template - killed, by_dns - killed);

    let alive = Sampler::start(master.ui, Question::Page("/json/status")).first(killed, Answer::is_alive).await?.told;
    let (to_template, to_dns) = tokio::try_join!(template.open(killed), dns.open(killed))?;
    back.push(to_template.saturating_duration_since(alive), to_dns.saturating_duration_since(alive));
    println!(
        "master killed {round}/{rounds}: left after {:.0} ms (DNS {:.0} ms), led to {:.0} ms after ALIVE (DNS {:.0} ms)",
        milliseconds(killed, by_template),
        milliseconds(killed, by_dns),
        milliseconds(alive, to_template),
        milliseconds(alive, to_dns)
    );
    Ok(())
}

/// Stops the master's job and deploys it again: a master with other ports, perhaps on another host.
async fn replaced(hosts: &Hosts<'_>, round: u32, rounds: u32, moved: &mut Both) -> Result<()> {
    let old = settled(hosts).await?;
    let (mut template, mut dns) = gates();
    led(&mut template, &mut dns).await?;
    stop(hosts, &old).await?;
    let stopped = Instant::now();
    tokio::try_join!(template.shut(stopped), dns.shut(stopped))?;

    let watch = async {
        let new = loop {
            if let Some(new) = master(hosts).await?.filter(|new| new.allocation != old.allocation) {
                break new;
            }
            sleep(POLL).await;
        };
        let mut direct = Sampler::start(new.ui, Question::Page("/json/status"));
        let alive = direct.first(stopped, Answer::is_alive).await?.told;
        let (to_template, to_dns) = tokio::try_join!(template.open(stopped), dns.open(stopped))?;
        moved.push(to_template.saturating_duration_since(alive), to_dns.saturating_duration_since(alive));
        println!(
            "master replaced {round}/{rounds}: from {} to {}, led to {:.0} ms after ALIVE (DNS {:.0} ms)",
            old.ui,
            new.ui,
            milliseconds(alive, to_template),
            milliseconds(alive, to_dns)
        );
        Ok(())
    };
    tokio::try_join!(watch, hosts.deploy()).map(drop)
}

/// Has Nomad stop the master, and waits until its process has ended.
async fn stop(hosts: &Hosts<'_>, master: &Master) -> Result<()> {
    loop {
        hosts.stop_job("spark-master").await?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if !processes::of_task(&master.allocation, "master", "java")?.contains(&master.process) {
                return Ok(());
            }
            sleep(POLL).await;
        }
        // Seen in one of fifty rounds: Nomad took the request, and the job ran on.
        println!(
            "the master still runs {} s after Nomad was asked to stop it, so it is asked again",
            PATIENCE.as_secs()
        );
    }
}

/// Waits until nothing moves any more, and the master has its worker back.
async fn settled(hosts: &Hosts<'_>) -> Result<Master> {
    calm::wait(hosts).await?;
    loop {
        if let Some(master) = master(hosts).await?
            && let Ok(state) = hosts.get(&format!("http://{}/json/", master.ui)).await
            && state["status"] == "ALIVE"
            && state["aliveworkers"] == 1
        {
            return Ok(master);
        }
        sleep(POLL).await;
    }
}

/// The master whose process runs, as Nomad and Consul know it.
async fn master(hosts: &Hosts<'_>) -> Result<Option<Master>> {
    let Ok(running) = hosts.running("spark-master").await else { return Ok(None) };
    let Some(id) = running.first().and_then(|allocation| allocation["ID"].as_str()) else { return Ok(None) };
    let Ok(services) = hosts.consul("/v1/catalog/service/spark-master-ui").await else { return Ok(None) };
    let mut services = services.as_array().into_iter().flatten();
    let own = services.find(|service| service["ServiceID"].as_str().is_some_and(|service| service.contains(id)));
    let address = own.and_then(|service| service["ServiceAddress"].as_str()?.parse().ok());
    let port = own.and_then(|service| u16::try_from(service["ServicePort"].as_u64()?).ok());
    let processes = processes::of_task(id, "master", "java")?;
    let (Some(address), Some(port), [process]) = (address, port, &processes[..]) else { return Ok(None) };
    Ok(Some(Master { allocation: id.to_owned(), ui: SocketAddr::new(address, port), process: *process }))
}

/// Waits until both ways lead to the master.
async fn led(template: &mut Gate, dns: &mut Gate) -> Result<()> {
    let now = Instant::now();
    tokio::try_join!(template.open(now), dns.open(now)).map(drop)
}

fn gates() -> (Gate, Gate) {
    let (_, last, _) = HOSTS[0];
    let [rpc, ui, _] = DNS_PORTS;
    (Gate::watch(floating(ui.0), floating(rpc.0)), Gate::watch(at(last, ui.1), at(last, rpc.1)))
}

/// Starts the `HAProxy` of a host that runs it under systemd, on other ports of the host's own address.
fn start_dns(hosts: &Hosts<'_>) -> Result<Program> {
    let (host, last, _) = HOSTS[0];
    let mut text = std::fs::read_to_string(hosts.systemd_haproxy(host))?;
    for (port, other) in DNS_PORTS {
        let own = at(last, other);
        text = text.replace(&format!("bind {} transparent", floating(port)), &format!("bind {own}"));
        text = text.replace(&format!("bind 127.0.0.1:{port}\n"), &format!("bind 127.0.0.1:{other}\n"));
    }
    let path = hosts.file("dns-haproxy.cfg");
    std::fs::write(&path, text)?;
    hosts.start(host, &["haproxy", "-W", "-db", "-f", &path.to_string_lossy()], "dns-haproxy")
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1e3
}
