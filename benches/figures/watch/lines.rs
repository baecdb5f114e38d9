//! From Nomad's event to the line on the screen, with a thousand other allocations running.
//!
//! The benchmark reads Nomad's event stream too, and knows when each event was there for anybody to read.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::Beside;
use super::jobs;
use crate::Result;
use crate::series::Series;
use crate::workshop::{NOMSPARK, Workshop};

/// How many allocations run besides.
const CROWD: u32 = 1_000;
/// How many are started and followed.
const FOLLOWED: u32 = 100;
/// How long the deployment may take.
const LIMIT: Duration = Duration::from_mins(3);
/// How long the slowest one may take to tell.
const LAST_WORDS: Duration = Duration::from_secs(8);

/// The delays.
pub(super) struct Delays {
    /// Of nomspark's lines about tasks that run.
    pub(super) lines: Series,
    /// Of its lines about the deployment.
    pub(super) deployment: Series,
    /// Of the lines of `nomad job run`.
    pub(super) monitor: Series,
}

/// When each allocation was said to run, and when it was said that so many are healthy.
#[derive(Default)]
struct Seen {
    running: BTreeMap<String, Instant>,
    healthy: BTreeMap<u64, Instant>,
}

pub(super) async fn measure(workshop: &Workshop) -> Result<Delays> {
    jobs::submit(workshop, "crowd", &jobs::job("crowd", "service", "", &[("g", CROWD, "24h", 0)])).await?;
    jobs::wait(workshop, "crowd", "g", "Running", u64::from(CROWD)).await?;

    let update = "update {\nmax_parallel = 5\nmin_healthy_time = \"100ms\"\nhealth_check = \"task_states\"\n}";
    let probe = |count: u32| jobs::job("probe", "service", update, &[("g", count, "24h", 0)]);
    jobs::submit(workshop, "probe", &probe(1)).await?;
    jobs::wait(workshop, "probe", "g", "Running", 1).await?;
    sleep(Duration::from_secs(3)).await;

    let (sender, mut told) = mpsc::unbounded_channel();
    let events = tokio::spawn(read_events(format!("{}/v1/event/stream", workshop.nomad()), sender.clone()));
    let mut watch = workshop.command(NOMSPARK);
    watch.args(["watch", "probe", "-o", "ndjson"]);
    let _watch = read_lines(watch, Teller::Nomspark, &sender)?;
    sleep(Duration::from_secs(2)).await;
    let file = jobs::write(workshop, "probe", &probe(FOLLOWED))?;
    let mut run = workshop.command("nomad");
    run.args(["job", "run", &file]);
    let mut run = read_lines(run, Teller::Monitor, &sender)?;
    timeout(LIMIT, run.wait()).await.map_err(|_| "the deployment of the probe did not end")??;
    sleep(LAST_WORDS).await;
    events.abort();
    drop(sender);

    let (mut by_nomad, mut by_nomspark, mut by_monitor) = (Seen::default(), Seen::default(), Seen::default());
    while let Ok((teller, text, at)) = told.try_recv() {
        match teller {
            Teller::Nomad => by_nomad.event(&text, at),
            Teller::Nomspark => by_nomspark.line(&text, at),
            Teller::Monitor => by_monitor.monitor(&text, at),
        }
    }
    jobs::purge(workshop, "probe").await?;
    jobs::purge(workshop, "crowd").await?;
    let lines = delays(&by_nomad.running, |allocation| by_nomspark.running.get(allocation).copied());
    let missing = by_nomad.running.keys().filter(|allocation| !by_nomspark.running.contains_key(*allocation)).count();
    if missing > 0 || by_nomad.running.len() < FOLLOWED as usize - 1 {
        return Err(format!("of {} allocations {missing} were not told", by_nomad.running.len()).into());
    }
    // Whoever tells of more has told of as many.
    let since = |seen: &Seen, healthy: u64| seen.healthy.range(healthy..).map(|(_, at)| *at).min();
    let deployment = delays(&by_nomad.healthy, |healthy| since(&by_nomspark, *healthy));
    let monitor = delays(&by_nomad.healthy, |healthy| since(&by_monitor, *healthy));
    println!("lines: {} of tasks; deployments: {} events", lines.len(), by_nomad.healthy.len());
    Ok(Delays { lines, deployment, monitor })
}

/// Who tells.
#[derive(Clone, Copy)]
enum Teller {
    Nomad,
    Nomspark,
    Monitor,
}

type Told = mpsc::UnboundedSender<(Teller, String, Instant)>;

/// Hands on the lines of Nomad's event stream, each with the moment when it came.
async fn read_events(url: String, told: Told) -> Beside {
    let query = [("topic", "Allocation:probe"), ("topic", "Deployment:probe")];
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut bytes = client.get(url).query(&query).send().await?.error_for_status()?.bytes_stream();
    let mut rest = Vec::new();
    while let Some(piece) = bytes.next().await {
        let (piece, at) = (piece?, Instant::now());
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            rest.extend_from_slice(part);
            if rest.ends_with(b"\n") {
                let line = String::from_utf8(std::mem::take(&mut rest))?;
                let _ = told.send((Teller::Nomad, line, at));
            }
        }
    }
    Ok(())
}

/// Starts a program and hands on its lines, each with the moment when it came.
fn read_lines(mut command: Command, teller: Teller, told: &Told) -> Result<tokio::process::Child> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
    let stdout = child.stdout.take().ok_or("a program without standard output")?;
    let told = told.clone();
    tokio::spawn(async move {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let _ = told.send((teller, line, Instant::now()));
        }
    });
    Ok(child)
}

fn delays<K: Ord>(events: &BTreeMap<K, Instant>, told: impl Fn(&K) -> Option<Instant>) -> Series {
    let mut series = Series::default();
    for (key, at) in events {
        // Before the event: its reader here was the slower one.
        let delay = told(key).map_or(LAST_WORDS, |told| told.saturating_duration_since(*at));
        series.push(delay);
    }
    series
}

impl Seen {
    fn event(&mut self, line: &str, at: Instant) {
        let Ok(batch) = serde_json::from_str::<Value>(line) else { return };
        for event in batch["Events"].as_array().into_iter().flatten() {
            let allocation = &event["Payload"]["Allocation"];
            if allocation["TaskStates"]["work"]["State"] == "running" {
                self.runs(allocation["ID"].as_str().unwrap_or_default(), at);
            }
            if let Some(healthy) = event["Payload"]["Deployment"]["TaskGroups"]["g"]["HealthyAllocs"].as_u64() {
                self.is_healthy(healthy, at);
            }
        }
    }

    fn line(&mut self, line: &str, at: Instant) {
        let Ok(event) = serde_json::from_str::<Value>(line) else { return };
        match event["event"].as_str() {
            Some("task_started") => self.runs(event["allocation"].as_str().unwrap_or_default(), at),
            Some("deployment") => self.is_healthy(event["healthy"].as_u64().unwrap_or(0), at),
            _ => {}
        }
    }

    /// A row of the monitor's table: the group, how many are desired, placed, healthy, unhealthy.
    fn monitor(&mut self, line: &str, at: Instant) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        if let ["g", _, _, healthy, ..] = cells[..] {
            self.is_healthy(healthy.parse().unwrap_or(0), at);
        }
    }

    fn runs(&mut self, allocation: &str, at: Instant) {
        self.running.entry(allocation.to_owned()).or_insert(at);
    }

    fn is_healthy(&mut self, healthy: u64, at: Instant) {
        if healthy > 1 {
            self.healthy.entry(healthy).or_insert(at);
        }
    }
}
