//! Following jobs that are not Spark's, made of Nomad's own mock driver: how soon a line is there, what a watch of ten
//! thousand allocations costs, and two hundred verdicts at once.

mod jobs;
mod lines;
mod many;
mod rest;

use crate::Result;
use crate::figure::{Figure, Goal, Unit};
use crate::series::Series;
use crate::workshop::Workshop;

/// What comes of a task that runs beside the measurement.
type Beside = std::result::Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Measures all of it.
pub(crate) async fn measure(workshop: &Workshop, rounds: u32) -> Result<Vec<Figure>> {
    let mut figures = lines(workshop).await?;
    figures.extend(many(workshop, rounds).await?);
    figures.extend(rest(workshop).await?);
    Ok(figures)
}

async fn lines(workshop: &Workshop) -> Result<Vec<Figure>> {
    let lines::Delays { lines, deployment, monitor } = lines::measure(workshop).await?;
    let figure = |name: &str, nomspark: f64, other, goal| Figure {
        name: name.to_owned(),
        nomspark: Series::single(nomspark),
        other,
        unit: Unit::Milliseconds,
        goal,
    };
    let monitor = ("`nomad job run`'s monitor", Series::single(monitor.percentile(99.0)));
    Ok(vec![
        figure("from Nomad's event to the line, 99th percentile", lines.percentile(99.0), None, Goal::AtMost(50.0)),
        figure(
            "from a deployment's event to the line, 99th percentile",
            deployment.percentile(99.0),
            Some(monitor),
            Goal::Ratio(1.0),
        ),
    ])
}

async fn many(workshop: &Workshop, rounds: u32) -> Result<Vec<Figure>> {
    let many::Times { nomspark, nomad, wrong } = many::measure(workshop, rounds).await?;
    Ok(vec![
        Figure {
            name: "200 batch jobs submitted and followed to their verdicts".to_owned(),
            nomspark,
            other: Some(("200 `nomad job run` and `nomad job status` each second", nomad)),
            unit: Unit::Seconds,
            goal: Goal::Ratio(1.0),
        },
        Figure {
            name: "wrong verdicts among them".to_owned(),
            nomspark: Series::single(f64::from(wrong)),
            other: None,
            unit: Unit::Answers,
            goal: Goal::AtMost(0.0),
        },
    ])
}

async fn rest(workshop: &Workshop) -> Result<Vec<Figure>> {
    let rest::Cost { megabytes, cpu_percent, requests_per_minute } = rest::measure(workshop).await?;
    let figure = |name: &str, value: f64, unit, limit| Figure {
        name: name.to_owned(),
        nomspark: Series::single(value),
        other: None,
        unit,
        goal: Goal::AtMost(limit),
    };
    Ok(vec![
        figure("memory of a watch of 10,000 allocations, at most", megabytes, Unit::Megabytes, 100.0),
        figure("its share of a core when nothing happens", cpu_percent, Unit::Percent, 5.0),
        figure("requests to Nomad in a minute then", requests_per_minute, Unit::Requests, 2.0),
    ])
}
