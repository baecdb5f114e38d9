//! The program itself: its size, how fast it starts, how fast it renders.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Result;
use crate::figure::{Figure, Goal, Unit};
use crate::series::Series;
use crate::workshop::{NOMSPARK, Workshop};

/// How often the program is started.
const STARTS: u32 = 50;
/// How often it renders.
const RENDERS: u32 = 20;
/// How many workers and Spark properties the large spec has.
const ENTRIES: u32 = 1_000;

/// Measures what needs no cluster.
pub(crate) fn measure(workshop: &Workshop) -> Result<Vec<Figure>> {
    let spec = workshop.file("large.hcl");
    std::fs::write(&spec, large_spec())?;
    let version = samples(STARTS, || Command::new(NOMSPARK).arg("--version").stdout(Stdio::null()).status())?;
    let mut command = Command::new(NOMSPARK);
    command.arg("render").arg("--file").arg(&spec).arg("--out").arg(workshop.file("large")).stdout(Stdio::null());
    let render = samples(RENDERS, || command.status())?;
    #[expect(clippy::cast_precision_loss, reason = "a program is smaller than 2^52 bytes")]
    let size = std::fs::metadata(NOMSPARK)?.len() as f64 / 1e6;
    let figure =
        |name: String, nomspark, unit, limit| Figure { name, nomspark, other: None, unit, goal: Goal::Below(limit) };
    Ok(vec![
        figure("`nomspark --version`".to_owned(), version, Unit::Milliseconds, 10.0),
        figure(
            format!("`nomspark render` of {ENTRIES} workers and {ENTRIES} Spark properties"),
            render,
            Unit::Milliseconds,
            200.0,
        ),
        figure("size of the release binary".to_owned(), Series::single(size), Unit::Megabytes, 15.0),
    ])
}

fn large_spec() -> String {
    let mut spec =
        format!("runtime {{\n  driver = \"raw_exec\"\n}}\n\nworker {{\n  count = {ENTRIES}\n}}\n\nconf = {{\n");
    for entry in 0..ENTRIES {
        // Writing to a string does not fail.
        let _ = writeln!(spec, "  \"spark.benchmark.entry{entry}\" = \"value {entry}\"");
    }
    spec.push_str("}\n");
    spec
}

/// Runs a program so often, without anything between its end and the clock.
fn samples(count: u32, mut run: impl FnMut() -> std::io::Result<std::process::ExitStatus>) -> Result<Series> {
    let mut series = Series::default();
    for _ in 0..count {
        let started = Instant::now();
        let status = run()?;
        series.push(started.elapsed());
        if !status.success() {
            return Err(format!("nomspark failed with {status}").into());
        }
    }
    Ok(series)
}
