//! Measures nomspark and what people would use instead side by side, in one run on one machine.
//!
//! `tools/bench.sh` builds and starts it; `docs/performance.md` says what is measured and how to read it.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures on standard output")]

mod arguments;
mod deploy;
mod document;
mod expected;
mod figure;
mod machine;
mod program;
mod series;
mod small;
mod spark;
mod text;
mod wordcount;
mod workshop;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use self::arguments::{Arguments, Part};
use self::figure::Figure;
use self::machine::Machine;
use self::workshop::Workshop;

/// What goes wrong is told to a person and ends the run: its words are enough.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, cleans up whatever came, and tells.
async fn run(arguments: &Arguments) -> Result<()> {
    let mut workshop = Workshop::open(arguments.nomad_port, arguments.consul_port).await?;
    // A figure that is interrupted ends its programs: they are dropped with it.
    let measured = tokio::select! {
        measured = measure(&mut workshop, arguments) => measured,
        name = ended() => name.and_then(|name| Err(format!("interrupted by {name}").into())),
    };
    let cleaned = workshop.close().await;
    let (machine, figures) = measured?;
    cleaned?;

    println!("\n{}\n", machine.line());
    for figure in &figures {
        println!("{}", figure.line());
    }
    let met = figures.iter().filter(|figure| figure.is_met()).count();
    println!("\n{met} of {} goals met", figures.len());
    if arguments.write {
        let path = document::write(&machine, &figures)?;
        println!("written to {}", path.display());
    }
    Ok(())
}

async fn measure(workshop: &mut Workshop, arguments: &Arguments) -> Result<(Machine, Vec<Figure>)> {
    let mut figures = Vec::new();
    if arguments.measures(Part::Small) {
        figures.extend(small::measure(workshop)?);
    }
    workshop.lab_up().await?;
    let machine = Machine::look(workshop).await?;
    if arguments.measures(Part::Deploy) {
        figures.extend(deploy::measure(workshop, arguments.rounds.unwrap_or(5)).await?);
    }
    if arguments.measures(Part::Book) {
        figures.push(wordcount::book(workshop, arguments.rounds.unwrap_or(5)).await?);
    }
    if arguments.measures(Part::Large) {
        figures.push(wordcount::large(workshop, arguments.rounds.unwrap_or(3)).await?);
    }
    Ok((machine, figures))
}

/// Returns when somebody wants this program to end. Later signals change nothing: cleaning up takes a few seconds.
async fn ended() -> Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let name = tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    };
    println!("{name}: cleaning up");
    Ok(name)
}
