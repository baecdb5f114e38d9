//! What happens to a generated job while it is watched.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::dice::Dice;
use super::job::{Change, Job, Kind, Starter};
use super::snapshot::{Snapshot, escaped};
use super::world::{PAIR, PAIR_NAMES, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Stop,
    Purge,
    /// Registers it again.
    Run(Change),
    /// Goes back to its first version.
    Revert,
    Evaluate {
        force: bool,
    },
    RestartAllocation,
    StopAllocation,
    Scale(u64),
    /// Drains a node that it is on.
    Drain,
    /// Makes it eligible again.
    Undrain,
    Promote,
    FailDeployment,
    /// A node that it is on falls silent, so that Nomad takes it for lost.
    LoseNode,
    /// All nodes speak again.
    RegainNodes,
    /// The scheduler looks at nothing.
    Pause,
    GoOn,
    /// Starts another one, where the job starts others.
    Start,
}

/// What happens, each some time after the one before.
pub(super) struct Actions(pub(super) Vec<(Duration, Action)>);

impl Actions {
    pub(super) fn of(seed: u64, job: &Job) -> Self {
        let rare = &mut Dice::new(seed, 4);
        let after = Duration::from_millis(rare.between(200, 3_000));
        match rare.pick(&[(92, 0), (5, 1), (3, 2)]) {
            1 => {
                let away = Duration::from_secs(rare.between(12, 20));
                return Self(vec![(after, Action::LoseNode), (away, Action::RegainNodes)]);
            }
            2 => {
                let change = rare.pick(&[(1, Change::Fails), (1, Change::Succeeds)]);
                let next = [Action::Pause, Action::Run(change), Action::GoOn];
                return Self(next.into_iter().map(|action| (after, action)).collect());
            }
            _ => {}
        }
        let dice = &mut Dice::new(seed, 2);
        let number = dice.pick(&[(35, 0), (45, 1), (20, 2)]);
        let mut all = Vec::new();
        for _ in 0..number {
            let after = Duration::from_millis(dice.between(200, 6_000));
            let action = if job.starter.is_some() { of_starter(dice) } else { of_job(job.kind, dice) };
            all.push((after, action));
            if action == Action::Drain {
                all.push((Duration::from_secs(dice.between(2, 6)), Action::Undrain));
            }
        }
        Self(all)
    }

    /// Whether it takes a node from others.
    pub(super) fn need_nodes(&self) -> bool {
        self.0.iter().any(|(_, action)| matches!(action, Action::Drain | Action::LoseNode))
    }
}

fn of_starter(dice: &mut Dice) -> Action {
    dice.pick(&[(50, Action::Start), (20, Action::Stop), (15, Action::Purge), (15, Action::StopAllocation)])
}

fn of_job(kind: Kind, dice: &mut Dice) -> Action {
    let run = dice.pick(&[(20, Change::Same), (35, Change::Succeeds), (30, Change::Fails), (15, Change::Nowhere)]);
    let scale = Action::Scale(dice.below(4));
    let force = dice.chance(50);
    let deployments = if kind == Kind::Service { 8 } else { 0 };
    dice.pick(&[
        (14, Action::Stop),
        (6, Action::Purge),
        (26, Action::Run(run)),
        (8, Action::Revert),
        (8, Action::Evaluate { force }),
        (9, Action::RestartAllocation),
        (9, Action::StopAllocation),
        (if matches!(kind, Kind::Batch | Kind::Service) { 10 } else { 0 }, scale),
        (8, Action::Drain),
        (deployments, Action::Promote),
        (deployments / 2, Action::FailDeployment),
    ])
}

/// A job in Nomad, about to be changed.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) job: &'a Job,
    pub(super) datacenter: &'a str,
    pub(super) folder: &'a str,
}

