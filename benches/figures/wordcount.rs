//! The words of a text, from a file on this machine to counts.

use std::path::Path;

use crate::Result;
use crate::expected::{self, Counts};
use crate::figure::{Figure, Goal, Unit};
use crate::series::Series;
use crate::text;
use crate::workshop::Workshop;

/// Counts the first 40 kB of a book.
pub(crate) async fn book(workshop: &Workshop, rounds: u32) -> Result<Figure> {
    let input = workshop.file("small.txt");
    text::small(&input)?;
    side_by_side(workshop, &input, rounds, "wordcount of 40 kB", Goal::Ratio(1.0)).await
}

/// Counts 200 MB; nomspark sends them to the driver first, wordcount.py reads them where they are.
pub(crate) async fn large(workshop: &Workshop, rounds: u32) -> Result<Figure> {
    let input = workshop.file("large.txt");
    text::large(&input)?;
    side_by_side(workshop, &input, rounds, "wordcount of 200 MB", Goal::TimesFaster(2.0)).await
}

/// Counts with nomspark and with Spark's own example on the same cluster, in turn.
async fn side_by_side(workshop: &Workshop, input: &Path, rounds: u32, name: &str, goal: Goal) -> Result<Figure> {
    let expected = expected::count(input)?;
    let deployed = workshop.nomspark_json(&["deploy", "--driver", "raw_exec"]).await?;
    let master = deployed["endpoints"]["master"].as_str().ok_or("deploy names no master")?;
    let (mut nomspark, mut example) = (Series::default(), Series::default());
    for round in 1..=rounds {
        let path = input.to_string_lossy();
        let first = workshop.nomspark(&["wordcount", "--input", &path, "--output", "result.tsv"]).await?.elapsed;
        expected::check(&workshop.file("result.tsv"), &expected)?;

        let mut command = workshop.command(workshop.spark_home().join("bin/spark-submit"));
        command.args(["--master", master]);
        command.arg(workshop.spark_home().join("examples/src/main/python/wordcount.py")).arg(input);
        let second = workshop.run(command, "spark-submit").await?;
        compare(&second.stdout, &expected)?;
        println!(
            "{name} {round}/{rounds}: nomspark {:.1} s, spark-submit wordcount.py {:.1} s; both right",
            first.as_secs_f64(),
            second.elapsed.as_secs_f64()
        );
        nomspark.push(first);
        example.push(second.elapsed);
    }
    workshop.purge().await?;
    let other = Some(("`spark-submit` of Spark's wordcount.py", example));
    Ok(Figure { name: name.to_owned(), nomspark, other, unit: Unit::Seconds, goal })
}

fn compare(output: &str, expected: &Counts) -> Result<()> {
    if expected::printed(output)? == *expected {
        Ok(())
    } else {
        Err("wordcount.py counted other words than there are".into())
    }
}
