//! The command line: what can be typed, and what it means. Parsing only; nothing is done here.

mod drill;
mod lab;
mod shared;
mod values;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, Parser, Subcommand, ValueHint};

pub use drill::{Drill, DrillScenario};
pub use lab::Lab;
pub use shared::{ClusterArguments, PatienceArguments, SpecArguments};

use crate::report::Format;
use values::{moment, positive_duration, positive_factor, words_shown};

/// Runs Apache Spark on HashiCorp Nomad and Consul.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:\n  nomspark lab up                          a real Nomad and Consul on this machine\n  \
                  nomspark deploy --datacenter dc1         Spark on the cluster of NOMAD_ADDR\n  \
                  nomspark wordcount --input book.txt      count the words of a local file\n\n\
                  Exit codes: 0 done, 1 failed, 2 usage or spec, 3 cannot be placed, 4 refused, 5 timed out,\n\
                  6 the application failed, 10 plan found changes, 130 interrupted"
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// How standard output is written
    #[arg(short = 'o', long = "format", global = true, value_enum, default_value = "table", value_name = "FORMAT")]
    pub format: Format,
    /// Nomad's namespace; NOMAD_NAMESPACE where it is not given
    #[arg(long, global = true, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Nomad's region; NOMAD_REGION where it is not given
    #[arg(long, global = true, value_name = "NAME")]
    pub region: Option<String>,
    /// Tell more on standard error; twice for every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What nomspark can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Deploy Spark and wait until a master is ALIVE and all workers are registered
    Deploy(Deploy),
    /// Show what deploy would change, as Nomad's scheduler sees it
    Plan(Plan),
    /// Write every file that deploy would use; touches no server
    Render(Render),
    /// Count words: run the batch, wait, print the top words
    Wordcount(Wordcount),
    /// Follow a job to its end, also one that was started elsewhere
    Watch(Watch),
    /// Show jobs, masters, workers and endpoints on one screen
    Status(Status),
    /// Print the log of a job's tasks
    Logs(Logs),
    /// Stop what deploy started, nothing else
    Stop(Stop),
    /// Break something on purpose, and measure each stage of the recovery
    Drill(Drill),
    /// Show a run again that was recorded with --record
    Replay(Replay),
    /// A real Nomad and Consul on this machine
    #[command(subcommand)]
    Lab(Lab),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `nomspark deploy`
#[derive(Debug, Args)]
pub struct Deploy {
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Replace jobs of the same name that nomspark did not make
    #[arg(long)]
    pub adopt: bool,
    /// When the wait ends early.
    #[command(flatten)]
    pub patience: PatienceArguments,
    /// How long to wait until the cluster is ready
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = positive_duration)]
    pub timeout: Duration,
    /// Write down what happens, for `nomspark replay`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<PathBuf>,
}

/// `nomspark plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Replace jobs of the same name that nomspark did not make
    #[arg(long)]
    pub adopt: bool,
    /// Exit with 10 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `nomspark render`
#[derive(Debug, Args)]
pub struct Render {
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// The folder to write into; it is made where it is missing
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
}

/// How many words `nomspark wordcount` prints when nobody says.
pub const WORDS_SHOWN: u32 = 20;

/// `nomspark wordcount`
#[derive(Debug, Args)]
pub struct Wordcount {
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// The text: a file on this machine, or a URI that every executor can read
    #[arg(long, value_name = "PATH-or-URI", required_unless_present = "resume", value_hint = ValueHint::FilePath)]
    pub input: Option<String>,
    /// Keep the whole result in this file: a line with count, tab and word for each word
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// How many words to print
    #[arg(long, value_name = "N", default_value_t = WORDS_SHOWN, allow_negative_numbers = true, value_parser = words_shown)]
    pub top: u32,
    /// Wait for a run that was started before instead of starting one
    #[arg(long, value_name = "JOB", conflicts_with = "input")]
    pub resume: Option<String>,
    /// When the wait ends early.
    #[command(flatten)]
    pub patience: PatienceArguments,
    /// How long to wait for the verdict
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = positive_duration)]
    pub timeout: Duration,
    /// Write down what happens, for `nomspark replay`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<PathBuf>,
}

/// `nomspark watch`
#[derive(Debug, Args)]
pub struct Watch {
    /// The job's id
    pub job: String,
    /// When the wait ends early.
    #[command(flatten)]
    pub patience: PatienceArguments,
    /// How long to wait for the end
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = positive_duration)]
    pub timeout: Duration,
    /// Write down what happens, for `nomspark replay`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<PathBuf>,
}

/// `nomspark status`
#[derive(Debug, Args)]
pub struct Status {
    /// Whose cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
}

/// `nomspark logs`
#[derive(Debug, Args)]
pub struct Logs {
    /// The job's id, or the end of a cluster's: master, worker, wordcount-ID
    pub job: String,
    /// Go on until the job ends, or the allocation of --alloc; of a periodic or parameterized job until all that it started ended
    #[arg(short, long)]
    pub follow: bool,
    /// Only this allocation, by the beginning of its id [default: all that run, else the last ones]
    #[arg(long, value_name = "ID")]
    pub alloc: Option<String>,
    /// Only this task [default: all of them]
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
    /// Only standard output
    #[arg(long, conflicts_with = "stderr")]
    pub stdout: bool,
    /// Only standard error, where Spark logs
    #[arg(long)]
    pub stderr: bool,
    /// Only the last so many lines of each log, of those that --grep and --since choose; with -f everything new besides
    #[arg(short = 'n', long, value_name = "LINES")]
    pub tail: Option<u64>,
    /// Only what was written since: a duration such as 10m, or a time such as 2026-11-22T07:50:00Z. Lines must tell their time
    #[arg(long, value_name = "DURATION-or-TIME", value_parser = moment)]
    pub since: Option<SystemTime>,
    /// Only lines that match this regular expression
    #[arg(long, value_name = "REGEX")]
    pub grep: Option<String>,
    /// Whose cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
}

/// `nomspark stop`
#[derive(Debug, Args)]
pub struct Stop {
    /// Whose cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
    /// Have Nomad forget the jobs, with their logs
    #[arg(long)]
    pub purge: bool,
    /// Do not ask; without a terminal nothing is stopped unless this is given
    #[arg(long, short)]
    pub yes: bool,
    /// How long to wait until every task has ended
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = positive_duration)]
    pub timeout: Duration,
}

/// `nomspark replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// The recording
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub recording: PathBuf,
    /// How many times as fast as it was [default: 1 on a terminal, else without waiting]
    #[arg(long, value_name = "FACTOR", value_parser = positive_factor)]
    pub speed: Option<f64>,
}
