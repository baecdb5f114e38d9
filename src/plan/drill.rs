//! The plan of an application that runs through a failover drill.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{DrillVariables, Error, Plan, Role, Variables, WorkerSize, application, sizes};
use crate::names::{FloatingAddress, RunId};
use crate::spec::ValidSpec;
use crate::survey::Survey;

/// The application, compiled from `jobs/drill/src`.
const APPLICATION: &[u8] = include_bytes!("../../jobs/drill/drill.jar");
/// What an executor gets unless the spec says otherwise, in MiB: its text is small, and the rest is left to others.
const EXECUTOR_MEMORY: u64 = 512;

/// What an application of a drill needs to know besides the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillApplication {
    /// The end of the job's name, unique in the cluster.
    pub id: RunId,
    /// The `spark://` URL of the master that is ALIVE.
    pub master: String,
    /// The floating address, which always leads to that one.
    pub address: Option<FloatingAddress>,
    /// What the workers that are alive offer to executors.
    pub workers: Vec<WorkerSize>,
    /// How many cores the executors take at most.
    pub cores: u64,
    /// After how long it ends by itself; in whole seconds, at least one.
    pub at_most: Duration,
    /// The ids of the nodes on which the driver must not run.
    pub avoid_nodes: Vec<String>,
}

/// Plans one run.
pub fn drill(spec: &ValidSpec, survey: &Survey, run: &DrillApplication) -> Result<Plan, Error> {
    let mut common = application::common(spec, survey)?;
    // The drill itself says how many cores it takes, and not what is meant for the applications of others.
    for key in ["spark.cores.max", "spark.executor.cores", "spark.task.cpus"] {
        common.conf.remove(key);
    }
    application::set_executor_memory(&mut common, EXECUTOR_MEMORY, &run.workers);
    application::set_patience(&mut common);
    application::set_short_lived_driver(&mut common);
    application::set_short_lived_executors(&mut common);
    application::refuse_without_executor(&common, &run.workers)?;
    let (driver, heap) = (common.driver, application::driver_heap(&common));
    let variables = DrillVariables {
        memory: application::driver_memory(&common, heap),
        common,
        id: run.id.to_string(),
        master: application::master(&run.master, run.address),
        masters_ui: run.address.map(|address| address.ui()),
        at_most: run.at_most.as_secs().max(1),
        cores_max: run.cores,
        avoid_nodes: run.avoid_nodes.clone(),
        application: STANDARD.encode(APPLICATION),
        cpu: sizes::DAEMON_CPU,
        heap,
    };
    Ok(application::plan(spec, driver, spec.name.app_job(&run.id), Role::Drill, Variables::Drill(variables)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::spec::{Overrides, Source, validate};
    use crate::survey::SurveyedNode;

    #[test]
    fn what_a_spec_says_of_cores_is_for_the_applications_of_others() {
        let text = "conf = {\n\"spark.cores.max\" = \"64\"\n\"spark.executor.memory\" = \"2g\"\n}".to_owned();
        let source = Source { name: "nomspark.hcl".to_owned(), text };
        let node = SurveyedNode {
            name: "borie".to_owned(),
            datacenter: "dc1".to_owned(),
            node_pool: "default".to_owned(),
            eligible: true,
            drivers: ["raw_exec".to_owned()].into(),
            names_spark_home: true,
            address: None,
            interfaces: BTreeMap::new(),
        };
        let survey = Survey { nodes: vec![node], node_pools: ["default".to_owned()].into(), ..Survey::default() };
        let run = DrillApplication {
            id: RunId::from(1_u32),
            master: "spark://127.0.0.1:7077".to_owned(),
            address: None,
            workers: vec![WorkerSize { cores: 2, memory: 4_096, ..Default::default() }],
            cores: 2,
            at_most: Duration::from_millis(1),
            avoid_nodes: Vec::new(),
        };
        let plan = drill(&validate(Some(&source), &Overrides::default()).unwrap(), &survey, &run).unwrap();
        let Variables::Drill(variables) = &plan.jobs[0].variables else { panic!("the only job is a drill's") };
        assert_eq!(variables.common.conf.get("spark.cores.max"), None);
        assert_eq!((variables.cores_max, variables.at_most), (2, 1));
        assert_eq!(variables.common.conf["spark.executor.memory"], "2g");
    }
}
