//! A Docker engine of the tests' own, which nothing else on the machine sees, with an image of Spark.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::folder::Folder;
use super::lab::{CHECKOUT, lock, program};
use super::run::Run;
use super::{at_the_end, unmount_below, wait_until};

/// The image of this machine's Java and Spark.
pub(crate) const IMAGE: &str = "nomspark-test/spark:1";
/// How long the engine may take to start or to end.
const LIMIT: Duration = Duration::from_mins(1);

/// An engine that runs; it ends when this is dropped.
pub(crate) struct Engine {
    daemon: Mutex<Child>,
    folder: Folder,
}

impl Engine {
    /// Starts the engine of this name, without any image.
    pub(crate) fn start(name: &str) -> Self {
        let root = nix::unistd::geteuid().is_root();
        assert!(root, "a Docker engine needs root: run this test as root, such as with `sudo -E make test`");
        let folder = Folder::named(name);
        end_leftover(folder.path());
        let engine = Self { daemon: Mutex::new(Self::launch(folder.path())), folder };
        engine.wait_until_it_answers();
        engine
    }

    fn launch(folder: &Path) -> Child {
        let path = |name: &str| folder.join(name);
        let log = File::options().create(true).append(true).open(path("log")).unwrap();
        // Containers have the host's network: the engine is to leave bridges, routes and firewalls alone.
        Command::new(program("dockerd"))
            .args(["--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"])
            .arg(format!("--host={}", host(folder)))
            .arg(format!("--data-root={}", path("data").display()))
            .arg(format!("--exec-root={}", path("exec").display()))
            .arg(format!("--pidfile={}", path("pid").display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn wait_until_it_answers(&self) {
        wait_until("the Docker engine to answer", LIMIT, || self.docker(&["version"]).run().status.success());
    }

    /// Ends it, if it runs, and its containers with it.
    pub(crate) fn stop(&self) {
        let mut daemon = lock(&self.daemon);
        if daemon.try_wait().unwrap().is_some() {
            return;
        }
        kill(Pid::from_raw(i32::try_from(daemon.id()).unwrap()), Signal::SIGTERM).unwrap();
        wait_until("the Docker engine to end", LIMIT, || daemon.try_wait().unwrap().is_some());
    }

    /// Starts it again after it was stopped.
    pub(crate) fn start_again(&self) {
        *lock(&self.daemon) = Self::launch(self.folder.path());
        self.wait_until_it_answers();
    }

    /// Makes [`IMAGE`].
    pub(crate) fn make_image(&self, spark_home: &Path) {
        let image = Run::program(Path::new(CHECKOUT).join("tools/image.sh"), [IMAGE]);
        image.env("SPARK_HOME", spark_home).env("DOCKER_HOST", self.host()).run().ok();
    }

    /// What `DOCKER_HOST` says of it.
    pub(crate) fn host(&self) -> String {
        host(self.folder.path())
    }

    /// Docker's own command.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Run {
        Run::program(program("docker"), arguments).env("DOCKER_HOST", self.host())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        at_the_end(|| {
            self.stop();
            // The network of the host, which containers shared.
            unmount_below(self.folder.path());
            fs::remove_dir_all(self.folder.path()).unwrap();
        });
    }
}

fn host(folder: &Path) -> String {
    format!("unix://{}", folder.join("socket").display())
}

/// Ends the engine that a killed test run has left, with its containers; the folder is locked, so it is nobody else's.
fn end_leftover(folder: &Path) {
    let daemon = fs::read_to_string(folder.join("pid")).ok().and_then(|pid| pid.trim().parse().ok()).map(Pid::from_raw);
    let is_it = |pid: &Pid| {
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.contains(&host(folder))
    };
    if let Some(pid) = daemon.filter(is_it) {
        kill(pid, Signal::SIGTERM).unwrap();
        wait_until("the Docker engine of an earlier run to end", LIMIT, || !is_it(&pid));
    }
    unmount_below(folder);
}
