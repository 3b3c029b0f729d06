//! What is left when a writer dies in the middle of a write: `uploads/tmp-*`, and directories of uploads that were never
//! begun to the end. What was begun is listed as an upload.

use super::{files, uploads};
use crate::store::StoreError;
use std::{fs, path::Path};

/// Removes them, if they were last written before `before_ms`; says how many there were.
pub(super) fn remove(area: &Path, before_ms: u64) -> Result<u64, StoreError> {
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
