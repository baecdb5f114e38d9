//! Drills: how soon masters that elect their leader work again, against Spark's `ZooKeeper` mode, and a host that is cut off.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::Result;
use crate::arguments::Arguments;
use crate::edge::hosts::Hosts;
use crate::figure::{Figure, Goal, Unit};
use crate::program::Program;
use crate::series::Series;

/// Two masters that elect through Consul.
const CONSUL: &str = "master {\n  count = 2\n}\nworker {\n  count = 2\n}\n";
/// A worker on every host, so that whichever is cut off has an executor, and a master, so that one leads where the address is.
const EVERYWHERE: &str = "master {\n  count = 3\n}\nworker {\n  count = 3\n}\n";
/// The same as the first, with `ZooKeeper`.
const ZOOKEEPER: &str = "master {\n  count = 2\n  recovery = \"zookeeper\"\n  zookeeper = [\"198.18.94.13:2181\"]\n}\n\
                         worker {\n  count = 2\n}\n";
/// `ZooKeeper`'s class in Spark's jars.
const SERVER: &str = "org.apache.zookeeper.server.ZooKeeperServerMain";
/// How often a drill may find the cluster not well yet.
const REFUSED: u32 = 20;
/// How long the leader may take to come to the host with the address.
const LIMIT: Duration = Duration::from_mins(5);

/// What the rounds of a drill came to.
#[derive(Debug, Default)]
struct Rounds {
    back: Series,
    progressing: Series,
    serving: Series,
    /// Rounds in which two masters led, an answer was wrong, or the application was lost.
    wrong: u32,
    count: u32,
}

/// Measures all of it.
pub(crate) async fn measure(hosts: &Hosts<'_>, arguments: &Arguments) -> Result<Vec<Figure>> {
    hosts.deploy_anew(CONSUL).await?;
    let crash = Rounds::of(&drill(hosts, "master-crash", arguments.rounds(20)).await?)?;
    hosts.deploy_anew(EVERYWHERE).await?;
    let (mut host, mut refused) = (Rounds::default(), 0);
    while host.count < arguments.rounds(5) {
        leader_to_the_address(hosts).await?;
        match drill(hosts, "host", 1).await {
            Ok(drilled) => host.add(&drilled)?,
            // A host that was cut off comes back piece by piece: the drill refuses while one of them is missing.
            Err(error) if error.to_string().contains("is not well") && refused < REFUSED => refused += 1,
            Err(error) => return Err(error),
        }
    }
    let other = against_zookeeper(hosts, arguments.rounds(3)).await?;
    let wrong = f64::from(crash.wrong + host.wrong + other.wrong);
    let rounds = crash.count + host.count + other.count;
    let figure = |name: &str, nomspark: &Series, goal| Figure {
        name: name.to_owned(),
        nomspark: nomspark.clone(),
        other: None,
        unit: Unit::Seconds,
        goal,
    };
    let mut against =
        figure("leader killed, until a master is ALIVE with all workers", &crash.back, Goal::TimesFaster(20.0));
    against.other = Some(("the same drill with Spark's ZooKeeper mode", other.back));
    Ok(vec![
        figure("leader killed, until a master is ALIVE with all workers", &crash.back, Goal::Below(2.35)),
        figure("the slowest of them", &Series::single(crash.back.worst()), Goal::AtMost(4.0)),
        against,
        figure("from then until the application has counted on", &crash.progressing, Goal::AtMost(1.0)),
        figure(
            "host with leader, executor and address cut off, until the address serves",
            &host.serving,
            Goal::Below(7.0),
        ),
        Figure {
            name: format!("two leaders, wrong answers or lost applications in {rounds} drills"),
            nomspark: Series::single(wrong),
            other: None,
            unit: Unit::Answers,
            goal: Goal::AtMost(0.0),
        },
    ])
}

