//! What a plan decides, and what stands against it.

use std::collections::BTreeMap;

use super::*;
use crate::error::Advice;
use crate::exit::Exit;
use crate::spec::Driver;
use crate::spec::{Overrides, Source, validate};
use crate::survey::{ExistingJob, SharedAgent};

fn spec(text: &str) -> ValidSpec {
    let source = Source { name: "nomspark.hcl".to_owned(), text: text.to_owned() };
    validate(Some(&source), &Overrides::default()).unwrap()
}

fn node(name: &str, drivers: &[&str]) -> SurveyedNode {
    SurveyedNode {
        name: name.to_owned(),
        datacenter: "dc1".to_owned(),
        node_pool: "default".to_owned(),
        eligible: true,
        drivers: drivers.iter().map(ToString::to_string).collect(),
        names_spark_home: false,
        address: None,
        interfaces: BTreeMap::new(),
    }
}

fn survey(nodes: Vec<SurveyedNode>) -> Survey {
    let node_pools = ["all", "default", "gpu"].map(ToOwned::to_owned).into();
    Survey { nodes, node_pools, namespace: "default".to_owned(), ..Survey::default() }
}

fn plan(text: &str, survey: &Survey) -> Result<Plan, Error> {
    deploy(&spec(text), Some(survey), false)
}

fn refusal(text: &str, survey: &Survey) -> (String, Exit) {
    let error = plan(text, survey).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    (error.to_string(), error.exit())
}

fn master(plan: &Plan) -> &MasterVariables {
    let Variables::Master(master) = &plan.jobs[0].variables else { panic!("the master comes first") };
    master
}

fn worker(plan: &Plan) -> &WorkerVariables {
    let Variables::Worker(worker) = &plan.jobs[1].variables else { panic!("the workers come second") };
    worker
}

#[test]
fn a_datacenter_that_no_node_is_in() {
    let survey = survey(vec![node("a", &["docker"]), SurveyedNode { datacenter: "eu-1".to_owned(), ..node("b", &[]) }]);
    assert_eq!(
        refusal("datacenters = [\"dc2\", \"us-*\"]", &survey),
        ("no node is in a datacenter that matches dc2, us-*; Nomad has dc1, eu-1".to_owned(), Exit::Unplaceable)
    );
    assert!(plan("datacenters = [\"us-*\", \"d*1\"]", &survey).is_ok());
}

#[test]
fn nomad_without_nodes() {
    let (message, exit) = refusal("", &survey(Vec::new()));
    assert_eq!(message, "no node is in a datacenter that matches *; Nomad has none");
    assert_eq!(exit, Exit::Unplaceable);
}

#[test]
fn a_node_pool_that_does_not_exist_or_is_empty() {
    let survey = survey(vec![node("a", &["docker"])]);
    let (message, exit) = refusal("node_pool = \"fast\"", &survey);
    assert_eq!(message, "there is no node pool `fast`; Nomad has all, default, gpu");
    assert_eq!(exit, Exit::Unplaceable);
    let (message, _) = refusal("node_pool = \"gpu\"", &survey);
    assert_eq!(message, "none of 0 nodes in datacenter *, node pool gpu, is ready and eligible for new work");
    assert!(plan("node_pool = \"all\"", &survey).is_ok());
}

#[test]
fn nodes_that_take_no_new_work() {
    let drained = SurveyedNode { eligible: false, ..node("a", &["docker"]) };
    let (message, exit) = refusal("", &survey(vec![drained.clone(), drained.clone()]));
    assert_eq!(message, "none of 2 nodes in datacenter *, node pool default, is ready and eligible for new work");
    assert_eq!(exit, Exit::Unplaceable);
    // Their drivers do not count.
    let (message, _) = refusal("", &survey(vec![drained, node("b", &[])]));
    assert!(message.contains("none of 1 eligible nodes"), "{message}");
}

#[test]
fn a_driver_that_no_node_has() {
    let survey = survey(vec![node("a", &["java", "qemu"])]);
    assert_eq!(
        refusal("", &survey).0,
        "none of 1 eligible nodes in node pool default has a healthy docker or raw_exec or exec driver; \
         healthy there: java, qemu"
    );
    let (message, exit) = refusal("runtime {\n  driver = \"exec\"\n}", &survey);
    assert!(message.contains("has a healthy exec driver; healthy there: java, qemu"), "{message}");
    assert_eq!(exit, Exit::Unplaceable);
}

#[test]
fn the_driver_and_spark_s_folder_are_chosen_from_what_the_nodes_have() {
    let home = |node: SurveyedNode| SurveyedNode { names_spark_home: true, ..node };
    let exec = "runtime {\n  driver = \"exec\"\n}";
    let cases = [
        ("", vec![node("a", &["docker", "raw_exec", "exec"])], Driver::Docker, "/opt/spark"),
        ("", vec![node("a", &["raw_exec", "exec"])], Driver::RawExec, "/opt/spark"),
        ("", vec![node("a", &["exec"])], Driver::Exec, "/opt/spark"),
        ("", vec![node("a", &["docker"]), node("b", &["raw_exec"])], Driver::Docker, "/opt/spark"),
        ("", vec![home(node("a", &["docker", "raw_exec"]))], Driver::RawExec, "${meta.spark_home}"),
        ("", vec![home(node("a", &["docker", "exec"]))], Driver::Exec, "${meta.spark_home}"),
        ("", vec![home(node("a", &["docker"]))], Driver::Docker, "/opt/spark"),
        (exec, vec![home(node("a", &["raw_exec", "exec"]))], Driver::Exec, "${meta.spark_home}"),
        (exec, vec![node("a", &["docker", "exec"])], Driver::Exec, "/opt/spark"),
        ("runtime {\n  spark_home = \"/srv/s\"\n}", vec![home(node("a", &["raw_exec"]))], Driver::RawExec, "/srv/s"),
    ];
    for (text, nodes, driver, folder) in cases {
        let plan = plan(text, &survey(nodes.clone())).unwrap();
        assert_eq!(plan.driver, driver, "{text} {nodes:?}");
        let common = &master(&plan).common;
        assert_eq!((common.driver, common.spark_home.as_str()), (driver, folder), "{text} {nodes:?}");
        assert_eq!(common.image.is_some(), driver == Driver::Docker, "{text} {nodes:?}");
    }
}

