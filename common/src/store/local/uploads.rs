//! Uploads: a directory each, complete when it is renamed away.
//!
//! ```text
//! uploads/ID/upload.json    where it will appear, its metadata
//! uploads/ID/slot           the size of the part that came first
//! uploads/ID/data           part n at (n-1) × slot, if it fits there
//! uploads/ID/00007.own      a part that did not: larger than a slot, or sent again with other bytes
//! uploads/ID/00007.part     what is known of a part, written after its bytes are on the disk
//! ```
//!
//! Senders use one size for all parts but the last, so the data file usually is the object, and completing is a
//! rename. Otherwise the object is put together first.

use super::{direct, files, sidecar};
use crate::{
    chance,
    receipt::Part,
    store::{CompleteOutcome, Metadata, StoreError, UploadInfo, checksum},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Smallest size of a part that is not the last, as on S3.
pub(super) const PART_BYTES_MIN: u64 = 5 << 20;
/// Largest part number, as on S3.
pub(super) const PARTS_MAX: u32 = 10_000;

/// What is known of an upload.
#[derive(Serialize, Deserialize)]
pub(super) struct Upload {
    root: String,
    key: String,
    metadata: Metadata,
}

impl Upload {
    /// Its key as seen from another root, if it is below that.
    fn key_below(&self, root: &str) -> Option<String> {
        let whole = format!("{}/{}", self.root.trim_end_matches('/'), self.key);
        let below = whole.strip_prefix(root.trim_end_matches('/'))?.strip_prefix('/')?;
        Some(below.to_owned())
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    part: Part,
    own_file: bool,
}

/// The directory of one upload. The name comes from a receipt, so it is looked at before it becomes a path.
pub(super) struct Dir(PathBuf);

impl Dir {
    pub(super) fn of(area: &Path, upload_id: &str) -> Option<Self> {
        let plain =
            upload_id.len() == 32 && upload_id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        plain.then(|| Self(area.join("uploads").join(upload_id)))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn record(&self, number: u32) -> PathBuf {
        self.0.join(format!("{number:05}.part"))
    }

    fn own(&self, number: u32) -> PathBuf {
        self.0.join(format!("{number:05}.own"))
    }

    /// What it is for; `None` if it was never begun to the end.
    pub(super) fn upload(&self) -> Result<Option<Upload>, StoreError> {
        read_json(&self.file("upload.json"))
    }

    /// The size of a slot; that of the first part that asks.
    fn slot(&self, first: u64) -> Result<u64, StoreError> {
        if let Some(size) = self.slot_known()? {
            return Ok(size);
        }
        let temp = self.file(&format!("tmp-{}", chance::hex()));
        files::write_new(&temp, &[first.to_string().as_bytes()])?;
        if !files::publish(&temp, &self.file("slot"), false)? {
            files::remove(&temp);
        }
        Ok(self.slot_known()?.unwrap_or(first))
    }

    fn slot_known(&self) -> Result<Option<u64>, StoreError> {
        read_json(&self.file("slot"))
    }

    /// The parts whose bytes are there, in order; `None` if the upload was completed.
    fn records(&self) -> Result<Option<Vec<Record>>, StoreError> {
        let failed = |e| StoreError::from_io("list", &self.0, e);
        let mut records: Vec<Record> = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|e| e == "part") {
                records.extend(read_json::<Record>(&path)?);
            }
        }
        records.sort_by_key(|r| r.part.number);
        let data = fs::metadata(self.file("data")).ok().map(|m| m.len());
        if data.is_none() && records.iter().any(|r| !r.own_file) {
            return Ok(None);
        }
        let slot = self.slot_known()?.unwrap_or(0);
        records.retain(|r| match r.own_file {
            true => fs::metadata(self.own(r.part.number)).is_ok_and(|m| m.len() == r.part.size),
            false => data.unwrap_or(0) >= u64::from(r.part.number - 1) * slot + r.part.size,
        });
        Ok(Some(records))
    }
}

/// A small file of JSON; `None` if it is not there or was cut off by a crash.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(e) if files::is_absent(&e) => Ok(None),
        Err(e) => Err(StoreError::from_io("read", path, e)),
    }
}

