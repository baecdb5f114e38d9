//! A job of Nomad from a seed: every type, every lifecycle, and what can go wrong with each. It settles within half a minute.

use serde_json::{Value, json};

use super::dice::Dice;
use super::task::{Behaviour, Role, Task};

const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Batch,
    Service,
    System,
    Sysbatch,
}

/// How a job that runs nothing itself starts others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starter {
    Periodic,
    Parameterized,
    /// What it dispatches is periodic.
    Both,
}

/// What another version of the job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Same,
    Succeeds,
    Fails,
    Nowhere,
}

/// Why a group has no place.
#[derive(Clone, Copy, Debug)]
enum Obstacle {
    None,
    Constraint,
    Memory,
}

#[derive(Clone, Debug)]
struct Group {
    count: u64,
    tasks: Vec<Task>,
    restart: Value,
    reschedule: Value,
    update: Value,
    obstacle: Obstacle,
}

/// A job, as a seed makes it.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) starter: Option<Starter>,
    groups: Vec<Group>,
}

impl Job {
    pub(super) fn of(seed: u64) -> Self {
        let dice = &mut Dice::new(seed, 1);
        let (kind, starter) = dice.pick(&[
            (34, (Kind::Batch, None)),
            (36, (Kind::Service, None)),
            (9, (Kind::System, None)),
            (9, (Kind::Sysbatch, None)),
            (4, (Kind::Batch, Some(Starter::Periodic))),
            (4, (Kind::Batch, Some(Starter::Parameterized))),
            (2, (Kind::Sysbatch, Some(Starter::Parameterized))),
            (2, (Kind::Batch, Some(Starter::Both))),
        ]);
        let groups = dice.pick(&[(65, 1), (25, 2), (10, 3)]);
        let groups = (0..groups).map(|_| Group::of(kind, dice)).collect();
        Self { id: format!("generated-{seed}"), kind, starter, groups }
    }

    /// What Nomad is told. `number` differs where the versions are to differ.
    pub(super) fn json(&self, change: Change, number: usize, datacenter: &str, folder: &str) -> Value {
        let groups = self.groups.iter().enumerate();
        let groups: Vec<Value> = groups.map(|(at, group)| group.json(at, self.kind, change, folder)).collect();
        let kind = match self.kind {
            Kind::Batch => "batch",
            Kind::Service => "service",
            Kind::System => "system",
            Kind::Sysbatch => "sysbatch",
        };
        let mut job = json!({
            "ID": self.id, "Name": self.id, "Type": kind, "Datacenters": [datacenter], "TaskGroups": groups,
            "Meta": { "number": if change == Change::Same { "0".to_owned() } else { number.to_string() } },
        });
        if matches!(self.starter, Some(Starter::Periodic | Starter::Both)) {
            job["Periodic"] = json!({ "Enabled": true, "SpecType": "cron", "Spec": "0 4 1 1 *" });
        }
        if matches!(self.starter, Some(Starter::Parameterized | Starter::Both)) {
            job["ParameterizedJob"] = json!({ "Payload": "optional" });
        }
        job
    }

    /// The names of its groups.
    pub(super) fn groups(&self) -> Vec<String> {
        (0..self.groups.len()).map(name).collect()
    }
}

fn name(at: usize) -> String {
    format!("g{at}")
}

impl Group {
    fn of(kind: Kind, dice: &mut Dice) -> Self {
        let each_node = matches!(kind, Kind::System | Kind::Sysbatch);
        let goes_on = matches!(kind, Kind::Service | Kind::System);
        let count = if each_node { 1 } else { dice.pick(&[(4, 0), (60, 1), (26, 2), (10, 3)]) };
        let mut tasks = vec![Task::of(Role::Main, goes_on, dice)];
        for _ in 0..dice.pick(&[(50, 0), (35, 1), (15, 2)]) {
            let role = dice.pick(&[
                (20, Role::Main),
                (20, Role::Prestart),
                (15, Role::PrestartSidecar),
                (15, Role::Poststart),
                (15, Role::PoststartSidecar),
                (15, Role::Poststop),
            ]);
            tasks.push(Task::of(role, goes_on, dice));
        }
        let obstacle = dice.pick(&[(90, Obstacle::None), (5, Obstacle::Constraint), (5, Obstacle::Memory)]);
        Self {
            count,
            tasks,
            restart: restart(dice),
            reschedule: if each_node { Value::Null } else { reschedule(goes_on, dice) },
            update: if goes_on { update(kind, count, dice) } else { Value::Null },
            obstacle,
        }
    }

