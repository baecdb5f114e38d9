//! Measures nomspark and what people would use instead side by side, in one run on one machine.
//!
//! `tools/bench.sh` builds and starts it; `docs/performance.md` says what is measured and how to read it.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures on standard output")]

mod arguments;
mod deploy;
mod document;
mod drill;
mod edge;
mod expected;
mod figure;
mod machine;
mod program;
mod series;
mod small;
mod spark;
mod text;
mod watch;
mod wordcount;
mod workshop;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use self::arguments::{Arguments, Part};
use self::edge::hosts::Hosts;
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
    if let Some(obstacle) = edge::obstacle().filter(|_| arguments.three_hosts()) {
        // A table without these rows would say less than the old one, and who asks for them alone gets nothing.
        if arguments.write || !arguments.one_host() {
            return Err(obstacle.into());
        }
        println!("left out: {obstacle}");
    }
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
    for (_, figure) in &figures {
        println!("{}", figure.line());
    }
    let met = figures.iter().filter(|(_, figure)| figure.is_met()).count();
    println!("\n{met} of {} goals met", figures.len());
    if arguments.write {
        let path = document::write(&machine, &figures)?;
        println!("written to {}", path.display());
    }
    Ok(())
}

async fn measure(workshop: &mut Workshop, arguments: &Arguments) -> Result<(Machine, Vec<(Part, Figure)>)> {
    let mut figures = Vec::new();
    let mut measured = |part: Part, of_it: Vec<Figure>| figures.extend(of_it.into_iter().map(|figure| (part, figure)));
    let mut machine = None;
    if arguments.measures(Part::Small) {
        measured(Part::Small, small::measure(workshop)?);
    }
    if arguments.one_host() {
        workshop.lab_up().await?;
        machine = Some(Machine::look(&workshop.nomspark_json(&["lab", "status"]).await?)?);
    }
    if arguments.measures(Part::Deploy) {
        measured(Part::Deploy, deploy::measure(workshop, arguments.rounds(5)).await?);
    }
    if arguments.measures(Part::Book) {
        measured(Part::Book, vec![wordcount::book(workshop, arguments.rounds(5)).await?]);
    }
    if arguments.measures(Part::Large) {
        measured(Part::Large, vec![wordcount::large(workshop, arguments.rounds(3)).await?]);
    }
    if arguments.measures(Part::Watch) {
        measured(Part::Watch, watch::measure(workshop, arguments.rounds(3)).await?);
    }
    if arguments.three_hosts() && edge::obstacle().is_none() {
        // Two labs at once would only disturb each other.
        workshop.labs_down().await?;
        let hosts = Hosts::up(workshop).await?;
        machine = Some(Machine::look(&hosts.status().await?)?);
        if arguments.measures(Part::Edge) {
            measured(Part::Edge, edge::measure(&hosts, arguments).await?);
        }
        if arguments.measures(Part::Through) {
            measured(Part::Through, edge::through(&hosts, arguments).await?);
        }
        if arguments.measures(Part::Drill) {
            measured(Part::Drill, drill::measure(&hosts, arguments).await?);
        }
    }
    Ok((machine.ok_or("nothing was measured")?, figures))
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