/// Begins an upload of `key` below `root`.
pub(super) fn begin(area: &Path, root: &str, key: &str, metadata: &Metadata) -> Result<String, StoreError> {
    let id = chance::hex();
    let dir = Dir::of(area, &id).expect("a random name is an upload id");
    files::ensure_dir(&dir.0)?;
    let upload = Upload { root: root.to_owned(), key: key.to_owned(), metadata: metadata.clone() };
    let text = serde_json::to_vec(&upload).expect("strings are JSON");
    files::write_new(&dir.file("upload.json"), &[&text])?;
    files::sync_dir(&dir.0)?;
    Ok(id)
}

/// Keeps a part; `None` if there is no such upload.
pub(super) fn part(dir: &Dir, number: u32, bytes: &[u8]) -> Result<Option<Part>, StoreError> {
    if dir.upload()?.is_none() {
        return Ok(None);
    }
    let size = bytes.len() as u64;
    let crc64 = checksum::to_hex(checksum::crc64(bytes));
    let part = Part { number, etag: format!("{crc64}-{size:x}"), size, crc64 };
    let known: Option<Record> = read_json(&dir.record(number))?;
    if known.as_ref().is_some_and(|r| r.part == part) {
        return Ok(Some(part));
    }
    let slot = dir.slot(size)?;
    let own_file = known.is_some() || size > slot;
    let temp = dir.file(&format!("tmp-{}", chance::hex()));
    if own_file {
        files::write_new(&temp, &[bytes])?;
        files::publish(&temp, &dir.own(number), true)?;
    } else {
        let data = dir.file("data");
        direct::write_synced(&data, u64::from(number - 1) * slot, bytes)
            .map_err(|e| StoreError::from_io("write", &data, e))?;
    }
    let record = Record { part, own_file };
    files::write_new(&temp, &[&serde_json::to_vec(&record).expect("numbers and strings are JSON")])?;
    files::publish(&temp, &dir.record(number), true)?;
    Ok(Some(record.part))
}

/// The parts of an upload; `None` if there is no such upload.
pub(super) fn parts(dir: &Dir) -> Result<Option<Vec<Part>>, StoreError> {
    if dir.upload()?.is_none() {
        return Ok(None);
    }
    Ok(dir.records()?.map(|records| records.into_iter().map(|r| r.part).collect()))
}

/// Makes the object of these parts visible at `to`.
pub(super) fn complete(
    area: &Path,
    dir: &Dir,
    parts: &[Part],
    to: &Path,
    if_absent: bool,
) -> Result<CompleteOutcome, StoreError> {
    let Some(upload) = dir.upload()? else { return Ok(CompleteOutcome::NoSuchUpload) };
    let Some(records) = dir.records()? else { return Ok(CompleteOutcome::NoSuchUpload) };
    let chosen = choose(&records, parts, to)?;
    let finished = put_together(dir, &chosen)?;
    let stat = fs::metadata(&finished).map_err(|e| StoreError::from_io("look at", &finished, e))?;
    let replaced = if if_absent { None } else { fs::metadata(to).ok() };
    sidecar::keep(area, &stat, &upload.metadata)?;
    match files::publish(&finished, to, !if_absent) {
        Ok(true) => {}
        Ok(false) => {
            sidecar::forget(area, &stat);
            return Ok(CompleteOutcome::Exists);
        }
        // The rename may have happened: only syncing the directory can fail after it.
        Err(e) if !finished.exists() => return Ok(CompleteOutcome::Unclear { detail: e.to_string() }),
        Err(e) => return Err(e),
    }
    if let Some(old) = replaced {
        sidecar::forget(area, &old);
    }
    if let Err(error) = remove(dir) {
        tracing::debug!(%error, "the directory of a completed upload stays behind");
    }
    let stat = fs::metadata(to).map_err(|e| StoreError::from_io("look at", to, e));
    Ok(stat.map_or_else(
        |e| CompleteOutcome::Unclear { detail: e.to_string() },
        |stat| CompleteOutcome::Published { etag: files::etag(&stat) },
    ))
}

