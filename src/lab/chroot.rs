//! What Nomad's `exec` driver puts into the root folder of each task.
//!
//! For every allocation Nomad links each file, or copies it when the lab's state is on another file system. So the set
//! holds what Spark's scripts, Java and Python need; Nomad's own default would take all of `/usr`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::tools::Tools;

/// Folders that are taken where they exist as real folders: where `/lib` is a link to `/usr/lib`, that has it already.
const FOLDERS: [&str; 14] = [
    "/bin",
    "/usr/bin",
    "/lib64",
    "/usr/lib64",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/locale/C.utf8",
    "/etc/alternatives",
    "/etc/pki/ca-trust/extracted",
    "/etc/ssl/certs",
    "/etc/ld.so.conf.d",
    "/usr/share/zoneinfo/Etc",
];

/// Files that are taken where they exist. Links are followed, because what they point to may be elsewhere.
const FILES: [&str; 11] = [
    "/bin/bash",
    "/bin/sh",
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/resolv.conf",
];

/// Folders of which everything is taken that begins with a name.
const BEGINNINGS: [(&str, &str); 2] = [("/etc", "java-"), ("/usr/lib", "python3")];

/// Where each path of this machine appears in a task's root folder.
pub(super) fn environment(tools: &Tools) -> BTreeMap<PathBuf, PathBuf> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).filter(|folder| is_real(folder)).collect();
    for (parent, beginning) in BEGINNINGS {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(beginning.as_bytes()));
        folders.extend(named.map(|entry| entry.path()).filter(|folder| is_real(folder)));
    }
    folders.push(tools.spark.path.clone());
    folders.extend(tools.java_home());
    let mut environment: BTreeMap<PathBuf, PathBuf> =
        folders.into_iter().map(|folder| (folder.clone(), folder)).collect();
    for file in FILES.map(Path::new) {
        // What a folder above brings along needs no second entry.
        if let Ok(source) = file.canonicalize()
            && !file.ancestors().any(|folder| environment.contains_key(folder))
        {
            environment.insert(source, file.to_owned());
        }
    }
    environment
}

/// Whether this is a folder, and no link leads to it.
fn is_real(folder: &Path) -> bool {
    folder.is_dir() && folder.canonicalize().is_ok_and(|real| real == folder)
}
