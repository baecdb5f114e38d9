//! The processes of a lab that no agent looks after any more, and their end.
//!
//! A process belongs to the lab when it carries the lab's mark in its environment, when its environment or its cgroup
//! names an allocation of the lab, when it is in a network namespace of the lab, or when it descends from such a
//! process. Having a file or the current folder below the lab's data makes nobody part of it: that may be a user who
//! reads a log.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::agent::unkillable;
use super::error::Error;
use super::folder::Folder;
use super::namespace::Number;
use super::network::Network;
use super::process::{self, Identity, Stat};
use super::{MARK, cgroups};

/// How long tasks may take to end by themselves.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the kernel may take to end killed processes, and those that they started meanwhile.
const KILL_PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// What tells that a process belongs to a lab.
#[derive(Clone, Debug)]
pub(super) struct Belongings {
    state_dir: PathBuf,
    allocations: HashSet<String>,
    namespaces: HashSet<Number>,
}

/// What is known about a process.
#[derive(Clone, Debug)]
struct Seen {
    identity: Identity,
    parent: i32,
    environment: Vec<u8>,
    cgroups: String,
    namespace: Option<Number>,
}

impl Belongings {
    /// What belongs to the lab of a state folder, which has these networks.
    pub(super) fn of(folder: &Folder, networks: &[Network]) -> Self {
        let namespaces = networks.iter().flat_map(|network| network.namespaces());
        let namespaces = namespaces.filter_map(|namespace| namespace.number()).collect();
        Self { state_dir: folder.path().to_owned(), allocations: folder.allocations(), namespaces }
    }

    /// The ids of its allocations.
    pub(super) fn allocations(&self) -> &HashSet<String> {
        &self.allocations
    }

    /// The processes of the lab that run now, without this one and those that it descends from.
    pub(super) fn processes(&self) -> Vec<Identity> {
        let seen: Vec<Seen> = process::all().into_iter().filter_map(see).collect();
        self.select(&seen, &process::own_line())
    }

    fn select(&self, seen: &[Seen], spared: &HashSet<i32>) -> Vec<Identity> {
        let mut children: HashMap<i32, Vec<&Seen>> = HashMap::new();
        for process in seen {
            children.entry(process.parent).or_default().push(process);
        }
        let mut chosen = HashSet::new();
        let mut open: Vec<&Seen> = seen.iter().filter(|process| self.owns(process)).collect();
        while let Some(process) = open.pop() {
            if !spared.contains(&process.identity.pid) && chosen.insert(process.identity) {
                open.extend(children.get(&process.identity.pid).into_iter().flatten());
            }
        }
        chosen.into_iter().collect()
    }

    fn owns(&self, process: &Seen) -> bool {
        let marked = variable(&process.environment, MARK) == Some(self.state_dir.as_os_str().as_encoded_bytes());
        let allocation = variable(&process.environment, "NOMAD_ALLOC_ID");
        let allocation = allocation.and_then(|id| std::str::from_utf8(id).ok());
        let mut cgroups = process.cgroups.lines().filter_map(|line| cgroups::allocation_of(Path::new(line)));
        marked
            || allocation.is_some_and(|id| self.allocations.contains(id))
            || cgroups.any(|id| self.allocations.contains(id))
            || process.namespace.is_some_and(|number| self.namespaces.contains(&number))
    }

    /// Ends all processes of the lab: politely, then by force. Returns how many there were.
    pub(super) async fn end(&self) -> Result<usize, Error> {
        let first = self.processes();
        for process in &first {
            process.signal(Signal::SIGTERM);
        }
        // Nomad's own helpers only watch the tasks, and not all of them heed the signal.
        let tasks: Vec<Identity> = first.iter().copied().filter(|process| !is_nomad(*process)).collect();
        process::wait_for_end(&tasks, PATIENCE).await;
        let started = Instant::now();
        loop {
            // What ended may have left children that only the next look finds.
            let rest = self.processes();
            if rest.is_empty() {
                return Ok(first.len());
            }
            if started.elapsed() >= KILL_PATIENCE {
                return Err(unkillable(&rest));
            }
            for process in &rest {
                process.signal(Signal::SIGKILL);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

fn is_nomad(process: Identity) -> bool {
    Stat::of(process.pid).is_none_or(|stat| stat.command == "nomad")
}

fn see(pid: i32) -> Option<Seen> {
    let stat = Stat::of(pid)?;
    let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    Some(Seen {
        identity: Identity { pid, start_time: stat.start_time },
        parent: stat.parent,
        environment: read("environ"),
        cgroups: String::from_utf8_lossy(&read("cgroup")).into_owned(),
        namespace: Number::of_process(pid),
    })
}

/// The value of a variable in an environment as `/proc/PID/environ` shows it.
fn variable<'a>(environment: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut variables = environment.split(|byte| *byte == 0);
    variables.find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5f0e5c4c-0000-1111-2222-333344445555";

    fn seen(pid: i32, parent: i32, environment: &str, cgroups: &str) -> Seen {
        Seen {
            identity: Identity { pid, start_time: 1 },
            parent,
            environment: environment.replace(' ', "\0").into_bytes(),
            cgroups: cgroups.to_owned(),
            namespace: None,
        }
    }

    fn chosen(seen: &[Seen], spared: &[i32]) -> Vec<i32> {
        let belongings = Belongings {
            state_dir: "/state/lab".into(),
            allocations: HashSet::from([ID.to_owned()]),
            namespaces: Number::own().into_iter().collect(),
        };
        let mut pids: Vec<i32> = belongings
            .select(seen, &spared.iter().copied().collect())
            .into_iter()
            .map(|identity| identity.pid)
            .collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn processes_of_the_lab_and_their_descendants_are_chosen() {
        let all = [
            seen(1, 0, "", "0::/init.scope"),
            seen(10, 1, "A=b NOMSPARK_LAB_STATE=/state/lab", ""),
            seen(11, 10, "", ""),
            seen(12, 11, "", ""),
            seen(20, 1, &format!("NOMAD_ALLOC_ID={ID}"), ""),
            seen(30, 1, "", &format!("4:cpu:/nomad/{ID}.master\n1:name=systemd:/\n")),
            seen(31, 1, "", &format!("0::/nomad.slice/share.slice/{ID}.master.scope\n")),
        ];
        assert_eq!(chosen(&all, &[]), [10, 11, 12, 20, 30, 31]);
    }

    #[test]
    fn processes_in_a_network_of_the_lab_are_chosen() {
        let all = [Seen { namespace: Number::own(), ..seen(10, 1, "", "") }, seen(11, 10, "", "")];
        assert_eq!(chosen(&all, &[]), [10, 11]);
    }

    #[test]
    fn others_are_left_alone() {
        let all = [
            seen(10, 1, "NOMSPARK_LAB_STATE=/state/lab2", ""),
            seen(11, 1, "NOMSPARK_LAB_STATE=/state", ""),
            seen(12, 1, "PWD=/state/lab XNOMSPARK_LAB_STATE=/state/lab", ""),
            seen(13, 1, "NOMAD_ALLOC_ID=00000000-0000-1111-2222-333344445555", "0::/user.slice"),
        ];
        assert_eq!(chosen(&all, &[]), [0; 0]);
    }

    #[test]
    fn the_command_itself_survives_when_it_runs_in_a_task() {
        let all = [
            seen(10, 1, "NOMSPARK_LAB_STATE=/state/lab", ""),
            seen(11, 10, "NOMSPARK_LAB_STATE=/state/lab", ""),
            seen(12, 10, "", ""),
        ];
        assert_eq!(chosen(&all, &[1, 10, 11]), [0; 0]);
    }
}
