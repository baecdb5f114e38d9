//! The steps of a deployment, in order: what `deploy` does and what `plan` shows is the same list.

use std::fmt;

use serde::Serialize;

use super::{Plan, PlannedJob, Role, Variables};

/// One step; displayed as an imperative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The edge hosts are looked at: nothing is registered when one of them cannot hold the address.
    LookAtHosts {
        /// How many.
        hosts: usize,
    },
    /// Nomad has the job as it shall be.
    Keep {
        /// The job.
        job: String,
    },
    /// The job is registered, if nobody has changed it meanwhile.
    Register {
        /// The job.
        job: String,
    },
    /// Workers start once a master runs and Consul knows it, so that they need no second start.
    AwaitMaster {
        /// The masters' job.
        job: String,
    },
    /// A master says ALIVE, every worker is registered with it, and the floating address answers, where there is one.
    AwaitReady,
    /// Nomad still has what was registered: two registrations at the same moment both seem to succeed.
    Confirm {
        /// The job.
        job: String,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LookAtHosts { hosts } => write!(formatter, "check {hosts} edge hosts: programs, interfaces, ports"),
            Self::Keep { job } => write!(formatter, "keep {job} as it is"),
            Self::Register { job } => write!(formatter, "register {job}"),
            Self::AwaitMaster { job } => write!(formatter, "wait until {job} runs and Consul knows it"),
            Self::AwaitReady => write!(formatter, "wait until the cluster is ready"),
            Self::Confirm { job } => write!(formatter, "confirm that Nomad has {job} as it was registered"),
        }
    }
}

impl Plan {
    /// The steps of a deployment in which these jobs differ from what Nomad has.
    pub fn steps(&self, differs: impl Fn(&PlannedJob) -> bool) -> Vec<Step> {
        let changed: Vec<&PlannedJob> = self.jobs.iter().filter(|job| differs(job)).collect();
        let hosts = changed.iter().find_map(|job| match &job.variables {
            Variables::Edge(edge) => Some(edge.edge.hosts.len()),
            _ => None,
        });
        let mut steps: Vec<Step> = hosts.map(|hosts| Step::LookAtHosts { hosts }).into_iter().collect();
        for job in &self.jobs {
            let id = job.id.clone();
            if !differs(job) {
                steps.push(Step::Keep { job: id });
                continue;
            }
            steps.push(Step::Register { job: id.clone() });
            if job.role == Role::Master {
                steps.push(Step::AwaitMaster { job: id });
            }
        }
        steps.push(Step::AwaitReady);
        steps.extend(changed.iter().map(|job| Step::Confirm { job: job.id.clone() }));
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::super::deploy;
    use super::*;
    use crate::spec::{Overrides, Source, validate};

    fn plan(text: &str) -> Plan {
        let source = Source { name: "test.hcl".to_owned(), text: text.to_owned() };
        deploy(&validate(Some(&source), &Overrides::default()).unwrap(), None, false).unwrap()
    }

    fn told(steps: &[Step]) -> Vec<String> {
        steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn masters_come_first_and_what_was_registered_is_confirmed_last() {
        let expected = [
            "register spark-master",
            "wait until spark-master runs and Consul knows it",
            "register spark-worker",
            "wait until the cluster is ready",
            "confirm that Nomad has spark-master as it was registered",
            "confirm that Nomad has spark-worker as it was registered",
        ];
        assert_eq!(told(&plan("").steps(|_| true)), expected);
    }

    #[test]
    fn what_does_not_differ_is_kept_and_only_waited_for() {
        let expected = ["keep spark-master as it is", "keep spark-worker as it is", "wait until the cluster is ready"];
        assert_eq!(told(&plan("").steps(|_| false)), expected);
    }

    #[test]
    fn edge_hosts_are_checked_where_the_edge_differs() {
        let hosts: String = ["a", "b"]
            .iter()
            .zip(1..)
            .map(|(name, last)| {
                format!("host \"{name}\" {{\n address = \"10.0.0.{last}\"\n interface = \"eth0\"\n}}\n")
            })
            .collect();
        let plan = plan(&format!("edge {{\n vip = \"10.0.0.9/24\"\n{hosts}}}\n"));
        assert_eq!(plan.steps(|_| true)[0], Step::LookAtHosts { hosts: 2 });
        assert_eq!(plan.steps(|job| job.role == Role::Worker)[0], Step::Keep { job: "spark-master".to_owned() });
    }
}
