//! Moving a damaged ledger out of the way, and the copy without snapshots that often is whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Renames `dir` to `<dir>.<why>-<unix_ms>`, which it returns. Nothing is ever deleted here: a person may want to look.
pub(super) fn move_aside(dir: &Path, why: &str, unix_ms: u64) -> io::Result<PathBuf> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut to = dir.with_file_name(format!("{name}.{why}-{unix_ms}"));
    let mut again = 1;
    while to.exists() {
        to = dir.with_file_name(format!("{name}.{why}-{unix_ms}-{again}"));
        again += 1;
    }
    fs::rename(dir, &to)?;
    sync_parent(dir)?;
    Ok(to)
}

/// Copies the files of `dir` to `to` except `snap.*`. Snapshots only save time at opening, and a partial one keeps the
/// database shut (sled issues 1527 and 1533).
pub(super) fn copy_without_snapshots(dir: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("snap.") {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy_without_snapshots(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    fs::File::open(to)?.sync_all()
}

/// Whether there is a snapshot that could be at fault.
pub(super) fn has_snapshots(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("snap."))
}

/// Makes a rename in the parent durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::File::open(parent)?.sync_all(),
        _ => fs::File::open(".")?.sync_all(),
    }
}