/// Runs a drill, which may fall short: that is counted.
async fn drill(hosts: &Hosts<'_>, scenario: &str, rounds: u32) -> Result<Value> {
    let rounds = rounds.to_string();
    let mut command = hosts.command(crate::workshop::NOMSPARK);
    command.args(["drill", scenario, "--rounds", &rounds, "--yes", "-o", "json"]);
    command.kill_on_drop(true);
    let output = command.output().await?;
    if !matches!(output.status.code(), Some(0 | 6)) {
        return Err(format!("drill {scenario}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let drilled: Value = serde_json::from_slice(&output.stdout)?;
    for round in drilled["rounds"].as_array().into_iter().flatten() {
        println!("drill {scenario}: {}; two leaders {}", round["stages"], round["two_leaders"]);
    }
    Ok(drilled)
}

async fn against_zookeeper(hosts: &Hosts<'_>, rounds: u32) -> Result<Rounds> {
    let _server = zookeeper(hosts)?;
    hosts.deploy_anew(ZOOKEEPER).await?;
    let rounds = Rounds::of(&drill(hosts, "master-crash", rounds).await?)?;
    hosts.nomspark(&["stop", "--purge", "--yes"]).await?;
    Ok(rounds)
}

/// A `ZooKeeper` on the last host, from Spark's jars; it ends when it is dropped.
fn zookeeper(hosts: &Hosts<'_>) -> Result<Program> {
    let home = std::env::var("SPARK_HOME").map_err(|_| "SPARK_HOME is not set: make setup installs Spark")?;
    let jars = format!("{home}/jars/*");
    let data = hosts.file("zookeeper");
    std::fs::create_dir_all(&data)?;
    let settings = hosts.file("zookeeper.cfg");
    let text = format!(
        "tickTime=2000\ndataDir={}\nclientPort=2181\nclientPortAddress=198.18.94.13\nadmin.enableServer=false\n",
        data.display()
    );
    std::fs::write(&settings, text)?;
    let settings = settings.to_string_lossy().into_owned();
    hosts.start("wacken", &["java", "-Xmx128m", "-cp", &jars, SERVER, &settings], "zookeeper")
}

/// Stops masters until the one that leads is on the host that holds the address.
async fn leader_to_the_address(hosts: &Hosts<'_>) -> Result<()> {
    let started = Instant::now();
    let mut seen = String::new();
    while started.elapsed() < LIMIT {
        let status: Value = serde_json::from_str(&hosts.nomspark(&["status", "-o", "json"]).await?.stdout)?;
        let empty = Vec::new();
        let masters = status["masters"].as_array().unwrap_or(&empty);
        let leader = masters.iter().find(|master| master["state"] == "ALIVE");
        let workers = status["workers"].as_array().unwrap_or(&empty);
        let alive = workers.iter().filter(|worker| worker["state"] == "ALIVE").count();
        let well = masters.len() == 3 && alive == 3 && masters.iter().all(|master| master["state"] != "UNREACHABLE");
        if let Some(leader) = leader.filter(|_| well) {
            if leader["node"] == status["vip"]["holder"] {
                return Ok(());
            }
            hosts.stop_allocation(leader["allocation"].as_str().unwrap_or_default()).await?;
        }
        seen = format!("the address at {}, {alive} workers, masters: {}", status["vip"]["holder"], status["masters"]);
        sleep(Duration::from_secs(5)).await;
    }
    Err(format!("the leader never came to the host that holds the address; at last: {seen}").into())
}

impl Rounds {
    fn of(drilled: &Value) -> Result<Self> {
        let mut rounds = Self::default();
        rounds.add(drilled)?;
        Ok(rounds)
    }

    fn add(&mut self, drilled: &Value) -> Result<()> {
        for round in drilled["rounds"].as_array().ok_or("a drill without rounds")? {
            let stage = |name: &str| round["stages"][name].as_u64();
            let app = &round["app"];
            let right = app["survived"] == true && app["correct"] == true && round["two_leaders"] == 0;
            self.wrong += u32::from(!right);
            self.count += 1;
            // A stage that was never reached counts as long as the drill waited for it.
            let never = 180_000;
            let back = stage("alive").unwrap_or(never).max(stage("workers_back").unwrap_or(never));
            let serving = ["address_moved", "leader_elected", "alive", "proxy_switched"];
            let serving = serving.into_iter().filter_map(stage).max().unwrap_or(never);
            self.back.push(Duration::from_millis(back));
            self.progressing.push(Duration::from_millis(stage("progressing").unwrap_or(never).saturating_sub(back)));
            self.serving.push(Duration::from_millis(serving));
        }
        Ok(())
    }
}
