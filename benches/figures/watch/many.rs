//! Two hundred batch jobs at once, of which every fifth fails: until all verdicts are there.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use super::jobs;
use crate::Result;
use crate::series::Series;
use crate::workshop::{NOMSPARK, Workshop};

const JOBS: u32 = 200;
/// How many are submitted at the same time: more would only wait for each other on a small machine.
const AT_ONCE: usize = 20;

/// What each side took, in turn.
pub(super) struct Times {
    pub(super) nomspark: Series,
    pub(super) nomad: Series,
    /// Verdicts of nomspark that are wrong.
    pub(super) wrong: u32,
}

pub(super) async fn measure(workshop: &Workshop, rounds: u32) -> Result<Times> {
    let mut times = Times { nomspark: Series::default(), nomad: Series::default(), wrong: 0 };
    for round in 0..rounds {
        let files = files(workshop, &format!("n{round}"))?;
        let started = Instant::now();
        let verdicts = all(&files, |id, file| watched(workshop, id, file)).await?;
        times.nomspark.push(started.elapsed());
        times.wrong += u32::try_from(verdicts.iter().enumerate().filter(|(index, ok)| **ok == fails(*index)).count())?;
        forget(workshop, &files).await?;

        let files = self::files(workshop, &format!("m{round}"))?;
        let started = Instant::now();
        all(&files, |id, file| polled(workshop, id, file)).await?;
        times.nomad.push(started.elapsed());
        forget(workshop, &files).await?;
    }
    Ok(times)
}

fn fails(index: usize) -> bool {
    index.is_multiple_of(5)
}

/// The jobs' ids and files.
fn files(workshop: &Workshop, prefix: &str) -> Result<Vec<(String, String)>> {
    let file = |index: u32| {
        let id = format!("{prefix}-{index}");
        let text = jobs::job(&id, "batch", "", &[("g", 1, "2s", u32::from(fails(index as usize)))]);
        let path = jobs::write(workshop, &id, &text)?;
        Ok((id, path))
    };
    (0..JOBS).map(file).collect()
}

async fn forget(workshop: &Workshop, files: &[(String, String)]) -> Result<()> {
    for (id, _) in files {
        jobs::purge(workshop, id).await?;
    }
    Ok(())
}

/// Runs something for each job, and gives what came of it, in the jobs' order.
async fn all<F: Future<Output = Result<bool>>>(
    files: &[(String, String)],
    of: impl Fn(String, String) -> F,
) -> Result<Vec<bool>> {
    let each = files.iter().map(|(id, file)| of(id.clone(), file.clone()));
    stream::iter(each).buffered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
}

/// Submits a job and has nomspark follow it; whether it completed.
async fn watched(workshop: &Workshop, id: String, file: String) -> Result<bool> {
    jobs::nomad(workshop, &["job", "run", "-detach", &file]).await?;
    let mut command = workshop.command(NOMSPARK);
    let output = command.args(["watch", &id, "-o", "json"]).kill_on_drop(true).output().await?;
    match output.status.code() {
        Some(0) => Ok(true),
        Some(6) => Ok(false),
        _ => Err(format!("watch {id}: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// What people do instead: `nomad job run`, then `nomad job status` each second until Nomad calls it dead.
async fn polled(workshop: &Workshop, id: String, file: String) -> Result<bool> {
    jobs::nomad(workshop, &["job", "run", &file]).await?;
    loop {
        let mut command = workshop.command("nomad");
        let output = command.args(["job", "status", &id]).kill_on_drop(true).output().await?;
        let said = String::from_utf8(output.stdout)?;
        let cells = || said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        if cells().any(|cells| cells == ["Status", "=", "dead"]) {
            // The row of the summary: queued, starting, running, failed.
            let failed =
                cells().find_map(|cells| if cells.first() == Some(&"g") { cells.get(4).copied() } else { None });
            return Ok(failed == Some("0"));
        }
        sleep(Duration::from_secs(1)).await;
    }
}
