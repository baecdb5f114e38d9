//! The folder in which `ip` keeps the names of network namespaces: names are taken out of it, and it is left as it was found.

use std::fs;
use std::io;

use nix::mount::{MntFlags, umount2};

use super::error::Error;
use super::namespace::{NAMED, Namespace};

/// Takes the name away; the namespace ends with the last process in it.
pub(super) fn remove(namespace: &Namespace) -> Result<(), Error> {
    let path = namespace.path();
    loop {
        match umount2(&path, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW) {
            // Something may have been mounted over it.
            Ok(()) => {}
            Err(nix::Error::EINVAL | nix::Error::ENOENT) => break,
            Err(source) => return Err(Error::Unmount { path, source }),
        }
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Undoes the mount of the folder of names on itself, which `ip` makes with the first name and never takes away.
pub(super) fn tidy() {
    let empty = fs::read_dir(NAMED).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        // Without such a mount there is nothing to undo, and one in use is somebody else's.
        let _ = umount2(NAMED, MntFlags::UMOUNT_NOFOLLOW);
    }
}
