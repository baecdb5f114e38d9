//! Labs that tests of this process share: the first user starts one, the last one ends it, also when tests fail.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use nomspark::http::Endpoint;
use nomspark::nomad::{Nomad, SERVER};
use serde_json::Value;
use tempfile::TempDir;

use super::docker::Engine;
use super::run::{Done, Run};
use super::{at_the_end, http};

/// The MHz that the cluster which tests share keeps for itself: a master, what gives back its lock, and a worker.
pub(crate) const DEMO: u64 = 1_600;
/// The checkout.
pub(crate) const CHECKOUT: &str = env!("CARGO_MANIFEST_DIR");

/// The lab of almost all tests.
static PLAIN: Shared =
    Shared { running: Mutex::new(Weak::new()), nomad_port: "14846", consul_port: "19500", engine: None };
/// The one that also has a Docker engine.
static CONTAINERS: Shared =
    Shared { running: Mutex::new(Weak::new()), nomad_port: "14866", consul_port: "19520", engine: Some("containers") };
/// The one whose Docker engine a test may stop.
static STOPPED: Shared =
    Shared { running: Mutex::new(Weak::new()), nomad_port: "14886", consul_port: "19540", engine: Some("stopped") };

/// A lab that is there while a test uses it.
struct Shared {
    running: Mutex<Weak<Lab>>,
    nomad_port: &'static str,
    consul_port: &'static str,
    /// The name of its Docker engine.
    engine: Option<&'static str>,
}

/// A running lab.
pub(crate) struct Lab {
    pub(crate) nomad: String,
    pub(crate) consul: String,
    pub(crate) spark_home: PathBuf,
    /// The MHz of the node that no test has taken yet.
    free: Mutex<u64>,
    given_back: Condvar,
    total: u64,
    /// Whether the cluster that tests share is deployed.
    pub(crate) demo: Mutex<bool>,
    folder: TempDir,
    // It ends after the lab, which removes its containers.
    engine: Option<Engine>,
}

/// Keeps a lab running.
pub(crate) struct Guard {
    lab: Option<Arc<Lab>>,
    of: &'static Shared,
}

/// A part of the node's CPU that a test needs for itself.
pub(crate) struct Room {
    lab: Arc<Lab>,
    mhz: u64,
}

/// The lab of this process.
pub(crate) fn shared() -> Guard {
    PLAIN.guard()
}

/// The lab of this process in which Nomad has the driver docker.
pub(crate) fn with_docker() -> Guard {
    CONTAINERS.guard()
}

/// A lab of one test of this process, which stops its Docker engine.
pub(crate) fn with_docker_that_stops() -> Guard {
    STOPPED.guard()
}

impl Shared {
    fn guard(&'static self) -> Guard {
        // Also while one ends, so that the next one finds its ports free.
        let mut running = lock(&self.running);
        let lab = running.upgrade().unwrap_or_else(|| {
            let lab = Arc::new(Lab::up(self));
            *running = Arc::downgrade(&lab);
            lab
        });
        Guard { lab: Some(lab), of: self }
    }
}

/// Takes a name in the shared labs for the test that calls; two tests with one name would disturb each other now and then only.
pub(crate) fn claim(name: &str) {
    static TAKEN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    // A test's own threads have no name.
    let Some(test) = thread::current().name().map(str::to_owned) else { return };
    let owner = lock(&TAKEN).entry(name.to_owned()).or_insert_with(|| test.clone()).clone();
    assert_eq!(owner, test, "two tests use the name {name}");
}