impl Scene<'_> {
    /// Hands the job to Nomad, and starts another one where it runs nothing itself.
    pub(super) fn register(&self, change: Change, number: usize) -> Result<Value, String> {
        let job = self.job.json(change, number, self.datacenter, self.folder);
        self.world.ask(Method::PUT, "/v1/jobs", Some(&json!({ "Job": job })))
    }

    /// Starts a job of one that starts others.
    pub(super) fn start(&self) -> Result<Value, String> {
        let dispatch = |id: &str| {
            let body = json!({ "JobID": id });
            self.world.ask(Method::PUT, &format!("/v1/job/{}/dispatch", escaped(id)), Some(&body))
        };
        let force = |id: &str| self.world.ask(Method::PUT, &format!("/v1/job/{}/periodic/force", escaped(id)), None);
        match self.job.starter {
            None => Ok(Value::Null),
            Some(Starter::Periodic) => force(&self.job.id),
            Some(Starter::Parameterized) => dispatch(&self.job.id),
            Some(Starter::Both) => {
                let dispatched = dispatch(&self.job.id)?;
                force(dispatched["DispatchedJobID"].as_str().unwrap_or_default())
            }
        }
    }

    /// Does it; the words tell what Nomad answered where it refused.
    pub(super) fn act(&self, action: Action, now: &Snapshot, at: usize) -> Result<Value, String> {
        let runs = now.runs();
        let id = &runs.id;
        let path = format!("/v1/job/{}", escaped(id));
        let put = |path: String, body: Value| self.world.ask(Method::PUT, &path, Some(&body));
        let newest = |wanted: &str| {
            let of_status = runs.allocations.iter().filter(|it| it["ClientStatus"] == wanted);
            let newest = of_status.max_by_key(|it| it["CreateIndex"].as_u64());
            newest.ok_or_else(|| format!("no allocation is {wanted}"))
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let deployment = || {
            let newest = runs.deployments.iter().max_by_key(|it| it["CreateIndex"].as_u64());
            newest.map(|it| text(&it["ID"])).ok_or("no deployment")
        };
        match action {
            Action::Stop => self.world.ask(Method::DELETE, &path, None),
            Action::Purge => self.world.ask(Method::DELETE, &format!("{path}?purge=true"), None),
            Action::Run(change) => self.register(change, at),
            Action::Revert => put(format!("{path}/revert"), json!({ "JobID": id, "JobVersion": 0 })),
            Action::Evaluate { force } => {
                put(format!("{path}/evaluate"), json!({ "JobID": id, "EvalOptions": { "ForceReschedule": force } }))
            }
            Action::RestartAllocation => {
                put(format!("/v1/client/allocation/{}/restart", text(&newest("running")?["ID"])), json!({}))
            }
            Action::StopAllocation => {
                put(format!("/v1/allocation/{}/stop", text(&newest("running")?["ID"])), json!({}))
            }
            Action::Scale(count) => {
                let target = json!({ "Group": self.job.groups().iter().cycle().nth(at) });
                put(format!("{path}/scale"), json!({ "Count": count, "Target": target, "Message": "generated" }))
            }
            Action::Drain => {
                let node = text(&newest("running")?["NodeID"]);
                let drain = json!({ "DrainSpec": { "Deadline": 10_000_000_000_u64, "IgnoreSystemJobs": false } });
                put(format!("/v1/node/{node}/drain"), drain)
            }
            Action::Undrain => undrain(self.world),
            Action::Promote => {
                let id = deployment()?;
                put(format!("/v1/deployment/promote/{id}"), json!({ "DeploymentID": id, "All": true }))
            }
            Action::FailDeployment => put(format!("/v1/deployment/fail/{}", deployment()?), json!({})),
            Action::LoseNode => self.world.silence(&text(&newest("running")?["NodeName"]), true),
            Action::RegainNodes => regain(self.world),
            Action::Pause => self.world.pause(true),
            Action::GoOn => self.world.pause(false),
            Action::Start => self.start(),
        }
    }
}

fn regain(world: &World) -> Result<Value, String> {
    for name in PAIR_NAMES {
        world.silence(name, false)?;
    }
    Ok(Value::Null)
}

/// Makes both nodes of the pair eligible.
pub(super) fn undrain(world: &World) -> Result<Value, String> {
    for node in world.list("/v1/nodes") {
        if node["Datacenter"] == PAIR && node["SchedulingEligibility"] != "eligible" {
            let path = format!("/v1/node/{}/drain", node["ID"].as_str().unwrap_or_default());
            world.ask(Method::PUT, &path, Some(&json!({ "DrainSpec": null, "MarkEligible": true })))?;
        }
    }
    Ok(Value::Null)
}
