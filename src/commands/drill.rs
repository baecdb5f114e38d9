//! `nomspark drill`: breaks something on purpose, and measures the recovery.

mod place;
mod table;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::cluster;
use super::context::{Context, new_id, same_command};
use super::spec;
use crate::cli::{self, Global};
use crate::drill::{Clients, Drill, Outcome, Recipe, Scenario, page};
use crate::error::{Advice, Result, one_line};
use crate::event::{Event, WriteError};
use crate::exit::Exit;
use crate::interrupt;
use crate::report::{confirm, confirm_by_name, has_terminal};
use crate::watch::Error;

/// Why a drill is not begun, or its page not written.
#[derive(Debug, thiserror::Error)]
enum DrillError {
    #[error("a drill breaks something on purpose, and there is no terminal on which to ask for it")]
    NobodyToAsk,
    #[error("none of the scenarios can be done to this cluster")]
    NothingToDo,
    #[error("the report {} cannot be written", .0.display())]
    Report(PathBuf, #[source] std::io::Error),
}

impl Advice for DrillError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        matches!(self, Self::NobodyToAsk).then(|| "allow it with --yes".to_owned())
    }
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Drill, global: &Global, context: &Context<'_>) -> Result<Exit> {
    let (mut spec, files) = spec::load(&arguments.spec)?;
    if let Some(path) = &arguments.report {
        // A path that cannot be written is told before anything is broken; an older page stays until there is a newer one.
        open_page(path)?;
    }
    let name = spec.name.clone();
    cluster::leader(&name, context).await?;
    cluster::inherit_runtime(&context.nomad, &mut spec).await?;
    let clients = Clients { nomad: context.nomad.clone(), consul: context.consul.clone() };
    let lab = place::lab_hosts(global, &context.nomad.address()).await?;
    let recipe = Recipe { spec, files };
    let mut drill = Drill::new(name, clients, lab, recipe, arguments.timeout, context.observer, new_id);
    let all = arguments.scenario.is_all();
    let scenarios = drill.check(&arguments.scenario.scenarios(), all).await?;
    if scenarios.is_empty() {
        return Err(DrillError::NothingToDo.into());
    }
    if !may(arguments, &drill, &scenarios, context)? {
        context.report.say("Nothing was broken.")?;
        return Ok(Exit::Done);
    }
    context.begin(arguments.record.as_deref())?;

    let began = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let mut rounds = Vec::new();
    let done = tokio::select! {
        done = all_rounds(&mut drill, &scenarios, arguments.rounds, &mut rounds) => Some(done),
        () = interrupt::interrupted() => None,
    };
    let (cluster, scenario) = (drill.name.to_string(), arguments.scenario.name().to_owned());
    let outcome = |rounds| Outcome::new(cluster, scenario, began, rounds, arguments.budget);
    // Whatever happened: nothing stays broken, and nothing stays behind.
    let restored = drill.restore().await;
    let ended = drill.end_application().await;
    match done {
        None => {
            let written = write_unfinished(arguments.report.as_deref(), &outcome(rounds));
            restored?;
            written?;
            let left = match ended {
                Ok(_) => "what was broken is as it was before".to_owned(),
                Err(_) => "what was broken is as it was before; the drill's application ends by itself".to_owned(),
            };
            return Err(Error::Interrupted { left, resume: same_command("to begin anew") }.into());
        }
        Some(Err(error)) => {
            // What ended the drill matters more than a page that cannot be written.
            if let Err(unwritten) = write_unfinished(arguments.report.as_deref(), &outcome(rounds)) {
                context.report.event(&Event::Warning { what: one_line(&unwritten) })?;
            }
            return Err(error);
        }
        Some(Ok(())) => restored?,
    }
    if !ended? && let Some(round) = rounds.last_mut() {
        round.app.correct = false;
    }
    let outcome = outcome(rounds);
    if let Some(path) = &arguments.report {
        write_page(path, &page(&outcome))?;
        context.report.event(&Event::Written { file: path.display().to_string() })?;
    }
    context.report.result(&outcome, || table::text(&outcome))?;
    Ok(if outcome.complaints().is_empty() { Exit::Done } else { Exit::WorkFailed })
}

async fn all_rounds(
    drill: &mut Drill<'_>,
    scenarios: &[Scenario],
    rounds: u32,
    done: &mut Vec<crate::drill::outcome::Round>,
) -> Result<()> {
    for scenario in scenarios {
        for number in 1..=rounds {
            done.push(drill.round(*scenario, number, rounds).await?);
        }
    }
    drill.settle().await?;
    Ok(())
}

/// Asks whether all this may be broken; what hurts others too is agreed to with the cluster's name.
fn may(arguments: &cli::Drill, drill: &Drill<'_>, scenarios: &[Scenario], context: &Context<'_>) -> Result<bool> {
    let cluster = format!("the cluster {} at {}", drill.name, context.nomad.address());
    let times = if arguments.rounds == 1 { String::new() } else { format!(", {} times each", arguments.rounds) };
    context.report.say(&format!("This breaks parts of {cluster}{times}:"))?;
    for scenario in scenarios {
        context.report.say(&format!("  {:<14} {}", scenario.name(), scenario.deed()))?;
    }
    if arguments.yes {
        return Ok(true);
    }
    if !has_terminal() {
        return Err(DrillError::NobodyToAsk.into());
    }
    let agreed = if scenarios.iter().any(|scenario| scenario.is_destructive()) {
        confirm_by_name("Others suffer too. Type the cluster's name to go on:", drill.name.as_str())
    } else {
        confirm("Go on?")
    };
    Ok(agreed.map_err(WriteError::from)?)
}

/// Whether a page can be written; changes nothing.
fn open_page(path: &Path) -> Result<(), DrillError> {
    let is_new = path.symlink_metadata().is_err();
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let removed = opened.and_then(|_| if is_new { std::fs::remove_file(path) } else { Ok(()) });
    removed.map_err(|source| DrillError::Report(path.to_path_buf(), source))
}

/// The page of a drill that did not come to its end shows the rounds that did.
fn write_unfinished(path: Option<&Path>, outcome: &Outcome) -> Result<(), DrillError> {
    path.filter(|_| !outcome.rounds.is_empty()).map_or(Ok(()), |path| write_page(path, &page(outcome)))
}

fn write_page(path: &Path, text: &str) -> Result<(), DrillError> {
    std::fs::write(path, text).map_err(|source| DrillError::Report(path.to_path_buf(), source))
}
