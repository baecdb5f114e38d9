//! What the floating address costs a whole WordCount.

use std::path::Path;

use super::hosts::Hosts;
use crate::Result;
use crate::expected;
use crate::figure::{Figure, Goal, Unit};
use crate::series::Series;
use crate::text;

/// The cluster whose master is found without an address.
const DIRECT: &str = "direct";

/// Counts a small and a large text, through the address and directly, in turn.
pub(crate) async fn measure(hosts: &Hosts<'_>, rounds: u32, large_rounds: u32) -> Result<Vec<Figure>> {
    hosts.nomspark(&["deploy", "--name", DIRECT, "--driver", "raw_exec"]).await?;
    let small = hosts.file("edge-small.txt");
    text::small(&small)?;
    let path = small.to_string_lossy().into_owned();
    let first = side_by_side(hosts, &small, &path, rounds, "wordcount of 40 kB through the address").await?;
    let large = hosts.file("edge-large.txt");
    text::large(&large)?;
    // The hosts share the machine's disk.
    let path = format!("file://{}", large.display());
    let second = side_by_side(hosts, &large, &path, large_rounds, "wordcount of 200 MB through the address").await?;
    hosts.nomspark(&["stop", "--name", DIRECT, "--purge", "--yes"]).await?;
    Ok(vec![first, second])
}

async fn side_by_side(hosts: &Hosts<'_>, file: &Path, input: &str, rounds: u32, name: &str) -> Result<Figure> {
    let expected = expected::count(file)?;
    let (mut through, mut directly) = (Series::default(), Series::default());
    for round in 1..=rounds {
        let mut clusters = [("spark", &mut through), (DIRECT, &mut directly)];
        // Whoever comes second finds what the other one has left: each does so in every other round.
        if round % 2 == 0 {
            clusters.reverse();
        }
        for (cluster, series) in clusters {
            let arguments = ["wordcount", "--name", cluster, "--input", input, "--output", "edge-result.tsv"];
            let elapsed = hosts.nomspark(&arguments).await?.elapsed;
            expected::check(&hosts.file("edge-result.tsv"), &expected)?;
            println!("{name} {round}/{rounds}: at {cluster} {:.1} s, right", elapsed.as_secs_f64());
            series.push(elapsed);
        }
    }
    let other = Some(("to the master directly", directly));
    Ok(Figure { name: name.to_owned(), nomspark: through, other, unit: Unit::Seconds, goal: Goal::Ratio(1.05) })
}