    fn json(&self, at: usize, kind: Kind, change: Change, folder: &str) -> Value {
        let memory = match (self.obstacle, change) {
            (Obstacle::Memory, Change::Same) => 10_000_000,
            _ => 10,
        };
        let nowhere =
            change == Change::Nowhere || change == Change::Same && matches!(self.obstacle, Obstacle::Constraint);
        let goes_on = matches!(kind, Kind::Service | Kind::System);
        let behaviour = |task: &Task| match (change, task.role) {
            (Change::Fails, Role::Main) => Behaviour::Fail { after: 1, code: 7 },
            (Change::Same | Change::Nowhere, _) => task.behaviour,
            (_, Role::Main | Role::PrestartSidecar | Role::PoststartSidecar) if goes_on => Behaviour::RunOn,
            _ => Behaviour::Succeed { after: 1 },
        };
        let tasks: Vec<Value> = self
            .tasks
            .iter()
            .enumerate()
            .map(|(index, task)| {
                task.json(&format!("t{index}"), behaviour(task), memory, &format!("{folder}/{}", name(at)))
            })
            .collect();
        let mut group = json!({
            "Name": name(at), "Count": self.count, "Tasks": tasks, "RestartPolicy": self.restart,
            "EphemeralDisk": { "SizeMB": 10 },
        });
        if nowhere {
            group["Constraints"] = json!([{ "LTarget": "${attr.kernel.name}", "RTarget": "plan9", "Operand": "=" }]);
        }
        for (field, value) in [("ReschedulePolicy", &self.reschedule), ("Update", &self.update)] {
            if !value.is_null() {
                group[field] = value.clone();
            }
        }
        group
    }
}

fn restart(dice: &mut Dice) -> Value {
    let mode = dice.pick(&[(65, "fail"), (35, "delay")]);
    // Nomad refuses to delay after no attempt.
    let least = u64::from(mode == "delay");
    json!({
        "Attempts": dice.between(least, 2),
        "Interval": dice.pick(&[(30, 5 * SECOND), (70, 600 * SECOND)]),
        "Delay": dice.pick(&[(50, SECOND / 4), (50, SECOND)]),
        "Mode": mode,
    })
}

fn reschedule(goes_on: bool, dice: &mut Dice) -> Value {
    let again = |attempts: u64, unlimited: bool| {
        json!({
            "Attempts": attempts, "Interval": 600 * SECOND, "Delay": 5 * SECOND, "DelayFunction": "constant",
            "MaxDelay": 3600 * SECOND, "Unlimited": unlimited,
        })
    };
    match dice.below(if goes_on { 4 } else { 3 }) {
        0 => json!({ "Attempts": 0, "Unlimited": false }),
        3 => again(0, true),
        attempts => again(attempts, false),
    }
}

fn update(kind: Kind, count: u64, dice: &mut Dice) -> Value {
    let canaries = u64::from(kind == Kind::Service && count > 0 && dice.chance(30));
    json!({
        "MaxParallel": dice.pick(&[(20, 0), (60, 1), (20, 2)]),
        "HealthCheck": "task_states",
        "MinHealthyTime": SECOND,
        "HealthyDeadline": 6 * SECOND,
        "ProgressDeadline": 8 * SECOND,
        "AutoRevert": dice.chance(35),
        "AutoPromote": canaries > 0 && dice.chance(40),
        "Canary": canaries,
    })
}
