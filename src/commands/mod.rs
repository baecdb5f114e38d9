//! The commands: one file each, which wires the steps and reports.

mod amended;
mod cluster;
mod context;
mod deploy;
mod drill;
mod lab;
mod leader;
mod logs;
mod plan;
mod rehearsal;
mod render;
mod replay;
mod spec;
mod status;
mod stop;
mod watch;
mod wordcount;

use std::io;

use clap::CommandFactory;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, Global};
use crate::error::Result;
use crate::event::{Event, Observer, WriteError};
use crate::exit::Exit;
use crate::report::Report;

use context::Context;

/// Runs the command that was typed.
pub fn run(cli: Cli) -> Result<Exit> {
    start_tracing(cli.global.verbose);
    let report = Report::new(cli.global.format);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(WriteError::from)?;
    let take = |event: &Event| report.event(event);
    let exit = runtime
        .block_on(dispatch(cli, &report, Observer::new(&take)))
        .map_err(|error| amended::within(error, report.scope()));
    report.end(exit.as_ref().err());
    // A task that still follows Nomad must not hold the exit up.
    runtime.shutdown_background();
    exit
}

async fn dispatch(cli: Cli, report: &Report, observer: Observer<'_>) -> Result<Exit> {
    let global = cli.global;
    match cli.command {
        Command::Deploy(arguments) => {
            with_cluster(&global, report, observer, async |context| deploy::run(&arguments, context).await).await
        }
        Command::Plan(arguments) => {
            with_cluster(&global, report, observer, async |context| plan::run(&arguments, context).await).await
        }
        Command::Render(arguments) => render::run(&arguments, report),
        Command::Wordcount(arguments) => {
            with_cluster(&global, report, observer, async |context| wordcount::run(&arguments, context).await).await
        }
        Command::Watch(arguments) => {
            with_cluster(&global, report, observer, async |context| watch::run(&arguments, context).await).await
        }
        Command::Status(arguments) => {
            with_cluster(&global, report, observer, async |context| status::run(&arguments, context).await).await
        }
        Command::Logs(arguments) => {
            with_cluster(&global, report, observer, async |context| logs::run(&arguments, context).await).await
        }
        Command::Stop(arguments) => {
            with_cluster(&global, report, observer, async |context| stop::run(&arguments, context).await).await
        }
        Command::Drill(arguments) => {
            with_cluster(&global, report, observer, async |context| drill::run(&arguments, &global, context).await)
                .await
        }
        Command::Replay(arguments) => replay::run(&arguments, report).await,
        Command::Lab(command) => lab::run(command, report, observer).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "nomspark", &mut script);
            report.data(&script)?;
            Ok(Exit::Done)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(WriteError::from)?;
            report.data(&page)?;
            Ok(Exit::Done)
        }
    }
}

/// Runs a command that talks to a cluster; whatever it waits for, it is told where Nomad allows no more connections.
async fn with_cluster(
    global: &Global,
    report: &Report,
    observer: Observer<'_>,
    command: impl AsyncFnOnce(&Context<'_>) -> Result<Exit>,
) -> Result<Exit> {
    let context = Context::new(global, report, observer)?;
    let mut command = Box::pin(command(&context));
    tokio::select! {
        biased;
        exit = &mut command => return exit,
        told = context.tell_crowding() => told?,
    }
    command.await
}

/// Logs go to standard error, and only when they are asked for: with -v or RUST_LOG.
fn start_tracing(verbose: u8) {
    let default = match verbose {
        0 => "off",
        1 => "nomspark=debug",
        _ => "nomspark=trace,reqwest=debug,hyper_util=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false).init();
}
