//! One run of a program: a clean environment, a hard limit, everything that it wrote.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::rows::demand;
use super::{failures, wait_for, wait_until};

/// Long enough for everything on a busy machine; a run that takes longer hangs.
const LIMIT: Duration = Duration::from_mins(4);

/// Variables of the person who runs the tests that would change what is tested.
const FOREIGN: [&str; 9] =
    ["NOMAD_", "CONSUL_", "NOMSPARK_", "RUST_LOG", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NO_COLOR"];

/// A program about to be run.
pub(crate) struct Run {
    command: Command,
    input: Option<Vec<u8>>,
    limit: Duration,
}

/// A program that runs; it is killed when this is dropped.
pub(crate) struct Running {
    name: String,
    child: Child,
    started: Instant,
    limit: Duration,
    stdout: Capture,
    stderr: Capture,
}

/// A program that has ended.
pub(crate) struct Done {
    name: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
}

/// What a stream has brought so far, gathered by a thread.
struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Run {
    /// nomspark, in a folder without a spec.
    pub(crate) fn nomspark<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Self {
        let folder = env!("CARGO_TARGET_TMPDIR");
        Self::program(env!("CARGO_BIN_EXE_nomspark"), arguments).dir(folder).env("XDG_STATE_HOME", folder)
    }

    /// Any other program.
    pub(crate) fn program<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: I,
    ) -> Self {
        failures::show_at_once();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let upper = name.to_string_lossy().to_uppercase();
            if FOREIGN.iter().any(|foreign| upper.starts_with(foreign)) {
                command.env_remove(name);
            }
        }
        Self { command, input: None, limit: LIMIT }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it as another user, which only root can.
    pub(crate) fn user(mut self, id: u32) -> Self {
        self.command.uid(id);
        self
    }

    /// What the program reads from standard input.
    pub(crate) fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Gives it more time, or less.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts it.
    pub(crate) fn spawn(mut self) -> Running {
        if self.input.is_some() {
            self.command.stdin(Stdio::piped());
        }
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = format!("{:?}", self.command).replace(env!("CARGO_BIN_EXE_nomspark"), "nomspark");
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        if let (Some(input), Some(mut stdin)) = (self.input, child.stdin.take()) {
            // A program that reads no further says so by its exit code.
            thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let stdout = Capture::of(child.stdout.take().unwrap());
        let stderr = Capture::of(child.stderr.take().unwrap());
        Running { name, child, started: Instant::now(), limit: self.limit, stdout, stderr }
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Done {
        self.spawn().wait()
    }

    /// Runs it with standard output going into a file of the caller's, such as a closed pipe.
    pub(crate) fn run_into(mut self, stdout: impl Into<Stdio>) -> Done {
        let mut stderr = tempfile::tempfile().unwrap();
        self.command.stdout(stdout).stderr(stderr.try_clone().unwrap());
        let name = format!("{:?}", self.command);
        let started = Instant::now();
        let mut child = self.command.spawn().unwrap();
        // The caller's end of the pipe must not stay open in this process.
        drop(self.command);
        let status = wait_for("a run to end", self.limit, || child.try_wait().unwrap());
        Done { name, status, stdout: Vec::new(), stderr: rewound(&mut stderr), elapsed: started.elapsed() }
    }
}

fn rewound(file: &mut File) -> String {
    use std::io::Seek;
    file.rewind().unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    text
}

impl Running {
    /// What it has told so far on standard error.
    pub(crate) fn told(&self) -> String {
        self.stderr.text()
    }

    /// Waits until it says something on standard error.
    pub(crate) fn wait_until_told(&mut self, text: &str) {
        let limit = self.limit;
        wait_until(&format!("{text:?} from {}", self.name), limit, || {
            let told = self.told().contains(text);
            assert!(told || self.child.try_wait().unwrap().is_none(), "{} ended early:\n{}", self.name, self.told());
            told
        });
    }

    /// Waits until it has printed something on standard output.
    pub(crate) fn wait_until_printed(&mut self, text: &str) {
        let limit = self.limit;
        wait_until(&format!("{text:?} printed by {}", self.name), limit, || {
            let printed = self.stdout.text().contains(text);
            assert!(printed || self.child.try_wait().unwrap().is_none(), "{} ended early:\n{}", self.name, self.told());
            printed
        });
    }

    /// Sends a signal again and again until the program ends; two that come at the same moment are one.
    pub(crate) fn signal_until_ended(mut self, signal: Signal) -> Done {
        let limit = self.limit;
        wait_until("the end after a signal", limit, || {
            let ended = self.child.try_wait().unwrap().is_some();
            if !ended {
                self.signal(signal);
            }
            ended
        });
        self.wait()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Done {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                self.started.elapsed() < self.limit,
                "{} hangs after {} s:\n{}",
                self.name,
                self.limit.as_secs(),
                self.told()
            );
            thread::sleep(Duration::from_millis(10));
        };
        let elapsed = self.started.elapsed();
        let stdout = self.stdout.finish();
        let stderr = String::from_utf8_lossy(&self.stderr.finish()).into_owned();
        Done { name: self.name.clone(), status, stdout, stderr, elapsed }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Capture {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let thread = thread::spawn(move || {
            let mut piece = [0; 8 * 1024];
            while let Ok(length @ 1..) = stream.read(&mut piece) {
                sink.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..length]);
            }
        });
        Self { bytes, thread: Some(thread) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn finish(&mut self) -> Vec<u8> {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        std::mem::take(&mut self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Done {
    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.status.code(),
            Some(code),
            "{} ended with {} (signal {:?})\nstdout: {}\nstderr: {}",
            self.name,
            self.status,
            self.status.signal(),
            self.text(),
            self.stderr
        );
        self
    }

    /// Demands success.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.exits(0)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output, line by line as JSON.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.text().lines().map(parse).collect()
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "{} printed not one line:\n{}\n{}", self.name, self.text(), self.stderr);
        let document = lines.remove(0);
        assert_eq!(document["schema_version"], 1);
        document
    }

    /// Demands a failure as CLI users are promised: the exit code, one `error:` line and a hint on standard error, the
    /// same in JSON.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Failure {
        let done = self.exits(code);
        let document = done.json();
        let error = &document["error"];
        assert_eq!(error["code"], code, "{document}");
        assert!(error["causes"].is_array(), "{document}");
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        assert!(!message.is_empty(), "{document}");
        let first = message.lines().next().unwrap_or_default();
        let lines: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(lines, [format!("error: {first}")], "{}", done.stderr);
        let hint = error["hint"].as_str().unwrap_or_default().to_owned();
        assert_eq!(!hint.is_empty(), done.stderr.contains("hint: "), "{}", done.stderr);
        let causes = error["causes"].as_array().unwrap().iter().map(|cause| cause.as_str().unwrap().to_owned());
        Failure { message, hint, causes: causes.collect(), document, stderr: done.stderr, elapsed: done.elapsed }
    }
}

