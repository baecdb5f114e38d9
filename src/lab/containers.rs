//! The Docker containers that a dead Nomad leaves behind; their processes are Docker's, not ours.

use std::collections::HashSet;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// The label in which Nomad's docker driver writes a container's allocation.
const LABEL: &str = "com.hashicorp.nomad.alloc_id";
/// How long Docker may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Removes the containers of allocations. Without a Docker that answers there is none to remove.
pub(super) async fn remove(allocations: &HashSet<String>) {
    if allocations.is_empty() {
        return;
    }
    let format = format!("{{{{.ID}}}} {{{{.Label \"{LABEL}\"}}}}");
    let filter = format!("label={LABEL}");
    let Some(list) = docker(&["ps", "--all", "--filter", &filter, "--format", &format]).await else { return };
    let containers = containers_of(&list, allocations);
    if !containers.is_empty() {
        docker(&[&["rm", "--force", "--volumes"], containers.as_slice()].concat()).await;
    }
}

/// The containers, from lines of a container and its allocation, that belong to one of the allocations.
fn containers_of<'a>(list: &'a str, allocations: &HashSet<String>) -> Vec<&'a str> {
    let pairs = list.lines().filter_map(|line| line.split_once(' '));
    pairs.filter(|(_, allocation)| allocations.contains(*allocation)).map(|(container, _)| container).collect()
}

async fn docker(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("docker");
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_containers_of_the_labs_allocations_are_chosen() {
        let list = "c1 a1\nc2 a2\nc3 \nc4 a1\n";
        assert_eq!(containers_of(list, &HashSet::from(["a1".to_owned()])), ["c1", "c4"]);
    }
}
