//! The lab, with real agents: each test has a state folder and ports of its own.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::lab::CHECKOUT;
use crate::support::rows::demand;
use crate::support::run::Run;

/// A service whose tasks start children, one of them in a session of its own.
const SLEEPER: &str = r#"
job "sleeper" {
  group "sleeper" {
    task "sleeper" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 86399 & setsid sleep 86399 & exec sleep 86399"]
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}
"#;

/// A lab of one test; whatever happens, it is ended with the test.
struct Lab {
    nomad_port: u16,
    consul_port: u16,
    folder: TempDir,
}

impl Lab {
    fn new(nomad_port: u16, consul_port: u16) -> Self {
        Self { nomad_port, consul_port, folder: tempfile::tempdir().unwrap() }
    }

    fn state_dir(&self) -> PathBuf {
        self.folder.path().join("nomspark/lab")
    }

    fn command(&self, command: &str) -> Command {
        let mut nomspark = Command::new(env!("CARGO_BIN_EXE_nomspark"));
        nomspark.args(["lab", command]).env("XDG_STATE_HOME", self.folder.path()).stdin(Stdio::null());
        for variable in ["NOMAD_ADDR", "CONSUL_HTTP_ADDR"] {
            // Nothing in the lab may listen to them.
            nomspark.env(variable, "http://127.0.0.1:1");
        }
        if command == "up" {
            nomspark.args(["--nomad-port", &self.nomad_port.to_string()]);
            nomspark.args(["--consul-port", &self.consul_port.to_string()]);
        }
        nomspark
    }

    fn run(&self, command: &str) -> Output {
        self.command(command).args(["-o", "json"]).output().unwrap()
    }

    /// Runs a command that must succeed, and returns its document.
    fn ok(&self, command: &str) -> Value {
        let output = self.run(command);
        assert!(output.status.success(), "lab {command}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&fs::read(self.state_dir().join("lab.json")).unwrap()).unwrap()
    }

    fn pid(&self, agent: &str) -> String {
        self.state()["hosts"][0][agent]["pid"].to_string()
    }

    fn kill(&self, agent: &str) {
        let pid = self.pid(agent);
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        wait_until("the agent is dead", || !alive(&pid));
    }

    /// Runs the lab's own nomad.
    fn nomad(&self, arguments: &[&str]) -> String {
        let program = self.state()["tools"]["nomad"]["path"].as_str().unwrap().to_owned();
        let address = format!("http://127.0.0.1:{}", self.nomad_port);
        let output = Command::new(program).args(arguments).env("NOMAD_ADDR", address).output().unwrap();
        assert!(output.status.success(), "nomad {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn run_sleeper(&self) {
        let file = self.folder.path().join("sleeper.nomad.hcl");
        fs::write(&file, SLEEPER).unwrap();
        self.nomad(&["job", "run", "-detach", file.to_str().unwrap()]);
        wait_until("the sleepers sleep", || self.sleepers() == 3);
    }

    fn sleepers(&self) -> usize {
        self.processes().iter().filter(|pid| command_line(pid).starts_with("sleep 86399")).count()
    }

    /// The processes that carry the lab's mark.
    fn processes(&self) -> Vec<String> {
        let mark = format!("NOMSPARK_LAB_STATE={}", self.state_dir().display());
        let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        pids.filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        })
        .collect()
    }

    /// What `down` promises: no process, mount, cgroup or file.
    fn assert_gone(&self, allocations: &[String]) {
        let processes: Vec<String> = self.processes().iter().map(|pid| command_line(pid)).collect();
        assert_eq!(processes, [""; 0]);
        assert!(!self.state_dir().exists());
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(self.folder.path().to_str().unwrap()), "{mounts}");
        for allocation in allocations {
            let found = Command::new("find").args(["/sys/fs/cgroup", "-name", &format!("{allocation}*")]).output();
            assert_eq!(String::from_utf8_lossy(&found.unwrap().stdout), "");
        }
    }

    fn allocations(&self) -> Vec<String> {
        let folder = fs::read_dir(self.state_dir().join("data/nomad/alloc")).unwrap();
        folder.flatten().map(|entry| entry.file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let output = self.run("down");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || thread::panicking(), "lab down: {said}");
    }
}

