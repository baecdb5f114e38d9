//! What a watch of ten thousand allocations costs: its memory, and its CPU and requests when nothing happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::Beside;
use super::jobs;
use crate::Result;
use crate::workshop::{NOMSPARK, Workshop};

/// Allocations that have ended, and those that still run.
const ENDED: u32 = 9_500;
const RUNNING: u32 = 500;
/// How long it may take until the watch has read everything.
const SETTLES: Duration = Duration::from_secs(20);
/// How long nothing happens.
const REST: Duration = Duration::from_mins(2);

pub(super) struct Cost {
    pub(super) megabytes: f64,
    pub(super) cpu_percent: f64,
    pub(super) requests_per_minute: f64,
}

pub(super) async fn measure(workshop: &Workshop) -> Result<Cost> {
    let groups = [("done", ENDED, "1ms", 0), ("g", RUNNING, "24h", 0)];
    jobs::submit(workshop, "thousands", &jobs::job("thousands", "batch", "", &groups)).await?;
    jobs::wait(workshop, "thousands", "g", "Running", u64::from(RUNNING)).await?;
    jobs::wait(workshop, "thousands", "done", "Complete", u64::from(ENDED)).await?;

    let requests = Arc::new(AtomicU64::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let nomad = workshop.nomad().trim_start_matches("http://").to_owned();
    let counting = tokio::spawn(count(listener, nomad, Arc::clone(&requests)));
    let mut command = workshop.command(NOMSPARK);
    command.args(["watch", "thousands"]).env("NOMAD_ADDR", address);
    let mut watch = workshop.start(command, "watch")?;
    sleep(SETTLES).await;
    let before = (cpu_seconds(watch.id()?)?, requests.load(Ordering::Relaxed));
    sleep(REST).await;
    let after = (cpu_seconds(watch.id()?)?, requests.load(Ordering::Relaxed));
    let megabytes = most_memory(watch.id()?)?;
    if !watch.runs()? {
        return Err("the watch ended by itself".into());
    }
    watch.stop().await?;
    counting.abort();
    jobs::purge(workshop, "thousands").await?;
    let minutes = REST.as_secs_f64() / 60.0;
    #[expect(clippy::cast_precision_loss, reason = "a handful of requests")]
    let asked = (after.1 - before.1) as f64;
    let cpu_percent = 100.0 * (after.0 - before.0) / REST.as_secs_f64();
    Ok(Cost { megabytes, cpu_percent, requests_per_minute: asked / minutes })
}

/// Hands connections on to Nomad, and counts the requests in them.
async fn count(listener: TcpListener, nomad: String, requests: Arc<AtomicU64>) -> Beside {
    loop {
        let (client, _) = listener.accept().await?;
        let server = TcpStream::connect(&nomad).await?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let requests = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                // What is asked fits one packet, and has no body.
                let asked = buffer[..length].windows(8).filter(|window| *window == b"GET /v1/").count();
                requests.fetch_add(asked as u64, Ordering::Relaxed);
                if to_server.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    }
}

/// The CPU time that a process has used, in seconds: user and system of `/proc/PID/stat`, in ticks of 10 ms.
fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("a process without a name")?;
    let mut ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let mut next = || ticks.next().ok_or("a process without times")?.map_err(|_| "a time that is no number");
    Ok((next()? + next()?) / 100.0)
}

/// The most memory that a process has had, in millions of bytes: `VmHWM` of `/proc/PID/status`.
fn most_memory(process: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("a process without memory")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1_024.0 / 1e6)
}
