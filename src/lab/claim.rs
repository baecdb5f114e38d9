//! Which lab a network belongs to.
//!
//! A claim is a file in `/run/nomspark`, named after the network, that holds the lab's state folder. It is there before
//! the first namespace is made and goes after the last one: so two labs never share a network, and `down` finds its own
//! without a state file. It does not outlive a boot, and neither does any namespace.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::folder::Folder;
use super::network::Network;

/// Where the claims are.
const CLAIMS: &str = "/run/nomspark";

/// Refuses a network that another lab has.
pub(super) fn check(network: Network, folder: &Folder) -> Result<(), Error> {
    match owner(&file(network)) {
        Some(owner) if owner != folder.path() => Err(Error::NetworkClaimed { network, owner }),
        _ => Ok(()),
    }
}

/// Claims a network for the lab of a state folder, which may have it already.
pub(super) fn take(network: Network, folder: &Folder) -> Result<(), Error> {
    let claim = file(network);
    fs::create_dir_all(CLAIMS).map_err(Error::file("create", CLAIMS))?;
    let own = Path::new(CLAIMS).join(format!("new.{}", std::process::id()));
    fs::write(&own, folder.path().as_os_str().as_bytes()).map_err(Error::file("write", &own))?;
    // A link appears with all of its content, and never takes the place of another file.
    let linked = fs::hard_link(&own, &claim);
    fs::remove_file(&own).map_err(Error::file("remove", &own))?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check(network, folder),
        Err(error) => Err(Error::file("write", claim)(error)),
        Ok(()) => Ok(()),
    }
}

/// The networks of the lab of a state folder.
pub(super) fn of(folder: &Folder) -> Vec<Network> {
    let entries = fs::read_dir(CLAIMS).into_iter().flatten().flatten();
    let own = entries.filter(|entry| owner(&entry.path()).is_some_and(|owner| owner == folder.path()));
    own.filter_map(|entry| format!("{}/24", entry.file_name().to_str()?).parse().ok()).collect()
}

/// Whether no lab has a network.
pub(super) fn is_free(network: Network) -> bool {
    !file(network).exists()
}

/// Gives a network back.
pub(super) fn release(network: Network) -> Result<(), Error> {
    let claim = file(network);
    match fs::remove_file(&claim) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::file("remove", claim)(error)),
        _ => {}
    }
    // Only an empty folder can be removed.
    let _ = fs::remove_dir(CLAIMS);
    Ok(())
}

fn file(network: Network) -> PathBuf {
    Path::new(CLAIMS).join(network.to_string().trim_end_matches("/24"))
}

fn owner(claim: &Path) -> Option<PathBuf> {
    fs::read(claim).ok().map(|path| PathBuf::from(OsString::from_vec(path)))
}
