//! Where the figures are measured: a temporary folder, and labs of its own. Nothing of it stays.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::Result;
use crate::program::{self, Finished, Program};

/// The release build that is measured.
pub(crate) const NOMSPARK: &str = env!("CARGO_BIN_EXE_nomspark");

/// Where the lab of one host has its state, in the folder.
const ONE_HOST: &str = "state";
/// Where the lab of three hosts has it.
const THREE_HOSTS: &str = "hosts";

/// A temporary folder and a lab.
#[derive(Debug)]
pub(crate) struct Workshop {
    folder: PathBuf,
    nomad_port: u16,
    consul_port: u16,
    environment: Vec<(String, String)>,
    spark_home: PathBuf,
    /// Held as long as this lives, so that two runs do not end each other's lab.
    _lock: File,
}

impl Workshop {
    /// Makes the folder, and removes what a run that was killed has left.
    pub(crate) async fn open(nomad_port: u16, consul_port: u16) -> Result<Self> {
        let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(base)?;
        let lock = File::create(base.join("figures.lock"))?;
        if lock.try_lock().is_err() {
            return Err("another run measures here".into());
        }
        let folder = base.join("figures");
        fs::create_dir_all(&folder)?;
        let spark_home = PathBuf::new();
        let workshop = Self { folder, nomad_port, consul_port, environment: Vec::new(), spark_home, _lock: lock };
        workshop.labs_down().await?;
        fs::remove_dir_all(&workshop.folder)?;
        fs::create_dir_all(&workshop.folder)?;
        Ok(workshop)
    }

    /// Ends the labs and removes the folder.
    pub(crate) async fn close(self) -> Result<()> {
        self.labs_down().await?;
        fs::remove_dir_all(&self.folder)?;
        Ok(())
    }

    /// Starts the lab; what is run from here on uses it.
    pub(crate) async fn lab_up(&mut self) -> Result<()> {
        let (nomad, consul) = (self.nomad_port.to_string(), self.consul_port.to_string());
        self.nomspark(&["lab", "up", "--nomad-port", &nomad, "--consul-port", &consul]).await?;
        let lab = self.nomspark_json(&["lab", "env"]).await?;
        let text = |key: &str| lab[key].as_str().map(ToOwned::to_owned).ok_or(format!("lab env has no {key}"));
        let mut path = std::env::var("PATH")?;
        for folder in lab["path"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            path = format!("{path}:{folder}");
        }
        let spark_home = text("spark_home")?;
        self.spark_home = PathBuf::from(&spark_home);
        self.environment = vec![
            ("NOMAD_ADDR".to_owned(), text("nomad_addr")?),
            ("CONSUL_HTTP_ADDR".to_owned(), text("consul_http_addr")?),
            ("SPARK_HOME".to_owned(), spark_home),
            ("PATH".to_owned(), path),
            // Programs started by hand listen where those in the lab do.
            ("SPARK_LOCAL_IP".to_owned(), "127.0.0.1".to_owned()),
        ];
        Ok(())
    }

    /// Ends the labs that run, also those that another run left behind.
    pub(crate) async fn labs_down(&self) -> Result<()> {
        let mut outcome = Ok(());
        for state in [ONE_HOST, THREE_HOSTS] {
            let mut command = self.bare(NOMSPARK);
            command.args(["lab", "down"]).env("XDG_STATE_HOME", self.file(state));
            // The other lab has to go too when this one does not.
            outcome = outcome.and(self.run(command, "lab-down").await.map(drop));
        }
        outcome
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The lab's Spark.
    pub(crate) fn spark_home(&self) -> &Path {
        &self.spark_home
    }

    /// Nomad's address.
    pub(crate) fn nomad(&self) -> String {
        format!("http://127.0.0.1:{}", self.nomad_port)
    }

    /// Consul's address.
    pub(crate) fn consul(&self) -> String {
        format!("127.0.0.1:{}", self.consul_port)
    }

    /// A program with the environment of the lab and none of the user's settings.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.bare(program);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("XDG_STATE_HOME", self.file(ONE_HOST));
        command
    }

    /// A program for the lab of three hosts, with none of the user's settings.
    pub(crate) fn command_for_hosts(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.bare(program);
        command.env("XDG_STATE_HOME", self.hosts_state());
        command
    }

    /// The `XDG_STATE_HOME` of the lab of three hosts.
    pub(crate) fn hosts_state(&self) -> PathBuf {
        self.file(THREE_HOSTS)
    }

    fn bare(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let is_setting = ["NOMAD_", "CONSUL_", "NOMSPARK_"].iter().any(|prefix| text.starts_with(prefix));
            if is_setting || (text.starts_with("SPARK_") && text != "SPARK_HOME") {
                command.env_remove(&name);
            }
        }
        command.current_dir(&self.folder);
        command
    }

    /// Starts a program that is ended later.
    pub(crate) fn start(&self, command: Command, name: &str) -> Result<Program> {
        Program::start(command, &self.folder, name)
    }

    /// Runs a program to its end, which must be a good one.
    pub(crate) async fn run(&self, command: Command, name: &str) -> Result<Finished> {
        program::run(command, &self.folder, name).await
    }

    /// Runs nomspark; it must succeed.
    pub(crate) async fn nomspark(&self, arguments: &[&str]) -> Result<Finished> {
        let mut command = self.command(NOMSPARK);
        command.args(arguments);
        self.run(command, &format!("nomspark-{}", arguments.first().copied().unwrap_or_default())).await
    }

    /// Runs nomspark and reads its document.
    pub(crate) async fn nomspark_json(&self, arguments: &[&str]) -> Result<Value> {
        let finished = self.nomspark(&[arguments, &["-o", "json"]].concat()).await?;
        Ok(serde_json::from_str(&finished.stdout)?)
    }

    /// Has Nomad forget the cluster, and waits until Consul has forgotten it too.
    pub(crate) async fn purge(&self) -> Result<()> {
        self.nomspark(&["stop", "--purge", "--yes"]).await?;
        let url = format!("http://{}/v1/catalog/services", self.consul());
        let client = crate::spark::client()?;
        loop {
            let services: Value = client.get(&url).send().await?.error_for_status()?.json().await?;
            let names = services.as_object().ok_or("Consul's catalog is no object")?;
            if !names.keys().any(|name| name.starts_with("spark-")) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