/// The records of the parts named, which must be there, ascending, and large enough.
fn choose<'a>(records: &'a [Record], parts: &[Part], to: &Path) -> Result<Vec<&'a Record>, StoreError> {
    let wrong = |expected: String, found: String| StoreError::Integrity {
        operation: "complete",
        uri: to.display().to_string(),
        expected,
        found,
    };
    if parts.is_empty() || parts.windows(2).any(|w| w[0].number >= w[1].number) {
        return Err(wrong("parts in ascending order".to_owned(), "none, or another order".to_owned()));
    }
    if let Some(small) = parts[..parts.len() - 1].iter().find(|p| p.size < PART_BYTES_MIN) {
        return Err(wrong(
            format!("parts of at least {PART_BYTES_MIN} bytes"),
            format!("{} bytes", small.size),
        ));
    }
    let find = |part: &Part| {
        let found = records.iter().find(|r| r.part.number == part.number);
        found.filter(|r| r.part.etag == part.etag).ok_or_else(|| {
            wrong(format!("part {} {}", part.number, part.etag), "another part or none".to_owned())
        })
    };
    parts.iter().map(find).collect()
}

/// A synced file with exactly the bytes of the parts.
fn put_together(dir: &Dir, chosen: &[&Record]) -> Result<PathBuf, StoreError> {
    let slot = dir.slot_known()?.unwrap_or(0);
    let data = dir.file("data");
    let in_place = chosen.iter().zip(1..).all(|(r, n)| {
        !r.own_file && r.part.number == n && (r.part.size == slot || n as usize == chosen.len())
    });
    let total: u64 = chosen.iter().map(|r| r.part.size).sum();
    let finished = if in_place { data.clone() } else { dir.file("assembled") };
    let make = || -> io::Result<()> {
        let out = OpenOptions::new().write(true).create(true).truncate(!in_place).open(&finished)?;
        if in_place {
            if out.metadata()?.len() != total {
                out.set_len(total)?;
            }
            return out.sync_all();
        }
        for record in chosen {
            let (path, offset) = match record.own_file {
                true => (dir.own(record.part.number), 0),
                false => (data.clone(), u64::from(record.part.number - 1) * slot),
            };
            let mut from = File::open(path)?;
            from.seek(SeekFrom::Start(offset))?;
            let copied = io::copy(&mut from.take(record.part.size), &mut &out)?;
            if copied != record.part.size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        out.sync_all()
    };
    make().map_err(|e| StoreError::from_io("write", &finished, e))?;
    Ok(finished)
}

/// Drops an upload, if there is one.
pub(super) fn remove(dir: &Dir) -> Result<(), StoreError> {
    match fs::remove_dir_all(&dir.0) {
        Err(e) if !files::is_absent(&e) => Err(StoreError::from_io("remove", &dir.0, e)),
        _ => Ok(()),
    }
}

/// The uploads of keys below `root` that start with `prefix`.
pub(super) fn list(area: &Path, root: &str, prefix: &str) -> Result<Vec<UploadInfo>, StoreError> {
    let uploads = area.join("uploads");
    let failed = |e| StoreError::from_io("list", &uploads, e);
    let read = match fs::read_dir(&uploads) {
        Ok(read) => read,
        Err(e) if files::is_absent(&e) => return Ok(Vec::new()),
        Err(e) => return Err(failed(e)),
    };
    let mut found = Vec::new();
    for entry in read {
        let name = entry.map_err(failed)?.file_name();
        let Some((id, dir)) = name.to_str().and_then(|id| Some((id, Dir::of(area, id)?))) else { continue };
        let Some(upload) = dir.upload()? else { continue };
        if let Some(key) = upload.key_below(root).filter(|key| key.starts_with(prefix)) {
            let begun_ms = fs::metadata(dir.file("upload.json")).map_or(0, |stat| files::mtime_ms(&stat));
            found.push(UploadInfo { key, upload_id: id.to_owned(), begun_ms });
        }
    }
    found.sort_by(|a, b| (&a.key, &a.upload_id).cmp(&(&b.key, &b.upload_id)));
    Ok(found)
}
