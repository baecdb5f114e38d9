//! Spark's own clients outside of the hosts, which know nothing but the floating address.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::floating::cluster::Floating;
use crate::support::at_the_end;
use crate::support::lab::CHECKOUT;
use crate::support::run::Run;

/// What a client may take for an answer on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);

/// What clients run under. Theirs would be other machines: of this one they get what the hosts leave, whose masters it would
/// otherwise starve, for the kernel shares its time out to all of Nomad's tasks together and to each thread of these.
const NICE: [&str; 3] = ["nice", "-n", "19"];

/// So that each program has a log of its own.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The address, and the machine's own leg in the hosts' network, where executors reach a driver that runs here.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) master: String,
    own_address: String,
    spark_home: PathBuf,
    logs: PathBuf,
}

impl Outside {
    /// Of a cluster in a lab of three hosts.
    pub(crate) fn of(floating: &Floating) -> Self {
        let spark_home = floating.hosts.up()["spark_home"].as_str().unwrap().into();
        let master = format!("spark://{}:7077", floating.place.address);
        let logs = floating.hosts.folder.path().to_owned();
        Self { master, own_address: floating.hosts.address(1), spark_home, logs }
    }

    /// Runs `spark-submit`, as a user types it.
    pub(crate) fn submit(&self, after: &str) {
        let home = &self.spark_home;
        let setting = |name: &str, value: &str| ["--conf".to_owned(), format!("{name}={value}")];
        let [nice, option, priority] = NICE;
        let submit = Run::program(nice, [option, priority]);
        let submit = submit
            .arg(home.join("bin/spark-submit"))
            .args(["--master", &self.master])
            .args(setting("spark.driver.host", &self.own_address))
            .args(setting("spark.driver.bindAddress", &self.own_address))
            .args(setting("spark.ui.enabled", "false"))
            .args(setting("spark.executor.extraJavaOptions", &self.java_options()))
            .args(["--driver-java-options", &self.java_options()])
            .args(["--total-executor-cores", "1", "--executor-memory", "512m"])
            .arg(home.join("examples/src/main/python/pi.py"));
        let done = submit.arg("1").env("SPARK_HOME", home).limit(LIMIT).run();
        let told = done.text();
        assert!(told.contains("Pi is roughly 3.1"), "spark-submit, {after}: {told}{}", done.stderr);
    }

    /// Starts a PySpark program.
    pub(crate) fn program(&self) -> Program {
        let log = self.logs.join(format!("session-{}.log", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let [nice, option, priority] = NICE;
        let mut child = Command::new(nice)
            .args([option, priority, "python3"])
            .arg(format!("{CHECKOUT}/tests/it/address/session.py"))
            .args([&self.master, &self.own_address, &self.java_options()])
            .env("PYTHONPATH", self.python_path())
            .env("SPARK_HOME", &self.spark_home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let (lines, answers) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        Program { stdin: child.stdin.take(), answers, child, log }
    }
}

impl Outside {
    /// Has clients and their executors start with as little of the hosts' time as can be.
    fn java_options(&self) -> String {
        let home = self.spark_home.display();
        format!("-XX:TieredStopAtLevel=1 -XX:SharedArchiveFile={home}/nomspark.jsa -Xlog:cds*=off")
    }

    /// Where Python finds `pyspark`: as pip installs it, with SPARK_HOME inside, or as a download of Spark has it.
    fn python_path(&self) -> OsString {
        let python = self.spark_home.join("python");
        let archives = fs::read_dir(python.join("lib")).into_iter().flatten().map(|entry| entry.unwrap().path());
        let installed = self.spark_home.parent().unwrap().to_owned();
        std::env::join_paths([installed, python].into_iter().chain(archives)).unwrap()
    }
}

/// A PySpark program of a user.
pub(crate) struct Program {
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
    child: Child,
    /// What Spark says there, for whoever looks for the reason of a failure.
    log: PathBuf,
}

impl Program {
    /// Has it do something; gives what it answers.
    #[track_caller]
    fn tell(&mut self, command: &str, when: &str) -> String {
        writeln!(self.stdin.as_ref().unwrap(), "{command}")
            .unwrap_or_else(|error| panic!("{command}, {when}: {error}"));
        let answer = self.answers.recv_timeout(LIMIT);
        let answer = answer.unwrap_or_else(|error| {
            panic!("PySpark did not answer to {command}, {when}: {error}; it says:\n{}", self.log())
        });
        answer.strip_prefix(command).unwrap_or_else(|| panic!("{command}, {when}: {answer}")).trim().to_owned()
    }

    /// Begins a session.
    #[track_caller]
    pub(crate) fn open(&mut self, when: &str) {
        let application = self.tell("open", when);
        assert!(application.starts_with("app-"), "{when}: {application}");
    }

    /// Has the cluster add numbers in the session.
    #[track_caller]
    pub(crate) fn ask(&mut self, when: &str) {
        assert_eq!(self.tell("ask", when), "500500", "{when}");
    }

    /// Ends the session.
    #[track_caller]
    pub(crate) fn close(&mut self, when: &str) {
        self.tell("close", when);
    }

    /// What Spark has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// A whole session of somebody who comes anew.
    #[track_caller]
    pub(crate) fn come_anew(&mut self, when: &str) {
        self.open(when);
        self.ask(when);
        self.close(when);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Its JVM ends with the end of its input.
        drop(self.stdin.take());
        at_the_end(|| {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        });
    }
}
