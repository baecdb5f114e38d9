//! The cases: a spec, what is there already, and the plans that follow.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nomspark::names::RunId;
use nomspark::plan::{self, DrillApplication, Input, Plan, WordCount, WorkerSize};
use nomspark::render::{JobFiles, render};
use nomspark::spec::{Edge, Overrides, Source, ValidSpec, validate};
use nomspark::survey::Survey;

use super::surveys;
use crate::support::lab::CHECKOUT;

/// The case whose spec is the example for users, so that what they are shown is what is tested.
const EXAMPLE: &str = "three-hosts";

/// A case's name and what is there already; `None` is a `render` that asks no server.
pub(crate) fn cases() -> Vec<(&'static str, Option<Survey>)> {
    vec![
        ("defaults", None),
        ("docker", Some(surveys::docker())),
        ("exec", Some(surveys::exec())),
        ("raw-exec", Some(surveys::raw_exec())),
        ("conf", None),
        ("large", Some(surveys::docker())),
        ("ports", None),
        ("update", Some(surveys::deployed())),
        (EXAMPLE, None),
        ("edge", Some(surveys::edge())),
        ("edge-ipv6", None),
        ("edge-docker", Some(surveys::docker())),
    ]
}

/// Where a case's files are kept.
pub(super) fn folder(case: &str) -> PathBuf {
    Path::new(CHECKOUT).join("tests/golden").join(case)
}

/// A case's spec, from the checkout.
pub(super) fn spec_file(case: &str) -> String {
    if case == EXAMPLE { format!("examples/{EXAMPLE}.hcl") } else { format!("tests/golden/{case}/spec.hcl") }
}

fn spec(case: &str) -> ValidSpec {
    let name = spec_file(case);
    let text = fs::read_to_string(Path::new(CHECKOUT).join(&name)).unwrap();
    validate(Some(&Source { name, text }), &Overrides::default()).unwrap()
}

/// The nodes that the driver of a drill's application avoids.
pub(super) const AVOIDED: [&str; 2] = ["7bf2b1a6-3a4f-4d0e-9d4b-0f3f6a1c2e55", "c0ffee00-1111-2222-3333-444455556666"];

/// The deployment of a case and, where there is a survey, the applications that run on it.
pub(crate) fn plans(case: &str, survey: Option<&Survey>) -> Vec<(&'static str, Plan)> {
    let spec = spec(case);
    let mut plans = vec![("plan.json", plan::deploy(&spec, survey, false).unwrap())];
    if let Some(survey) = survey {
        let run = WordCount {
            id: RunId::from(0x2a_u32),
            input: Input::Upload(1_000),
            top: 20,
            master: "spark://127.0.0.1:7077".to_owned(),
            address: spec.edge.as_ref().map(Edge::floating_address),
            wait_for_capacity: false,
            workers: vec![WorkerSize {
                cores: spec.worker.cores.get().into(),
                memory: spec.worker.memory.mib(),
                ..Default::default()
            }],
        };
        plans.push(("wordcount.json", plan::wordcount(&spec, survey, &run).unwrap()));
        let drill = DrillApplication {
            id: RunId::from(0x2b_u32),
            master: run.master,
            address: run.address,
            workers: run.workers.clone(),
            cores: 3,
            at_most: Duration::from_mins(10),
            avoid_nodes: AVOIDED.map(ToOwned::to_owned).to_vec(),
        };
        plans.push(("drill.json", plan::drill(&spec, survey, &drill).unwrap()));
    }
    plans
}

/// Writes what a plan renders to.
pub(crate) fn write(plan: &Plan, folder: &Path) {
    for file in render(plan, &JobFiles::default()) {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.bytes).unwrap();
    }
}
