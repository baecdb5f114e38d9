//! From nothing to a cluster that is ready: a master ALIVE, one worker registered.

use std::time::Duration;

use crate::Result;
use crate::figure::{Figure, Goal, Unit};
use crate::series::Series;
use crate::spark::{self, Sizes};
use crate::workshop::Workshop;

/// The jobs, in the order in which they are deployed.
const JOBS: [&str; 2] = ["master", "worker"];

/// Measures nomspark, the same processes by hand, and the same job files by `nomad job run`, in turn.
pub(crate) async fn measure(workshop: &Workshop, rounds: u32) -> Result<Vec<Figure>> {
    let sizes = render(workshop).await?;
    // Spark's jars come from the disk once; no side shall pay for that.
    spark::by_hand(workshop, &sizes).await?;
    let (mut nomspark, mut by_hand, mut by_nomad) = (Series::default(), Series::default(), Series::default());
    for round in 1..=rounds {
        let first = workshop.nomspark(&["deploy", "--driver", "raw_exec"]).await?.elapsed;
        workshop.purge().await?;
        let second = spark::by_hand(workshop, &sizes).await?;
        let third = nomad_job_run(workshop).await?;
        workshop.purge().await?;
        println!(
            "deploy {round}/{rounds}: nomspark {:.1} s, by hand {:.1} s, nomad job run {:.1} s",
            first.as_secs_f64(),
            second.as_secs_f64(),
            third.as_secs_f64()
        );
        nomspark.push(first);
        by_hand.push(second);
        by_nomad.push(third);
    }
    let figure = |other, series, goal| Figure {
        name: "deploy until ready".to_owned(),
        nomspark: nomspark.clone(),
        other: Some((other, series)),
        unit: Unit::Seconds,
        goal: Goal::Ratio(goal),
    };
    Ok(vec![
        figure("master and worker by hand on loopback", by_hand, 1.3),
        figure("`nomad job run` of both job files", by_nomad, 0.5),
    ])
}

/// Writes the job files that deploy uses, and reads the sizes that they plan.
async fn render(workshop: &Workshop) -> Result<Sizes> {
    let spark_home = workshop.spark_home().to_string_lossy();
    workshop.nomspark(&["render", "--driver", "raw_exec", "--spark-home", &spark_home, "--out", "rendered"]).await?;
    let [master, worker] = JOBS.map(|job| std::fs::read_to_string(workshop.file(&variables(job))));
    let (master, worker) = (master?, worker?);
    Ok(Sizes {
        master_heap: number(&master, "heap")?,
        worker_heap: number(&worker, "heap")?,
        worker_cores: number(&worker, "worker_cores")?,
        worker_memory: number(&worker, "worker_memory")?,
    })
}

fn variables(job: &str) -> String {
    format!("rendered/spark-{job}.vars.hcl")
}

/// A number of a variable file, which has a line `name = value` for each.
fn number(variables: &str, name: &str) -> Result<u64> {
    let value = |line: &str| line.split_once(" = ").filter(|(key, _)| *key == name)?.1.parse().ok();
    variables.lines().find_map(value).ok_or_else(|| format!("no {name} in the variables").into())
}

/// Registers the jobs one after the other with Nomad's own monitor, which waits for each deployment.
async fn nomad_job_run(workshop: &Workshop) -> Result<Duration> {
    let mut elapsed = Duration::ZERO;
    for job in JOBS {
        let mut command = workshop.command("nomad");
        command.args(["job", "run", &format!("-var-file={}", variables(job)), &format!("rendered/{job}.nomad.hcl")]);
        elapsed += workshop.run(command, "nomad-job-run").await?.elapsed;
    }
    Ok(elapsed)
}
