//! Space kept for the day the disk is full.
//!
//! The database fails cleanly when it cannot write, but it also writes when it is opened, so a full disk would keep it
//! shut. Giving the reserve back lets it open; the reserve is taken again once there is space.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Several segments of the database.
const RESERVE_BYTES: usize = 16 << 20;
const CHUNK_BYTES: usize = 1 << 20;

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("ledger.reserve")
}

/// Makes sure that the reserve is there and whole.
pub(super) fn keep(state_dir: &Path) -> io::Result<()> {
    let path = path(state_dir);
    if fs::metadata(&path).is_ok_and(|m| m.len() == RESERVE_BYTES as u64) {
        return Ok(());
    }
    let written = write(&path);
    if written.is_err() {
        // Half a reserve would take the last space and help nobody.
        fs::remove_file(&path)
            .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
    }
    written
}

fn write(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    // Written, not truncated to length: a hole reserves nothing. Not zeros, which some file systems do not store.
    let chunk: Vec<u8> = (0..CHUNK_BYTES).map(|i| (i % 251) as u8).collect();
    for _ in 0..RESERVE_BYTES / CHUNK_BYTES {
        file.write_all(&chunk)?;
    }
    file.sync_all()
}

/// Gives the space back. Whether there was any.
pub(super) fn release(state_dir: &Path) -> bool {
    fs::remove_file(path(state_dir)).is_ok()
}
