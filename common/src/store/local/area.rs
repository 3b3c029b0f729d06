//! Where a directory keeps what is not in it yet, and what is left there when a writer dies in the middle of a write:
//! `uploads/tmp-*`, and directories of uploads that were never begun to the end. What was begun is listed as an upload.

use super::{files, uploads};
use crate::store::StoreError;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The directory above (or the root itself) whose name ends in `.tarquet`, or else the root's sibling of that name. `None` for
/// the root of the file system.
pub(super) fn beside(root: &Path) -> Option<PathBuf> {
    let is_area = |dir: &&Path| dir.extension().is_some_and(|e| e == "tarquet");
    root.ancestors().find(is_area).map(Path::to_owned).or_else(|| {
        let mut name = root.file_name()?.to_owned();
        name.push(".tarquet");
        Some(root.with_file_name(name))
    })
}

/// Removes what such writers have left, if the files were last written before `before_ms`; says how many there were.
pub(super) fn remove_temporaries(area: &Path, before_ms: u64) -> Result<u64, StoreError> {
    let dir = area.join("uploads");
    let failed = |e| StoreError::from_io("list", &dir, e);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if files::is_absent(&e) => return Ok(0),
        Err(e) => return Err(failed(e)),
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let Ok(stat) = entry.metadata() else { continue };
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        if files::mtime_ms(&stat) >= before_ms {
            continue;
        }
        if stat.is_file() && name.starts_with("tmp-") {
            files::remove(&path);
            removed += 1;
        } else if let Some(unbegun) = uploads::Dir::of(area, &name).filter(|_| stat.is_dir())
            && unbegun.upload()?.is_none()
        {
            uploads::remove(&unbegun)?;
            removed += 1;
        }
    }
    Ok(removed)
}
