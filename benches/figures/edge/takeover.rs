//! How long nobody answers at the floating address when its holder fails.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::calm::{self, Calm};
use super::carrier::Carrier;
use super::hosts::{HOSTS, Hosts, floating};
use super::processes;
use super::sampler::{Answer, Question, Sampler};
use crate::Result;
use crate::figure::{Figure, Goal, Unit};
use crate::series::Series;

/// nomspark's default.
const ADVERT_INTERVAL: Duration = Duration::from_millis(100);
/// How long a host is cut off: shorter than Nomad's patience with a client.
const CUT: Duration = Duration::from_secs(2);
/// How long Consul's servers may take to elect another leader.
const ELECTION: Duration = Duration::from_secs(5);
/// How long is looked for a second holder once the old one could be back: Nomad starts keepalived again at once.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// How long a takeover may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What fails.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// keepalived is killed on the holder, parent and child.
    Kill,
    /// The holder's link goes down.
    Cut,
}

/// A takeover that was watched.
#[derive(Clone, Copy, Debug)]
struct Takeover {
    elapsed: Duration,
    limit: Duration,
    /// Answers of a host after another one had taken over from it.
    returns: u32,
}

/// Measures both faults.
pub(crate) async fn measure(hosts: &Hosts<'_>, rounds: u32) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let mut returns = 0;
    for (fault, name) in [(Fault::Kill, "keepalived of the holder killed"), (Fault::Cut, "holder cut off")] {
        let (mut elapsed, mut limits) = (Series::default(), Series::default());
        for round in 1..=rounds {
            let mut calm = calm::wait(hosts).await?;
            while matches!(fault, Fault::Cut) && hosts.leads_consul(&calm.holder).await? {
                // Consul's own election comes first then, and is no part of this.
                hosts.nomspark(&["lab", "cut", &calm.holder]).await?;
                sleep(ELECTION).await;
                hosts.nomspark(&["lab", "mend", &calm.holder]).await?;
                calm = calm::wait(hosts).await?;
            }
            let (to, takeover) = one(hosts, fault, &calm).await?;
            println!(
                "{name} {round}/{rounds}: from {} to {to} in {:.0} ms, limit {:.0} ms, ratio {:.2}; two holders seen: {}",
                calm.holder,
                takeover.elapsed.as_secs_f64() * 1e3,
                takeover.limit.as_secs_f64() * 1e3,
                takeover.elapsed.as_secs_f64() / takeover.limit.as_secs_f64(),
                takeover.returns
            );
            elapsed.push(takeover.elapsed);
            limits.push(takeover.limit);
            returns += takeover.returns;
        }
        figures.push(Figure {
            name: format!("address taken over, {name}"),
            nomspark: elapsed,
            other: Some(("3 × `advert_interval` + skew", limits)),
            unit: Unit::Milliseconds,
            goal: Goal::WorstRatio(1.2),
        });
    }
    figures.push(Figure {
        name: format!("two holders seen in {} takeovers", 2 * rounds),
        nomspark: Series::single(f64::from(returns)),
        other: None,
        unit: Unit::Answers,
        goal: Goal::AtMost(0.0),
    });
    Ok(figures)
}

async fn one(hosts: &Hosts<'_>, fault: Fault, calm: &Calm) -> Result<(String, Takeover)> {
    let mut sampler = Sampler::start(floating(8080), Question::Page("/nomspark/holder"));
    let mut spark = Sampler::start(floating(7077), Question::Spark);
    let (failed, afterwards) = match fault {
        Fault::Kill => {
            let local = hosts.allocation_folder(&calm.holder, &calm.allocation).join("keepalived/local");
            let pid = |file: &str| processes::from_file(&local.join(file), "keepalived");
            // The child first: when its parent dies it gets a SIGTERM, and would resign in good order.
            let pids = [pid("vrrp.pid")?, pid("keepalived.pid")?];
            // Not at a moment that has to do with the end of the last wait.
            sleep(phase()).await;
            let failed = Instant::now();
            processes::kill_all(&pids)?;
            (failed, AFTERWARDS)
        }
        Fault::Cut => {
            let mut carrier = Carrier::watch(hosts, &calm.holder)?;
            sleep(Duration::from_millis(300) + phase()).await;
            hosts.nomspark(&["lab", "cut", &calm.holder]).await?;
            (carrier.lost().await?, CUT + AFTERWARDS)
        }
    };
    let taken = timeout(LIMIT, taken(&mut sampler, &mut spark, failed, &calm.holder)).await;
    let mended = match fault {
        Fault::Kill => Ok(()),
        Fault::Cut => {
            sleep(CUT.saturating_sub(failed.elapsed())).await;
            hosts.nomspark(&["lab", "mend", &calm.holder]).await.map(drop)
        }
    };
    let (first, to) = taken.map_err(|_| format!("nobody took the address over from {}", calm.holder))??;
    mended?;
    let returns = returns(&mut sampler, first, &calm.holder, &to, afterwards).await?;
    Ok((to.clone(), Takeover { elapsed: first - failed, limit: limit(&to), returns }))
}

/// When another host serves: its first page is there, and a plain Spark client has had an answer since that was asked for.
async fn taken(sampler: &mut Sampler, spark: &mut Sampler, failed: Instant, old: &str) -> Result<(Instant, String)> {
    let other = sampler.first(failed, |answer| answer.json_string().is_some_and(|host| host != old)).await?;
    let served = spark.first(other.asked, |answer| *answer == Answer::Spark).await?;
    Ok((other.told.max(served.told), other.answer.json_string().unwrap_or_default().to_owned()))
}

/// Counts the answers of a host to questions that were asked when another one had answered after it: `old` at first. A
/// further host that takes the address over is told, and is the holder from then on.
async fn returns(sampler: &mut Sampler, first: Instant, old: &str, to: &str, long: Duration) -> Result<u32> {
    let mut count = 0;
    let mut passed = vec![old.to_owned()];
    let (mut holder, mut since) = (to.to_owned(), first);
    loop {
        let sample = sampler.next().await?;
        if sample.asked >= first + long {
            return Ok(count);
        }
        let Some(host) = sample.answer.json_string().filter(|host| sample.asked >= since && *host != holder) else {
            continue;
        };
        if passed.iter().any(|other| other == host) {
            count += 1;
        } else {
            println!("  {:.0} ms later {host} has taken the address over", (sample.told - first).as_secs_f64() * 1e3);
            passed.push(std::mem::replace(&mut holder, host.to_owned()));
            since = sample.told;
        }
    }
}

/// When a host of this name takes over at the latest, as VRRP has it.
fn limit(host: &str) -> Duration {
    let priority = HOSTS.iter().find(|(name, _, _)| *name == host).map_or(0, |(_, _, priority)| *priority);
    ADVERT_INTERVAL * 3 + ADVERT_INTERVAL * (256 - u32::from(priority)) / 256
}

/// A time below the interval of adverts, another one each time.
fn phase() -> Duration {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    ADVERT_INTERVAL * (now.subsec_micros() % 997) / 997
}