fn alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn command_line(pid: &str) -> String {
    let raw = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&raw).replace('\0', " ")
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "waited too long until {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn hint_and_message(output: &Output) -> (String, String) {
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |field: &str| document["error"][field].as_str().unwrap_or_default().to_owned();
    (text("hint"), text("message"))
}

/// Demands the words of a row of docs/troubleshooting.md, and its exit code.
#[track_caller]
fn shows(output: &Output, words: &str) {
    let (_, message) = hint_and_message(output);
    demand(words, &message, output.status.code());
}

#[test]
fn a_lab_comes_up_once_and_goes_without_a_trace() {
    let lab = Lab::new(14_646, 18_500);
    assert_eq!(lab.ok("status")["running"], false);
    let environment = lab.run("env");
    assert_eq!(environment.status.code(), Some(1));
    shows(&environment, "the lab is not running");

    assert_eq!(lab.ok("up")["changed"], true);
    let pids = (lab.pid("nomad"), lab.pid("consul"));
    assert_eq!(lab.ok("up")["changed"], false);
    assert_eq!((lab.pid("nomad"), lab.pid("consul")), pids);

    let status = lab.ok("status");
    assert_eq!(status["running"], true);
    assert_eq!(status["nodes"][0]["name"], "lab");
    let drivers = status["nodes"][0]["drivers"].as_array().unwrap();
    assert!(drivers.iter().any(|driver| driver["name"] == "raw_exec" && driver["healthy"] == true));

    let environment = lab.command("env").output().unwrap();
    let script = format!("{}\necho \"$NOMAD_ADDR\"", String::from_utf8(environment.stdout).unwrap());
    let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8(shell.stdout).unwrap(), "http://127.0.0.1:14646\n");

    for command in [&["exec", "lab", "--", "true"][..], &["cut", "lab"], &["mend", "lab"]] {
        let output = lab.command(command[0]).args(["-o", "json"]).args(&command[1..]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert!(hint_and_message(&output).0.contains("--nodes 3"), "{command:?}");
    }
    let killed = lab.command("kill").args(["lab", "nomad"]).output().unwrap();
    assert!(killed.status.success(), "{}", String::from_utf8_lossy(&killed.stderr));
    assert!(!alive(&pids.0) && alive(&pids.1));
    assert_eq!(lab.ok("up")["changed"], true);

    lab.run_sleeper();
    let allocations = lab.allocations();
    assert_eq!(lab.ok("down")["changed"], true);
    lab.assert_gone(&allocations);
    assert_eq!(lab.ok("down")["changed"], false);
}

#[test]
fn down_ends_what_a_killed_nomad_leaves_behind() {
    let lab = Lab::new(14_656, 18_510);
    lab.ok("up");
    lab.run_sleeper();
    let allocations = lab.allocations();
    lab.kill("nomad");
    assert_eq!(lab.sleepers(), 3);

    let ended = lab.ok("down");
    assert!(ended["leftovers"].as_u64().unwrap() >= 3, "{ended}");
    lab.assert_gone(&allocations);
}

#[test]
fn down_needs_no_state_file() {
    let lab = Lab::new(14_666, 18_520);
    lab.ok("up");
    lab.run_sleeper();
    let allocations = lab.allocations();
    fs::remove_file(lab.state_dir().join("lab.json")).unwrap();
    lab.ok("down");
    lab.assert_gone(&allocations);
}

#[test]
fn up_after_a_crash_goes_on_with_the_same_jobs() {
    let lab = Lab::new(14_676, 18_530);
    lab.ok("up");
    lab.run_sleeper();
    let task = lab.processes().into_iter().find(|pid| command_line(pid).starts_with("sleep")).unwrap();
    lab.kill("nomad");
    let consul = lab.pid("consul");
    assert_eq!(lab.ok("up")["changed"], true);
    assert_eq!(lab.pid("consul"), consul, "a living agent is left alone");
    assert!(alive(&task), "Nomad takes up the task that still runs");
    assert!(lab.nomad(&["job", "status", "sleeper"]).contains("running"));

    lab.kill("nomad");
    lab.kill("consul");
    assert_eq!(lab.ok("up")["changed"], true);
    assert!(lab.nomad(&["job", "status", "sleeper"]).contains("running"));
}

