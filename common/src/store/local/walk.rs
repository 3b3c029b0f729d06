//! Lists: a directory tree in the bytewise order of its keys.
//!
//! A directory sorts as its name with a slash, because its objects do: `a.b` comes before `a/b`. Only directories
//! that can hold something of the page are read. Links are not followed out of the root, nor into directories
//! (they may form loops); what is left out is said.

use super::files;
use crate::store::{ObjectMeta, Page, Skipped, StoreError};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is asked for.
pub(super) struct Ask<'a> {
    /// The root.
    pub(super) root: &'a Path,
    /// Directories of ours that are not listed.
    pub(super) hidden: &'a [PathBuf],
    /// Keys start with this.
    pub(super) prefix: &'a str,
    /// Keys sort after this.
    pub(super) start_after: Option<&'a str>,
    /// At most so many.
    pub(super) limit: usize,
}

struct Entry {
    /// Key; with a slash at the end if it is a directory.
    key: String,
    path: PathBuf,
    is_dir: bool,
}

/// One page. A root that is not there is empty.
pub(super) fn list(ask: &Ask<'_>) -> Result<Page, StoreError> {
    let mut page = Page::default();
    // The real root: links are compared with it.
    let root = match fs::canonicalize(ask.root) {
        Ok(root) => root,
        Err(e) if files::is_absent(&e) => return Ok(page),
        Err(e) => return Err(StoreError::from_io("list", ask.root, e)),
    };
    Walk { ask, root: &root, page: &mut page }.directory(&root, "")?;
    Ok(page)
}

struct Walk<'a> {
    ask: &'a Ask<'a>,
    root: &'a Path,
    page: &'a mut Page,
}

impl Walk<'_> {
    /// Lists what is in `dir`; `false` once the page is full.
    fn directory(&mut self, dir: &Path, key: &str) -> Result<bool, StoreError> {
        let mut entries = self.entries(dir, key)?;
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        for entry in entries {
            let more = match entry.is_dir {
                true => self.directory(&entry.path, &entry.key)?,
                false => self.object(entry)?,
            };
            if !more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn entries(&mut self, dir: &Path, key: &str) -> Result<Vec<Entry>, StoreError> {
        let failed = |e| StoreError::from_io("list", dir, e);
        let read = match fs::read_dir(dir) {
            Ok(read) => read,
            Err(e) if files::is_absent(&e) => return Ok(Vec::new()),
            Err(e) => return Err(failed(e)),
        };
        let mut entries = Vec::new();
        for entry in read {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                self.skip(format!("{key}{}", name.display()), "its name is not UTF-8");
                continue;
            };
            let kind = entry.file_type().map_err(failed)?;
            let slash = if kind.is_dir() { "/" } else { "" };
            let found =
                Entry { key: format!("{key}{name}{slash}"), path: entry.path(), is_dir: kind.is_dir() };
            if kind.is_dir() && self.may_hold_some(&found) || kind.is_file() && self.is_asked_for(&found.key)
            {
                entries.push(found);
            } else if kind.is_symlink() {
                entries.extend(self.link(found)?);
            } else if !kind.is_dir() && !kind.is_file() {
                self.skip(found.key, "not a regular file");
            }
        }
        Ok(entries)
    }

    fn is_asked_for(&self, key: &str) -> bool {
        key.starts_with(self.ask.prefix) && self.ask.start_after.is_none_or(|after| key > after)
    }

    fn may_hold_some(&self, dir: &Entry) -> bool {
        let Ask { prefix, start_after, hidden, root, .. } = self.ask;
        let below = dir.key.starts_with(prefix) || prefix.starts_with(dir.key.as_str());
        let ahead =
            start_after.is_none_or(|after| dir.key.as_str() > after || after.starts_with(dir.key.as_str()));
        below && ahead && !hidden.contains(&root.join(dir.key.trim_end_matches('/')))
    }

    fn link(&mut self, link: Entry) -> Result<Option<Entry>, StoreError> {
        match fs::canonicalize(&link.path) {
            Ok(real) if !real.starts_with(self.root) => {
                self.skip(link.key, "a link that leads out of the directory")
            }
            Ok(real) if real.is_dir() => self.skip(link.key, "a link to a directory"),
            Ok(real) if !real.is_file() => {
                self.skip(link.key, "a link to something that is not a regular file")
            }
            Ok(_) => return Ok(self.is_asked_for(&link.key).then_some(link)),
            Err(e) if files::is_absent(&e) => self.skip(link.key, "a link to nothing"),
            Err(e) if e.raw_os_error() == Some(libc::ELOOP) => self.skip(link.key, "a link to itself"),
            Err(e) => return Err(StoreError::from_io("look at", &link.path, e)),
        }
        Ok(None)
    }

    fn skip(&mut self, name: String, why: &'static str) {
        if self.is_asked_for(&name) {
            self.page.skipped.push(Skipped { name, why });
        }
    }

    fn object(&mut self, entry: Entry) -> Result<bool, StoreError> {
        if self.page.objects.len() >= self.ask.limit {
            self.page.next = self.page.objects.last().map(|o| o.key.clone());
            return Ok(false);
        }
        match fs::metadata(&entry.path) {
            Ok(stat) => self.page.objects.push(ObjectMeta {
                key: entry.key,
                size: stat.len(),
                etag: files::etag(&stat),
                modified_ms: files::mtime_ms(&stat),
                ..ObjectMeta::default()
            }),
            // It went away since the directory was read.
            Err(e) if files::is_absent(&e) => {}
            Err(e) => return Err(StoreError::from_io("look at", &entry.path, e)),
        }
        Ok(true)
    }
}
