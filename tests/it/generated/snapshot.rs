//! What Nomad says of a job at one moment.

use std::fmt;

use serde_json::Value;

use super::world::{PAIR_NAMES, World};

/// A job with all that belongs to it.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    pub(super) id: String,
    /// `None`: Nomad has no such job.
    pub(super) job: Option<Value>,
    /// Newest first.
    pub(super) versions: Vec<Value>,
    pub(super) allocations: Vec<Value>,
    pub(super) evaluations: Vec<Value>,
    pub(super) deployments: Vec<Value>,
    /// The names of the nodes of the pair that Nomad takes for lost.
    pub(super) lost: Vec<String>,
    /// Of a job that starts others the newest that it started.
    pub(super) child: Option<Box<Self>>,
}

impl Snapshot {
    pub(super) fn take(world: &World, id: &str) -> Self {
        let path = format!("/v1/job/{}", escaped(id));
        let Some(job) = world.find(&path) else { return Self { id: id.to_owned(), ..Self::default() } };
        let mut versions = world.find(&format!("{path}/versions")).unwrap_or_default();
        let child = starts_others(&job).then(|| newest_child(world, id)).flatten();
        let allocations = world.list(&format!("{path}/allocations?all=true"));
        let on_pair = |it: &Value| it["NodeName"].as_str().is_some_and(|name| PAIR_NAMES.contains(&name));
        let nodes = if allocations.iter().any(on_pair) { world.list("/v1/nodes") } else { Vec::new() };
        let lost = nodes.iter().filter(|it| it["Status"] == "down").filter_map(|it| it["Name"].as_str());
        Self {
            id: id.to_owned(),
            lost: lost.map(str::to_owned).collect(),
            versions: versions["Versions"].as_array_mut().map(std::mem::take).unwrap_or_default(),
            allocations,
            evaluations: world.list(&format!("{path}/evaluations")),
            deployments: world.list(&format!("{path}/deployments?all=true")),
            child: child.map(|child| Box::new(Self::take(world, &child))),
            job: Some(job),
        }
    }

    /// The job that runs something: itself, or the newest that it started.
    pub(super) fn runs(&self) -> &Self {
        self.child.as_ref().map_or(self, |child| child.runs())
    }

    /// What changes when something happens.
    pub(super) fn mark(&self) -> String {
        let indices = |all: &[Value], field: &str| {
            let mut all: Vec<String> = all.iter().map(|it| format!("{}{}", it["ID"], it[field])).collect();
            all.sort();
            all.join(" ")
        };
        let child = self.child.as_ref().map(|child| child.mark());
        let job = self.job.as_ref().map(|job| job["ModifyIndex"].to_string());
        let allocations = indices(&self.allocations, "ModifyIndex");
        let evaluations = indices(&self.evaluations, "ModifyIndex");
        format!("{job:?} {allocations} {evaluations} {} {child:?}", indices(&self.deployments, "ModifyIndex"))
    }
}

/// A job's id in a path.
pub(super) fn escaped(id: &str) -> String {
    id.replace('/', "%2F")
}

/// Whether a job runs nothing itself.
pub(super) fn starts_others(job: &Value) -> bool {
    job["Periodic"].is_object() || job["ParameterizedJob"].is_object() && job["Dispatched"] != true
}

fn newest_child(world: &World, id: &str) -> Option<String> {
    let jobs = world.list(&format!("/v1/jobs?prefix={}", escaped(id)));
    let children = jobs.into_iter().filter(|job| job["ParentID"] == id);
    let newest = children.max_by_key(|job| job["CreateIndex"].as_u64());
    newest.and_then(|job| job["ID"].as_str().map(str::to_owned))
}

impl fmt::Display for Snapshot {
    /// The essence of it, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(job) = &self.job else { return writeln!(f, "Nomad has no job {}", self.id) };
        let groups: Vec<String> = job["TaskGroups"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|group| format!("{}×{}", group["Name"], group["Count"]))
            .collect();
        writeln!(
            f,
            "job {} {} version {} status {} stop {} groups {groups:?}",
            self.id, job["Type"], job["Version"], job["Status"], job["Stop"]
        )?;
        for it in &self.deployments {
            writeln!(
                f,
                "  deployment of version {}: {} ({}) {}",
                it["JobVersion"], it["Status"], it["StatusDescription"], it["TaskGroups"]
            )?;
        }
        let mut evaluations = self.evaluations.clone();
        evaluations.sort_by_key(|it| it["CreateIndex"].as_u64());
        for it in evaluations {
            let failed: Vec<String> =
                it["FailedTGAllocs"].as_object().into_iter().flatten().map(|(group, _)| group.clone()).collect();
            let (id, index) = (short(&it["ID"]), &it["JobModifyIndex"]);
            writeln!(
                f,
                "  evaluation {id} index {index} {} {} {} failed groups {failed:?} wait {}",
                it["TriggeredBy"], it["Status"], it["StatusDescription"], it["WaitUntil"]
            )?;
        }
        let mut allocations = self.allocations.clone();
        allocations.sort_by_key(|it| it["CreateIndex"].as_u64());
        for it in &allocations {
            let (id, next) = (short(&it["ID"]), short(&it["NextAllocation"]));
            writeln!(
                f,
                "  allocation {id} {} version {} on {} desired {} ({}) client {} ({}) next {next} follow-up {} deployment {}",
                it["Name"],
                it["JobVersion"],
                it["NodeName"],
                it["DesiredStatus"],
                it["DesiredDescription"],
                it["ClientStatus"],
                it["ClientDescription"],
                short(&it["FollowupEvalID"]),
                it["DeploymentStatus"]
            )?;
            for (task, state) in it["TaskStates"].as_object().into_iter().flatten() {
                writeln!(
                    f,
                    "    task {task} {} failed {} restarts {} finished {}",
                    state["State"], state["Failed"], state["Restarts"], state["FinishedAt"]
                )?;
                for event in state["Events"].as_array().into_iter().flatten() {
                    writeln!(f, "      {} {}", event["Type"], event["DisplayMessage"])?;
                }
            }
        }
        match &self.child {
            Some(child) => write!(f, "started {child}"),
            None => Ok(()),
        }
    }
}

fn short(id: &Value) -> String {
    id.as_str().unwrap_or_default().chars().take(8).collect()
}
