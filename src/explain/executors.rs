//! Why a Spark application has no executor. Pure.

use crate::event::count;
use crate::spark::{ApplicationState, MasterState, WorkerState};

/// Why an application waits for executors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// One plain sentence.
    pub(crate) reason: String,
    pub(crate) outlook: Outlook,
}

/// What may become of such a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// There may be executors when others have ended, or when workers come.
    MayEnd,
    /// Executors were started, and the driver has heard of none.
    Unheard,
    /// No worker could ever start such an executor, however idle it is.
    Hopeless,
}

/// Compares what an executor asks for with what the workers have.
///
/// `cores` is `spark.executor.cores`, where it is known; `driver` is the HOST:PORT that executors call back.
pub(crate) fn without_executors(
    application: &ApplicationState,
    cores: Option<u64>,
    driver: Option<&str>,
    master: &MasterState,
) -> Wait {
    let memory = application.memory_per_executor;
    let asked = match cores {
        Some(cores) => format!("{memory} MiB and {}", count(cores, "core")),
        None => format!("{memory} MiB"),
    };
    let cores = cores.unwrap_or(1);
    let workers: Vec<&WorkerState> = master.alive_workers().collect();
    let wait = |reason, outlook| Wait { reason, outlook };
    if workers.is_empty() {
        return wait(format!("no worker is registered with the master at {}", master.url), Outlook::MayEnd);
    }
    let of_workers = count(workers.len() as u64, "worker");
    if !workers.iter().any(|worker| worker.memory >= memory && worker.cores >= cores) {
        let most = |amount: fn(&WorkerState) -> u64| workers.iter().map(|worker| amount(worker)).max().unwrap_or(0);
        let (most_memory, most_cores) = (most(|worker| worker.memory), most(|worker| worker.cores));
        let has = format!("{most_memory} MiB and {}", count(most_cores, "core"));
        return wait(
            format!("an executor asks for {asked}, and none of {of_workers} could ever give that: at most {has}"),
            Outlook::Hopeless,
        );
    }
    if application.cores > 0 {
        let driver = driver.unwrap_or("its address");
        let reason = format!(
            "Spark started executors with {}, and none of them reports to the driver: \
             their hosts may not reach it at {driver}",
            count(application.cores, "core")
        );
        return wait(reason, Outlook::Unheard);
    }
    let is_free = |worker: &&WorkerState| {
        worker.memory.saturating_sub(worker.memory_used) >= memory
            && worker.cores.saturating_sub(worker.cores_used) >= cores
    };
    if workers.iter().any(is_free) {
        return wait(format!("the master at {} has room for an executor and starts none", master.url), Outlook::MayEnd);
    }
    let sum = |amount: fn(&WorkerState) -> u64| workers.iter().map(|worker| amount(worker)).sum::<u64>();
    let others: Vec<&str> = master
        .active_applications
        .iter()
        .filter(|other| other.id != application.id && other.cores > 0)
        .map(|other| other.name.as_str())
        .collect();
    let by = if others.is_empty() { String::new() } else { format!(" by {}", others.join(", ")) };
    let reason = format!(
        "an executor asks for {asked}, and of {of_workers} with {} and {} MiB {} and {} MiB are used{by}",
        count(sum(|worker| worker.cores), "core"),
        sum(|worker| worker.memory),
        count(sum(|worker| worker.cores_used), "core"),
        sum(|worker| worker.memory_used),
    );
    wait(reason, Outlook::MayEnd)
}

/// Nobody leads who could start executors for an application that is registered.
pub(crate) fn without_master() -> Wait {
    Wait { reason: "no master of the cluster is ALIVE".to_owned(), outlook: Outlook::MayEnd }
}

/// The master that leads starts none for an application that is registered with another one.
pub(crate) fn unknown_application(id: &str, master: &MasterState) -> Wait {
    Wait {
        reason: format!("the master at {} does not know the application {id}", master.url),
        outlook: Outlook::MayEnd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(cores: u64, cores_used: u64, memory: u64, memory_used: u64) -> WorkerState {
        WorkerState { state: "ALIVE".to_owned(), cores, cores_used, memory, memory_used, ..WorkerState::default() }
    }

    fn application(name: &str, memory_per_executor: u64, cores: u64) -> ApplicationState {
        let (id, name) = (name.to_owned(), name.to_owned());
        ApplicationState { id, name, cores, memory_per_executor, ..ApplicationState::default() }
    }

    fn told(workers: Vec<WorkerState>, asking: &ApplicationState, cores: Option<u64>) -> (String, Outlook) {
        let active_applications = vec![application("other", 1024, 2), asking.clone()];
        let master =
            MasterState { url: "spark://m:7077".to_owned(), workers, active_applications, ..Default::default() };
        let wait = without_executors(asking, cores, Some("10.0.0.5:4000"), &master);
        (wait.reason, wait.outlook)
    }

    #[test]
    fn what_no_worker_has_is_hopeless() {
        let workers = || vec![worker(1, 0, 1024, 0), worker(2, 0, 512, 0)];
        let (reason, outlook) = told(workers(), &application("app", 4096, 0), None);
        let expected =
            "an executor asks for 4096 MiB, and none of 2 workers could ever give that: at most 1024 MiB and 2 cores";
        assert_eq!((reason.as_str(), outlook), (expected, Outlook::Hopeless));
        // Enough memory on one and enough cores on the other is not enough.
        assert!(told(workers(), &application("app", 1024, 0), Some(2)).1 == Outlook::Hopeless);
    }

    #[test]
    fn what_others_use_is_waited_for() {
        let (reason, outlook) = told(vec![worker(2, 2, 2048, 1024)], &application("app", 1024, 0), Some(1));
        let expected = "an executor asks for 1024 MiB and 1 core, and of 1 worker with 2 cores and 2048 MiB \
                        2 cores and 1024 MiB are used by other";
        assert_eq!((reason.as_str(), outlook), (expected, Outlook::MayEnd));
    }

    #[test]
    fn workers_that_are_gone_may_come_back() {
        let (reason, outlook) = told(Vec::new(), &application("app", 1024, 0), None);
        let expected = "no worker is registered with the master at spark://m:7077";
        assert_eq!((reason.as_str(), outlook), (expected, Outlook::MayEnd));
    }

    #[test]
    fn executors_that_do_not_reach_the_driver_are_told_with_its_address() {
        let (reason, outlook) = told(vec![worker(2, 1, 2048, 1024)], &application("app", 1024, 1), None);
        assert!(
            reason.ends_with("their hosts may not reach it at 10.0.0.5:4000") && outlook == Outlook::Unheard,
            "{reason}"
        );
    }
}
