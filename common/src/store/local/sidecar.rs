//! Metadata of files, kept beside the dataset because not every file system has extended attributes.
//!
//! The name of a sidecar is made of what a rename keeps (inode, mtime, size), so it is written before its object
//! appears, and a file that was overwritten or is not ours has none.

use super::files;
use crate::{
    chance,
    store::{Metadata, StoreError},
};
use std::{
    fs::{self, Metadata as Stat},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

fn path(area: &Path, stat: &Stat) -> PathBuf {
    let name = format!("{:x}-{:x}-{:x}", stat.ino(), files::mtime_ns(stat), stat.size());
    area.join("meta").join(name)
}

/// Keeps the metadata of a finished file that is not visible yet. Empty metadata needs no file.
pub(super) fn keep(area: &Path, stat: &Stat, metadata: &Metadata) -> Result<(), StoreError> {
    let path = path(area, stat);
    if metadata.is_empty() {
        files::remove(&path);
        return Ok(());
    }
    let dir = area.join("meta");
    files::ensure_dir(&dir)?;
    let text = serde_json::to_vec(metadata).expect("a map of strings is JSON");
    let temp = dir.join(format!("tmp-{}", chance::hex()));
    files::write_new(&temp, &[&text])?;
    files::publish(&temp, &path, true).map(drop)
}

/// The metadata of a file; empty if it has none.
pub(super) fn read(area: &Path, stat: &Stat) -> Result<Metadata, StoreError> {
    let path = path(area, stat);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|e| StoreError::Integrity {
            operation: "read",
            uri: path.display().to_string(),
            expected: "metadata as JSON".to_owned(),
            found: e.to_string(),
        }),
        Err(e) if files::is_absent(&e) => Ok(Metadata::new()),
        Err(e) => Err(StoreError::from_io("read", &path, e)),
    }
}

/// Forgets the metadata of a file that is gone.
pub(super) fn forget(area: &Path, stat: &Stat) {
    files::remove(&path(area, stat));
}