/// A failure, as the JSON document tells it.
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) causes: Vec<String>,
    pub(crate) document: Value,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
}

impl Failure {
    /// What was told before the error, without the times.
    pub(crate) fn events(&self) -> Vec<String> {
        let untimed = |line: &str| line.split_once("s  ").map(|(_, event)| event.to_owned());
        self.stderr.lines().take_while(|line| !line.starts_with("error:")).filter_map(untimed).collect()
    }

    /// Demands words of the message.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.message.contains(text), "{:?} is not in {:#}", text, self.document);
        self
    }

    /// Demands that the message has the words of a row of docs/troubleshooting.md, and its exit code.
    #[track_caller]
    pub(crate) fn shows(self, words: &str) -> Self {
        demand(words, &self.message, self.code());
        self
    }

    /// The same, where the words may also be a cause's.
    #[track_caller]
    pub(crate) fn shows_with_causes(self, words: &str) -> Self {
        demand(words, &format!("{}\n{}", self.message, self.causes.join("\n")), self.code());
        self
    }

    fn code(&self) -> Option<i32> {
        self.document["error"]["code"].as_i64()?.try_into().ok()
    }

    /// Demands words of the hint.
    #[track_caller]
    pub(crate) fn hints(self, text: &str) -> Self {
        assert!(self.hint.contains(text), "{:?} is not in {:#}", text, self.document);
        self
    }

    /// Demands that it was told within some seconds, generously, because the machine may be busy.
    #[track_caller]
    pub(crate) fn within(self, limit: Duration) -> Self {
        assert!(self.elapsed < limit, "it took {:?}: {:#}", self.elapsed, self.document);
        self
    }
}