#[test]
fn a_busy_port_is_named_with_its_holder() {
    let lab = Lab::new(14_686, 18_540);
    let _listener = TcpListener::bind("127.0.0.1:18341").unwrap();
    let output = lab.run("up");
    assert_eq!(output.status.code(), Some(1));
    shows(&output, "is taken by process ");
    let (hint, message) = hint_and_message(&output);
    assert!(message.starts_with("port 18341 for Consul's gossip "), "{message}");
    assert!(hint.contains("--consul-port"), "{hint}");
    lab.assert_gone(&[]);
}

#[test]
fn two_labs_live_side_by_side() {
    let (first, second) = (Lab::new(14_696, 18_550), Lab::new(14_706, 18_560));
    first.ok("up");
    second.ok("up");
    first.run_sleeper();
    second.run_sleeper();
    let allocations = first.allocations();
    first.ok("down");
    first.assert_gone(&allocations);
    assert_eq!(second.ok("status")["running"], true);
    assert_eq!(second.sleepers(), 3);
}

#[test]
fn other_ports_than_those_of_the_running_lab_are_refused() {
    let mut lab = Lab::new(14_716, 18_570);
    lab.ok("up");
    lab.nomad_port = 14_726;
    let output = lab.run("up");
    assert_eq!(output.status.code(), Some(1));
    shows(&output, "a lab exists already with Nomad on port ");
    let (hint, message) = hint_and_message(&output);
    assert!(message.contains("port 14716"), "{message}");
    assert!(hint.contains("nomspark lab down"), "{hint}");
}

#[test]
fn two_commands_at_once_take_turns() {
    let lab = Lab::new(14_736, 18_580);
    let start = || lab.command("up").args(["-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let children: [Child; 2] = [start(), start()];
    let mut changed: Vec<bool> = children
        .map(|child| serde_json::from_slice::<Value>(&child.wait_with_output().unwrap().stdout).unwrap())
        .iter()
        .map(|document| document["changed"] == true)
        .collect();
    changed.sort_unstable();
    assert_eq!(changed, [false, true]);
}

#[test]
fn an_interrupted_up_leaves_nothing() {
    let lab = Lab::new(14_746, 18_590);
    let mut child = lab.command("up").stderr(Stdio::piped()).process_group(0).spawn().unwrap();
    wait_until("agents run", || lab.processes().len() >= 2);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    lab.assert_gone(&[]);
}

#[test]
fn a_lab_needs_no_root() {
    let lab = Lab::new(14_756, 19_000);
    if !root() {
        // The other tests have shown it.
        return;
    }
    // Another user can neither read this folder nor the checkout, when they are private: then there is nothing to try.
    let other = |command: &str| {
        let mut nomspark = Command::new("setpriv");
        nomspark.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        nomspark.arg(env!("CARGO_BIN_EXE_nomspark")).args(["lab", command, "-o", "json"]);
        nomspark.env("XDG_STATE_HOME", lab.folder.path()).env("HOME", lab.folder.path());
        nomspark
    };
    std::os::unix::fs::chown(lab.folder.path(), Some(65_534), Some(65_534)).unwrap();
    if other("status").output().is_ok_and(|output| !output.status.success()) {
        return;
    }
    let output = other("up").args(["--nomad-port", "14756", "--consul-port", "19000"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    lab.run_sleeper();
    let agent = format!("/proc/{}", lab.pid("nomad"));
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(Path::new(&agent)).unwrap()), 65_534);
    lab.kill("nomad");
    let output = other("down").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    lab.assert_gone(&[]);
}

fn root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

#[test]
fn tools_that_are_missing_are_named_with_where_they_were_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    // It looks for a checkout around itself too.
    fs::copy(env!("CARGO_BIN_EXE_nomspark"), &program).unwrap();
    let up = || Run::program(&program, ["lab", "up", "-o", "json"]).env("XDG_STATE_HOME", folder.path());
    let told = up().dir(folder.path()).env("PATH", "/nonexistent").run().fails(1);
    told.shows("nomad was found neither on PATH nor in .tools/bin of a checkout").hints("make setup");
    let told = up().env("SPARK_HOME", "/nothing").dir(CHECKOUT).run().fails(1);
    told.shows("SPARK_HOME is /nothing, which has no bin/spark-class");
}
