//! Labs of three hosts: one that tests share, which nobody cuts or kills, and others for a test alone.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use serde_json::Value;

use super::folder::Folder;
use super::lab::{CHECKOUT, lock, nomad_program};
use super::run::{Done, Run};
use super::{at_the_end, http};

/// The network of the lab that tests share.
const NETWORK: &str = "198.18.98.0/24";

static SHARED: Mutex<Weak<Hosts>> = Mutex::new(Weak::new());

/// A state folder for a lab of three hosts, which may be up or not; whatever happens, the lab is ended with it.
pub(crate) struct Hosts {
    pub(crate) network: &'static str,
    pub(crate) folder: Folder,
    /// Variables by which the lab finds other programs than those of everybody.
    environment: Vec<(&'static str, OsString)>,
    /// Where Consul's agents listen.
    consul_port: u16,
}

/// Keeps the shared lab running.
pub(crate) struct Guard(Option<Arc<Hosts>>);

/// The lab of three hosts of this process.
pub(crate) fn shared() -> Guard {
    // Also while one ends, so that the next one finds its network free.
    let mut shared = lock(&SHARED);
    let hosts = shared.upgrade().unwrap_or_else(|| {
        let hosts = Arc::new(Hosts::new(NETWORK));
        *shared = Arc::downgrade(&hosts);
        hosts.up();
        hosts
    });
    Guard(Some(hosts))
}

impl Hosts {
    /// Nothing is started yet; what a killed test run left there is ended.
    pub(crate) fn new(network: &'static str) -> Self {
        Self::with_programs(network, Vec::new())
    }

    /// The same, with programs of its own, which these variables name.
    pub(crate) fn with_programs(network: &'static str, environment: Vec<(&'static str, OsString)>) -> Self {
        let root = nix::unistd::geteuid().is_root();
        assert!(root, "labs of three hosts need root: run this test as root, such as with `sudo -E make test`");
        let folder = Folder::named(network.trim_end_matches("/24"));
        let hosts = Self { network, folder, environment, consul_port: 8500 };
        hosts.lab(&["down"]).run().ok();
        hosts
    }

    /// The same with Consul's agents at another port than everybody expects.
    pub(crate) fn with_consul_at(mut self, port: u16) -> Self {
        self.consul_port = port;
        self
    }

    /// `nomspark lab ARGUMENTS`, with JSON.
    pub(crate) fn lab(&self, arguments: &[&str]) -> Run {
        let run = Run::nomspark(["-o", "json", "lab"]).args(arguments);
        let run = run.env("XDG_STATE_HOME", self.folder.path()).dir(CHECKOUT);
        self.environment.iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    /// Starts what does not run.
    pub(crate) fn up(&self) -> Value {
        let port = self.consul_port.to_string();
        self.lab(&["up", "--nodes", "3", "--network", self.network, "--consul-port", &port]).run().ok().json()
    }

    /// The lab's state folder.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.folder.path().join("nomspark/lab")
    }

    /// What nomspark has written down.
    pub(crate) fn state(&self) -> Value {
        serde_json::from_slice(&fs::read(self.state_dir().join("lab.json")).unwrap()).unwrap()
    }

    /// The address that ends with this number.
    pub(crate) fn address(&self, last: u8) -> String {
        format!("{}.{last}", self.network.trim_end_matches(".0/24"))
    }

    /// Nomad's API at the host whose address ends with this number.
    pub(crate) fn nomad_at(&self, last: u8) -> String {
        format!("http://{}:4646", self.address(last))
    }

    /// HOST:PORT of Consul's API at the host whose address ends with this number.
    pub(crate) fn consul_at(&self, last: u8) -> String {
        format!("{}:{}", self.address(last), self.consul_port)
    }

    /// Nomad's own command, at the first host.
    pub(crate) fn nomad(&self, arguments: &[&str]) -> Done {
        Run::program(nomad_program(), arguments).env("NOMAD_ADDR", self.nomad_at(11)).run()
    }

    /// The allocations of a job, as Nomad lists them.
    pub(crate) fn allocations(&self, job: &str) -> Vec<Value> {
        let url = format!("{}/v1/job/{job}/allocations", self.nomad_at(11));
        http::get_when_led(&url).as_array().unwrap().clone()
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        at_the_end(|| {
            self.lab(&["down"]).run().ok();
            fs::remove_dir_all(self.folder.path()).unwrap();
        });
    }
}

impl std::ops::Deref for Guard {
    type Target = Hosts;

    fn deref(&self) -> &Hosts {
        self.0.as_ref().unwrap()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _shared = lock(&SHARED);
        drop(self.0.take());
    }
}
