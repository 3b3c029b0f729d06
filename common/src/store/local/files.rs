//! Files: opened only if regular, named by an ETag, published by a rename.

use crate::store::StoreError;
use std::{
    fs::{self, File, Metadata as Stat, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

/// What tells a file from its successor: size, mtime and inode. Not its ctime: that changes when somebody grants permission to
/// read it, as a hint of ours says, and the bytes are still the ones that were planned. An overwrite in place that restores
/// the times is seen by the checksums of the bodies.
pub(super) fn etag(stat: &Stat) -> String {
    format!("{:x}-{:x}-{:x}", stat.size(), mtime_ns(stat), stat.ino())
}

/// Nanoseconds since the epoch.
pub(super) fn mtime_ns(stat: &Stat) -> i128 {
    ns(stat.mtime(), stat.mtime_nsec())
}

fn ns(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

/// Milliseconds since the epoch; 0 for earlier times.
pub(super) fn mtime_ms(stat: &Stat) -> u64 {
    u64::try_from(mtime_ns(stat) / 1_000_000).unwrap_or(0)
}

/// Opens a regular file for reading; `None` where there is none, or something that is not a regular file.
pub(super) fn open_regular(path: &Path) -> Result<Option<(File, Stat)>, StoreError> {
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(e) if is_absent(&e) || e.raw_os_error() == Some(libc::ENXIO) => return Ok(None),
        Err(e) => return Err(StoreError::from_io("read", path, e)),
    };
    let stat = file.metadata().map_err(|e| StoreError::from_io("look at", path, e))?;
    Ok(stat.is_file().then_some((file, stat)))
}

/// The error says that there is no such object.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Makes the directory and those above it, each synced into its parent.
pub(super) fn ensure_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        ensure_dir(parent)?;
    }
    match fs::create_dir(dir) {
        Ok(()) => dir.parent().map_or(Ok(()), sync_dir),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(e) => Err(StoreError::from_io("make", dir, e)),
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| StoreError::from_io("sync", dir, e))
}

/// Writes a new file whole and syncs it. Leaves nothing behind when that fails.
pub(super) fn write_new(path: &Path, chunks: &[&[u8]]) -> Result<Stat, StoreError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        for chunk in chunks {
            file.write_all(chunk)?;
        }
        file.sync_all()?;
        file.metadata()
    };
    write().map_err(|e| {
        if e.kind() != io::ErrorKind::AlreadyExists {
            remove(path);
        }
        StoreError::from_io("write", path, e)
    })
}

/// Removes a file of ours that nobody needs; that it stays behind in the area harms nobody.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && !is_absent(&error)
    {
        tracing::debug!(path = %path.display(), %error, "a temporary file stays behind");
    }
}

/// Renames a finished, synced file to where it is seen. `false` if something else is there and may not be replaced.
///
/// What is there may be this very file: a hard link was made and its name in the area is still there, because the process died
/// between the two or, on NFS, the answer was lost and the client asked again (`link` then says that the name exists, though it
/// is the one just made). That is finished, and is no failure.
pub(super) fn publish(from: &Path, to: &Path, replace: bool) -> Result<bool, StoreError> {
    let parent = to.parent().unwrap_or(Path::new("/"));
    ensure_dir(parent)?;
    let moved = if replace { fs::rename(from, to) } else { rename_new(from, to) };
    match moved {
        Ok(()) => sync_dir(parent).map(|()| true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            if !is_same_file(from, to) {
                return Ok(false);
            }
            fs::remove_file(from).map_err(|e| StoreError::from_io("publish", from, e))?;
            sync_dir(parent).map(|()| true)
        }
        Err(e) if e.kind() == io::ErrorKind::CrossesDevices => Err(StoreError::Unsupported {
            operation: "publish",
            uri: to.display().to_string(),
            detail: format!(
                "{} lies on another device; write to a directory below the mount point, not to the mount point",
                from.display()
            ),
        }),
        Err(e) => Err(StoreError::from_io("write", to, e)),
    }
}

/// Whether two names are of one file.
fn is_same_file(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| fs::symlink_metadata(path).ok().map(|stat| (stat.dev(), stat.ino()));
    id(a).is_some_and(|of| id(b) == Some(of))
}

/// A rename that never replaces; where the file system cannot, a hard link, which never replaces either.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::{
        fs::{CWD, RenameFlags, renameat_with},
        io::Errno,
    };
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        Err(e) => Err(e.into()),
    }
}

/// Whether the folder, or the nearest one above it that is there, lets us write.
pub(super) fn may_write(dir: &Path) -> Result<(), StoreError> {
    for place in dir.ancestors() {
        match fs::metadata(place) {
            Ok(stat) if !stat.is_dir() => {
                let is_file = io::Error::new(io::ErrorKind::NotADirectory, "it is a file, not a folder");
                return Err(StoreError::from_io("write to", place, is_file));
            }
            Ok(_) => {
                let asked = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
                let allowed = rustix::fs::access(place, asked);
                return allowed.map_err(|e| StoreError::from_io("write to", place, e.into()));
            }
            Err(e) if is_absent(&e) => {}
            Err(e) => return Err(StoreError::from_io("look at", place, e)),
        }
    }
    Ok(())
}