#[test]
fn without_a_survey_docker_is_assumed() {
    let plan = deploy(&spec(""), None, false).unwrap();
    assert_eq!(plan.driver, Driver::Docker);
    assert!(plan.jobs.iter().all(|job| job.job_modify_index == 0 && !job.runs));
}

#[test]
fn a_job_of_somebody_else_is_left_alone_unless_it_is_adopted() {
    let existing = |cluster: Option<&str>| {
        let job = ExistingJob { cluster: cluster.map(ToOwned::to_owned), job_modify_index: 77, stopped: false };
        let mut survey = survey(vec![node("a", &["docker"])]);
        survey.jobs.insert("spark-worker".to_owned(), job);
        survey
    };
    let (message, exit) = refusal("", &existing(None));
    assert_eq!(message, "the job spark-worker exists and was not made by nomspark");
    assert_eq!(exit, Exit::Failed);
    let (message, _) = refusal("", &existing(Some("books")));
    assert_eq!(message, "the job spark-worker exists and belongs to the cluster books");
    assert!(plan("", &existing(None)).unwrap_err().hint().unwrap().contains("--adopt"));

    for survey in [existing(Some("spark")), existing(None)] {
        let plan = deploy(&spec(""), Some(&survey), true).unwrap();
        let guards: Vec<(u64, bool)> = plan.jobs.iter().map(|job| (job.job_modify_index, job.runs)).collect();
        assert_eq!(guards, [(0, false), (77, true)]);
    }
}

#[test]
fn a_stopped_job_of_ours_keeps_its_guard_and_does_not_run() {
    let mut survey = survey(vec![node("a", &["docker"])]);
    let job = ExistingJob { cluster: Some("spark".to_owned()), job_modify_index: 5, stopped: true };
    survey.jobs.insert("spark-master".to_owned(), job);
    let plan = plan("", &survey).unwrap();
    assert_eq!((plan.jobs[0].job_modify_index, plan.jobs[0].runs), (5, false));
}

#[test]
fn what_is_reserved_holds_what_spark_is_given() {
    let survey = survey(vec![node("a", &["docker"])]);
    for memory in ["512MiB", "1GiB", "1536MiB", "64GiB", "1TiB"] {
        let text = format!(
            "master {{\n  memory = \"{memory}\"\n}}\nworker {{\n  cores = 7\n  count = 3\n  memory = \"{memory}\"\n}}"
        );
        let plan = plan(&text, &survey).unwrap();
        let (master, worker) = (master(&plan), worker(&plan));
        assert!(master.heap < master.memory && master.heap >= master.memory / 2, "{master:?}");
        assert!(worker.memory >= worker.worker_memory + worker.worker_memory / 10 + worker.heap, "{worker:?}");
        assert_eq!((worker.worker_cores, worker.cpu, worker.count), (7, 7_000, 3));
    }
}

#[test]
fn a_consul_agent_that_nomad_clients_share_is_warned_about() {
    let clients = ["10.0.0.5:4646", "10.0.0.5:5646"].map(str::to_owned).into();
    let shared_agents = vec![SharedAgent { node: "wacken".to_owned(), clients }];
    let survey = Survey { shared_agents, ..survey(vec![node("a", &["docker"])]) };
    let warnings = plan("", &survey).unwrap().warnings;
    assert_eq!(warnings, [survey.shared_agents[0].to_string()]);
}

#[test]
fn a_cluster_without_workers_is_warned_about() {
    let survey = survey(vec![node("a", &["docker"])]);
    assert_eq!(plan("worker {\n  count = 0\n}", &survey).unwrap().warnings.len(), 1);
    assert!(plan("", &survey).unwrap().warnings.is_empty());
}

#[test]
fn a_floating_address_that_the_spec_forgets_is_warned_about() {
    let survey = |cluster: Option<&str>, stopped| {
        let edge = ExistingJob { cluster: cluster.map(str::to_owned), job_modify_index: 1, stopped };
        Survey { jobs: [("spark-edge".to_owned(), edge)].into(), ..survey(vec![node("a", &["docker"])]) }
    };
    let warnings = plan("", &survey(Some("spark"), false)).unwrap().warnings;
    assert!(warnings[0].starts_with("the job spark-edge runs, and the spec has no edge"), "{warnings:?}");
    for other in [survey(Some("spark"), true), survey(None, false)] {
        assert!(plan("", &other).unwrap().warnings.is_empty());
    }
}

#[test]
fn a_node_whose_address_is_ipv6_is_refused() {
    let with = |address: &str| SurveyedNode { address: address.parse().ok(), ..node("b", &["raw_exec"]) };
    let (said, exit) =
        refusal("runtime {\n  driver = \"raw_exec\"\n}", &survey(vec![node("a", &["raw_exec"]), with("fd00:77::1")]));
    assert_eq!(
        said,
        "tasks on the node b have the IPv6 address fd00:77::1, which nomspark's Spark jobs do not support"
    );
    assert_eq!(exit, Exit::Unplaceable);
    assert!(
        deploy(&spec("runtime {\n  driver = \"raw_exec\"\n}"), Some(&survey(vec![with("10.0.0.1")])), false).is_ok()
    );
}
