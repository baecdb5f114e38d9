//! `nomspark plan`: what deploy would change, from Nomad's own scheduler.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::context::Context;
use super::rehearsal::rehearse;
use super::spec;
use crate::cli;
use crate::error::Result;
use crate::exit::Exit;
use crate::nomad::job_plans::{DesiredUpdates, Diff};
use crate::plan::Step;
use crate::submit::{self, PreparedJob};

/// How many lines of a text that differs are shown; JSON has both texts whole.
const LINES: usize = 10;

#[derive(Serialize)]
struct Planned {
    cluster: String,
    changes: bool,
    jobs: Vec<PlannedChange>,
    /// What deploy would do, in order.
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct PlannedChange {
    id: String,
    /// none, added or edited.
    change: String,
    updates: DesiredUpdates,
    unplaceable: Option<String>,
    fields: Vec<ChangedField>,
}

#[derive(Serialize)]
struct ChangedField {
    path: String,
    old: String,
    new: String,
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Plan, context: &Context<'_>) -> Result<Exit> {
    let (spec, files) = spec::load(&arguments.spec)?;
    let (plan, prepared) = rehearse(&spec, &files, arguments.adopt, context).await?;
    let planned = Planned {
        cluster: plan.cluster.to_string(),
        changes: prepared.iter().any(PreparedJob::changes),
        jobs: prepared.iter().map(change).collect(),
        steps: submit::steps(&plan, &prepared),
    };
    context.report.result(&planned, || text(&planned))?;
    let unplaceable = planned.jobs.iter().any(|job| job.unplaceable.is_some());
    Ok(match (unplaceable, planned.changes && arguments.detailed_exitcode) {
        (true, _) => Exit::Unplaceable,
        (false, true) => Exit::Changes,
        (false, false) => Exit::Done,
    })
}

fn change(job: &PreparedJob) -> PlannedChange {
    let updates = job.effect.annotations.as_ref().and_then(|notes| notes.desired_updates.values().next());
    let mut fields = Vec::new();
    // A new job differs from nothing in everything: the file says it better.
    if job.effect.diff.kind == "Edited" {
        collect(&job.effect.diff, "", &mut fields);
    }
    PlannedChange {
        id: job.planned.id.clone(),
        change: job.effect.diff.kind.to_lowercase(),
        updates: updates.copied().unwrap_or_default(),
        unplaceable: job.unplaced_reason(),
        fields,
    }
}

/// Flattens Nomad's tree of differences.
fn collect(diff: &Diff, path: &str, fields: &mut Vec<ChangedField>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for field in diff.fields.iter().filter(|field| field.kind != "None") {
        fields.push(ChangedField { path: below(&field.name), old: field.old.clone(), new: field.new.clone() });
    }
    for part in diff.objects.iter().chain(&diff.task_groups).chain(&diff.tasks).filter(|part| part.kind != "None") {
        collect(part, &below(&part.name), fields);
    }
}

/// What a field was and will be. Of texts of several lines, such as scripts, only the lines that differ.
fn difference(field: &ChangedField) -> String {
    let ChangedField { path, old, new } = field;
    let takes_a_line = |value: &str| !value.trim_end().contains('\n');
    if takes_a_line(old) && takes_a_line(new) {
        return format!("    {path}: {old:?} => {new:?}\n");
    }
    let difference = TextDiff::from_lines(old, new);
    let changed: Vec<_> = difference.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal).collect();
    let mut text = format!("    {path}:\n");
    for change in changed.iter().take(LINES) {
        text.push_str(&format!("      {} {}\n", change.tag(), change.value().trim_end()));
    }
    if changed.len() > LINES {
        text.push_str(&format!("      and {} more\n", changed.len() - LINES));
    }
    text
}

fn text(planned: &Planned) -> String {
    let mut text = String::new();
    for job in &planned.jobs {
        let (sign, what) = match job.change.as_str() {
            "none" => (" ", "no change"),
            "added" => ("+", "new job"),
            _ => ("~", "changed job"),
        };
        text.push_str(&format!("{sign} {}: {what}\n", job.id));
        for field in &job.fields {
            text.push_str(&difference(field));
        }
        let updates = [
            ("place", job.updates.place),
            ("replace", job.updates.destructive_update),
            ("update in place", job.updates.in_place_update),
            ("migrate", job.updates.migrate),
            ("stop", job.updates.stop),
        ];
        let updates: Vec<String> =
            updates.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {count}")).collect();
        if !updates.is_empty() && job.change != "none" {
            text.push_str(&format!("    allocations: {}\n", updates.join(", ")));
        }
        if let Some(reason) = &job.unplaceable {
            text.push_str(&format!("    cannot be placed now: {reason}\n"));
        }
    }
    if planned.changes && planned.jobs.iter().all(|job| job.unplaceable.is_none()) {
        text.push_str("\nSteps of the deployment:\n");
        let steps = planned.steps.iter().zip(1..);
        text.extend(steps.map(|(step, number)| format!("  {number}. {step}\n")));
    }
    let closing = if planned.changes { "`nomspark deploy` with the same options applies this." } else { "No changes." };
    text.push_str(&format!("\n{closing}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> String {
        difference(&ChangedField { path: "Count".to_owned(), old: old.to_owned(), new: new.to_owned() })
    }

    #[test]
    fn what_takes_a_line_is_told_on_one() {
        assert_eq!(told("", "1024"), "    Count: \"\" => \"1024\"\n");
        assert_eq!(told("{{ range }}\n", ""), "    Count: \"{{ range }}\\n\" => \"\"\n");
    }

    #[test]
    fn of_several_lines_those_that_differ_are_told() {
        assert_eq!(told("a\nb\nc\n", "a\nB\nc\n"), "    Count:\n      - b\n      + B\n");
        let script = (0..=LINES).map(|line| format!("line {line}\n")).collect::<String>();
        let told = told("", &script);
        assert!(told.contains("      + line 0\n") && told.ends_with("      and 1 more\n"), "{told}");
    }
}
