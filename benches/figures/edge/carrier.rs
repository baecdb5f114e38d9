//! When a host loses its carrier, as its own kernel says.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::hosts::Hosts;
use crate::Result;
use crate::workshop::NOMSPARK;

/// How long the kernel may take to tell.
const LIMIT: Duration = Duration::from_secs(5);

/// Watches the link of a host, from inside. `lab cut` itself takes some time until it cuts, and some until it ends.
#[derive(Debug)]
pub(crate) struct Carrier {
    lost: JoinHandle<Option<Instant>>,
    /// Ended when this is dropped.
    _monitor: Child,
}

impl Carrier {
    /// Begins to watch.
    pub(crate) fn watch(hosts: &Hosts<'_>, host: &str) -> Result<Self> {
        let mut command = hosts.command(NOMSPARK);
        command.args(["lab", "exec", host, "--", "ip", "-o", "monitor", "link"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut monitor = command.spawn()?;
        let output = monitor.stdout.take().ok_or("the monitor has no output")?;
        let lost = tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("NO-CARRIER") {
                    return Some(Instant::now());
                }
            }
            None
        });
        Ok(Self { lost, _monitor: monitor })
    }

    /// When the carrier went away.
    pub(crate) async fn lost(&mut self) -> Result<Instant> {
        let lost = timeout(LIMIT, &mut self.lost).await.map_err(|_| "the host that was cut off still has a carrier")?;
        lost?.ok_or_else(|| "the monitor of a link ended".into())
    }
}
