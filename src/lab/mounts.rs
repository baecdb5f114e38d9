//! What is mounted below a folder, and how to get rid of it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, umount2};

use super::error::Error;

/// Unmounts everything below a folder, the deepest first; what is still in use goes as soon as it is not.
pub(super) fn unmount_below(folder: &Path) -> Result<(), Error> {
    for path in below(folder)? {
        let flags = MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW;
        match umount2(&path, flags) {
            // Gone with the mount that it was in.
            Ok(()) | Err(nix::Error::EINVAL | nix::Error::ENOENT) => {}
            Err(source) => return Err(Error::Unmount { path, source }),
        }
    }
    // Nothing may be removed through a mount that is still there.
    match below(folder)?.pop() {
        Some(path) => Err(Error::Unmount { path, source: nix::Error::EBUSY }),
        None => Ok(()),
    }
}

fn below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let path = Path::new("/proc/self/mountinfo");
    let table = fs::read(path).map_err(Error::file("read", path))?;
    Ok(mount_points_below(&table, folder))
}

/// The mount points below a folder, the last mounted first.
fn mount_points_below(mountinfo: &[u8], folder: &Path) -> Vec<PathBuf> {
    let lines = mountinfo.split(|byte| *byte == b'\n');
    let fields = lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    let mut points: Vec<PathBuf> = fields
        .map(|field| PathBuf::from(OsString::from_vec(unescape(field))))
        .filter(|point| point.starts_with(folder))
        .collect();
    points.reverse();
    points.sort_by_key(|point| std::cmp::Reverse(point.components().count()));
    points
}

/// Undoes the kernel's escapes: a backslash and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            bytes.push(byte);
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found_deepest_first() {
        let table = b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            30 22 0:30 / /state/lab/data/a rw - tmpfs tmpfs rw\n\
            31 30 0:31 / /state/lab/data/a/b\\040c/d rw - tmpfs tmpfs rw\n\
            32 22 0:32 / /state/lab2/data rw - tmpfs tmpfs rw\n\n";
        let found = mount_points_below(table, Path::new("/state/lab"));
        assert_eq!(found, [Path::new("/state/lab/data/a/b c/d"), Path::new("/state/lab/data/a")]);
    }

    #[test]
    fn the_kernels_escapes_are_undone() {
        assert_eq!(unescape(b"a\\040b\\134\\012"), b"a b\\\n");
        assert_eq!(unescape(b"a\\9\\"), b"a\\9\\");
    }
}
