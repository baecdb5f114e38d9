//! Jobs from seeds on a real Nomad: does `nomspark watch` tell what an independent look at Nomad's state tells?

mod actions;
mod blame;
mod compare;
mod course;
mod dice;
mod job;
mod judgement;
mod said;
mod snapshot;
mod task;
mod version;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use compare::{Report, compare};
use world::World;

use crate::support::lab::lock;

/// Seeds that are always tried: of every kind one, and those that once disagreed.
const SEEDS: &str = include_str!("generated/seeds.txt");

/// Tries jobs, some at the same time; one line is printed for each, and all that is known of those that disagree.
#[expect(clippy::print_stdout, reason = "the test's output tells how far it is")]
fn run(seeds: impl Iterator<Item = u64> + Send, at_once: usize, verbose: bool) {
    let world = World::start();
    let (seeds, reports) = (Mutex::new(seeds), Mutex::new(Vec::<Report>::new()));
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(seed) = { lock(&seeds).next() } {
                    let report = catch_unwind(AssertUnwindSafe(|| compare(&world, seed))).unwrap_or_else(|panic| {
                        let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                        Report {
                            line: format!("seed {seed}: the trial failed"),
                            agrees: false,
                            complaints: text,
                            details: String::new(),
                        }
                    });
                    println!("{}", report.line);
                    if !report.agrees || verbose {
                        println!("{}{}", report.complaints, report.details);
                    }
                    lock(&reports).push(report);
                }
            });
        }
    });
    let reports = lock(&reports);
    let disagreeing: Vec<&Report> = reports.iter().filter(|it| !it.agrees).collect();
    println!("{} jobs, {} agree", reports.len(), reports.len() - disagreeing.len());
    let told: Vec<String> = disagreeing.iter().map(|it| format!("{}\n{}", it.line, it.complaints)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn some_jobs() {
    let lines = SEEDS.lines().filter(|line| !line.starts_with('#'));
    run(lines.map(|line| line.split(' ').next().unwrap().parse().unwrap()), 10, false);
}

#[test]
#[ignore = "two hundred jobs: make soak"]
fn many_jobs() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let first = number("NOMSPARK_SEED", 1);
    let jobs = number("NOMSPARK_JOBS", 200);
    // One alone is looked at closely.
    run(first..first + jobs, 8, jobs == 1);
}
