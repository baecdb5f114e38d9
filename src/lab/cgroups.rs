//! The cgroups that a Nomad client leaves behind.
//!
//! Nomad makes one for each task below `nomad` (cgroup v1) or `nomad.slice` (v2), and shares these parents with any
//! other Nomad client of the machine; its setting `cgroup_parent` does not change them. So only cgroups of this lab's
//! allocations go, and the parents only when they are empty and no other Nomad runs.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::process;

/// The mount point of the cgroup file systems, fixed in Nomad too.
const ROOT: &str = "/sys/fs/cgroup";

/// What Nomad makes in its parents: with and without cores of their own, in version 1 and in version 2.
const PARTITIONS: [&str; 4] = ["share", "reserve", "share.slice", "reserve.slice"];

/// Removes the cgroups of allocations. One that is in use stays; without the right to remove them they are not ours.
pub(super) fn remove(allocations: &HashSet<String>) {
    let parents = parents(Path::new(ROOT));
    for parent in &parents {
        for folder in with_partitions(parent) {
            for cgroup in children(&folder) {
                if allocation_of(&cgroup).is_some_and(|id| allocations.contains(id)) {
                    remove_tree(&cgroup);
                }
            }
        }
    }
    if !nomad_runs() {
        for parent in &parents {
            for folder in with_partitions(parent) {
                // Only an empty cgroup can be removed.
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// Nomad's parents: one in each hierarchy of version 1, one in version 2.
fn parents(root: &Path) -> Vec<PathBuf> {
    let version_2 = root.join("cgroup.controllers").exists();
    let parents = if version_2 {
        vec![root.join("nomad.slice")]
    } else {
        children(root).into_iter().map(|controller| controller.join("nomad")).collect()
    };
    parents.into_iter().filter(|parent| parent.is_dir()).collect()
}

/// The partitions of a parent, and the parent last.
fn with_partitions(parent: &Path) -> impl Iterator<Item = PathBuf> {
    PARTITIONS.map(|name| parent.join(name)).into_iter().chain([parent.to_owned()])
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

/// The allocation that a cgroup such as `ALLOCATION.TASK` or `ALLOCATION.TASK.scope` belongs to.
pub(super) fn allocation_of(cgroup: &Path) -> Option<&str> {
    cgroup.file_name()?.to_str()?.split_once('.').map(|(allocation, _)| allocation)
}

fn remove_tree(cgroup: &Path) {
    for child in children(cgroup) {
        remove_tree(&child);
    }
    let _ = fs::remove_dir(cgroup);
}

fn nomad_runs() -> bool {
    process::all().into_iter().filter_map(process::Stat::of).any(|stat| stat.command == "nomad")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cgroup_tells_its_allocation() {
        let id = "5f0e5c4c-0000-1111-2222-333344445555";
        assert_eq!(allocation_of(Path::new(&format!("/sys/fs/cgroup/cpu/nomad/{id}.master"))), Some(id));
        assert_eq!(allocation_of(Path::new(&format!("/x/nomad.slice/share/{id}.master.scope"))), Some(id));
        assert_eq!(allocation_of(Path::new("/sys/fs/cgroup/cpu/nomad/share")), None);
    }
}
