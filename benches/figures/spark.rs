//! A Spark cluster of two processes, started by hand on the loopback interface.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::program::Program;
use crate::workshop::Workshop;

/// How often Spark is asked.
const POLL: Duration = Duration::from_millis(50);
/// How long either process may take.
const LIMIT: Duration = Duration::from_mins(2);

/// The sizes of the processes: those that nomspark plans.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    /// The master's heap, in MiB.
    pub(crate) master_heap: u64,
    /// The worker's heap, in MiB.
    pub(crate) worker_heap: u64,
    /// Cores for executors.
    pub(crate) worker_cores: u64,
    /// Memory for executors, in MiB.
    pub(crate) worker_memory: u64,
}

/// A client that goes through no proxy.
pub(crate) fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?)
}

/// Starts a master, waits until it is ALIVE, starts a worker, waits until the master counts it, and ends both.
/// Returns how long it took until the worker counted.
pub(crate) async fn by_hand(workshop: &Workshop, sizes: &Sizes) -> Result<Duration> {
    let [rpc, ui, worker_rpc, worker_ui] = free_ports()?;
    let conf = workshop.file("by-hand.conf");
    std::fs::write(&conf, "spark.master.rest.enabled=false\n")?;
    let daemon = |class: &str, heap: u64, rpc: u16, ui: u16| {
        let mut command = workshop.command(workshop.spark_home().join("bin/spark-class"));
        command.arg(format!("org.apache.spark.deploy.{class}")).args(["--host", "127.0.0.1"]);
        command.args(["--port", &rpc.to_string(), "--webui-port", &ui.to_string()]);
        command.arg("--properties-file").arg(&conf).env("SPARK_DAEMON_MEMORY", format!("{heap}m"));
        command
    };
    let http = client()?;
    let state = format!("http://127.0.0.1:{ui}/json/");

    let started = Instant::now();
    let mut master = workshop.start(daemon("master.Master", sizes.master_heap, rpc, ui), "by-hand-master")?;
    wait(&http, &state, &mut master, |state| state["status"] == "ALIVE").await?;
    let mut command = daemon("worker.Worker", sizes.worker_heap, worker_rpc, worker_ui);
    command.arg(format!("spark://127.0.0.1:{rpc}"));
    command.env("SPARK_WORKER_CORES", sizes.worker_cores.to_string());
    command.env("SPARK_WORKER_MEMORY", format!("{}m", sizes.worker_memory));
    command.env("SPARK_WORKER_DIR", workshop.file("by-hand-work"));
    let mut worker = workshop.start(command, "by-hand-worker")?;
    wait(&http, &state, &mut worker, |state| state["aliveworkers"] == 1).await?;
    let elapsed = started.elapsed();

    worker.stop().await?;
    master.stop().await?;
    Ok(elapsed)
}

/// Asks the master until it says what is waited for.
async fn wait(http: &reqwest::Client, url: &str, program: &mut Program, said: impl Fn(&Value) -> bool) -> Result<()> {
    let asking = async {
        loop {
            if let Ok(response) = http.get(url).send().await
                && let Ok(state) = response.json::<Value>().await
                && said(&state)
            {
                return Ok(());
            }
            if !program.runs()? {
                return Err("Spark started by hand ended at once".into());
            }
            sleep(POLL).await;
        }
    };
    timeout(LIMIT, asking).await.map_err(|_| "Spark started by hand is not ready in time")?
}

/// Ports that nobody uses at this moment.
fn free_ports() -> Result<[u16; 4]> {
    let mut listeners = Vec::new();
    let mut ports = [0; 4];
    for port in &mut ports {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}