/// A test that failed must not fail all others.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lab {
    fn up(shared: &Shared) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = shared.engine.map(Engine::start);
        let ports = ["--nomad-port", shared.nomad_port, "--consul-port", shared.consul_port];
        let up = run(&folder, engine.as_ref(), "up").args(ports).run().ok().json();
        let text = |field: &str| up[field].as_str().unwrap().to_owned();
        let mut lab = Self {
            nomad: text("nomad"),
            consul: text("consul"),
            spark_home: PathBuf::from(text("spark_home")),
            free: Mutex::new(0),
            given_back: Condvar::new(),
            total: 0,
            demo: Mutex::new(false),
            folder,
            engine,
        };
        if let Some(engine) = &lab.engine {
            engine.make_image(&lab.spark_home);
        }
        let nodes = lab.nomad_get("/v1/nodes?resources=true");
        lab.total = nodes[0]["NodeResources"]["Cpu"]["CpuShares"].as_u64().unwrap();
        lab.free = Mutex::new(lab.total);
        lab
    }

    /// Waits until the node has so many MHz, and takes them.
    pub(crate) fn take(&self, mhz: u64) {
        let enough = self.given_back.wait_while(lock(&self.free), |free| *free < mhz);
        *enough.unwrap_or_else(PoisonError::into_inner) -= mhz;
    }

    /// nomspark, pointed at this lab by the environment; for people.
    pub(crate) fn plain(&self, command: &str) -> Run {
        Run::nomspark([command]).env("NOMAD_ADDR", &self.nomad).env("CONSUL_HTTP_ADDR", &self.consul)
    }

    /// nomspark, pointed at this lab, with JSON.
    pub(crate) fn nomspark(&self, command: &str) -> Run {
        self.plain(command).args(["-o", "json"])
    }

    /// nomspark's client of this lab's Nomad.
    pub(crate) fn nomad_client(&self) -> Nomad {
        Nomad::new(Endpoint::open(&SERVER, self.nomad.parse().unwrap())).unwrap()
    }

    /// Nomad's own command.
    pub(crate) fn nomad(&self, arguments: &[&str]) -> Done {
        Run::program(nomad_program(), arguments).env("NOMAD_ADDR", &self.nomad).run()
    }

    #[track_caller]
    pub(crate) fn nomad_get(&self, path: &str) -> Value {
        http::get(&format!("{}{path}", self.nomad))
    }

    #[track_caller]
    pub(crate) fn consul_get(&self, path: &str) -> Value {
        http::get(&format!("{}{path}", self.consul))
    }

    /// What Consul has at a path, if anything.
    pub(crate) fn consul_find(&self, path: &str) -> Option<Value> {
        http::find(&format!("{}{path}", self.consul))
    }

    /// A job, if Nomad has it.
    pub(crate) fn find_job(&self, id: &str) -> Option<Value> {
        http::find(&format!("{}/v1/job/{id}", self.nomad))
    }

    /// The allocations of a job, newest first.
    #[track_caller]
    pub(crate) fn allocations(&self, job: &str) -> Vec<Value> {
        let mut all = self.nomad_get(&format!("/v1/job/{job}/allocations?all=true")).as_array().unwrap().clone();
        all.sort_by_key(|allocation| std::cmp::Reverse(allocation["CreateIndex"].as_u64()));
        all
    }

    /// The ids of all jobs whose id begins so.
    pub(crate) fn jobs(&self, prefix: &str) -> Vec<String> {
        let jobs = self.nomad_get(&format!("/v1/jobs?prefix={prefix}"));
        jobs.as_array().unwrap().iter().map(|job| job["ID"].as_str().unwrap().to_owned()).collect()
    }

    /// The lab's Docker engine.
    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// The names of the engine's containers, also of those that have ended.
    pub(crate) fn containers(&self) -> Vec<String> {
        let docker = self.engine().docker(&["ps", "--all", "--format", "{{.Names}}"]);
        docker.run().ok().text().lines().map(str::to_owned).collect()
    }

    /// Where Nomad's client has an allocation's files.
    pub(crate) fn allocation_folder(&self, id: &str) -> PathBuf {
        self.folder.path().join("nomspark/lab/data/nomad/alloc").join(id)
    }
}

/// `nomspark lab COMMAND`, with a state folder of its own.
fn run(folder: &TempDir, engine: Option<&Engine>, command: &str) -> Run {
    let run = Run::nomspark(["lab", command, "-o", "json"]).env("XDG_STATE_HOME", folder.path()).dir(CHECKOUT);
    match engine {
        Some(engine) => run.env("DOCKER_HOST", engine.host()),
        None => run,
    }
}

/// A program that `make setup` sees to: the checkout's, else the machine's.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Daemons are there, and not everybody's PATH is.
    let folders = [Path::new(CHECKOUT).join(".tools/bin")].into_iter().chain(std::env::split_paths(&path));
    let mut programs = folders.chain(["/usr/sbin".into()]).map(|folder| folder.join(name));
    programs.find(|program| program.is_file()).unwrap_or_else(|| panic!("{name} is missing: run `make setup` first"))
}

/// The checkout's nomad, else the one on PATH.
pub(crate) fn nomad_program() -> PathBuf {
    program("nomad")
}

impl Drop for Lab {
    fn drop(&mut self) {
        at_the_end(|| drop(run(&self.folder, self.engine.as_ref(), "down").run().ok()));
    }
}

impl Guard {
    /// Waits until the node has so many MHz for this test. A test takes all that it needs at once.
    pub(crate) fn room(&self, mhz: u64) -> Room {
        let lab = self.lab.as_ref().unwrap();
        let most = lab.total - DEMO;
        assert!(mhz <= most, "this test needs a node with {mhz} MHz, and this machine has {most}");
        lab.take(mhz);
        Room { lab: Arc::clone(lab), mhz }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        *lock(&self.lab.free) += self.mhz;
        self.lab.given_back.notify_all();
    }
}

impl Deref for Guard {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        self.lab.as_ref().unwrap()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _running = lock(&self.of.running);
        drop(self.lab.take());
    }
}
