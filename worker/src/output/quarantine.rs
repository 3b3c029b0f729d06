//! Items that failed, set aside with the reason, and the file that lists them.

use super::sides::{SideWriter, Sides};
use crate::attempt::ProgressCell;
use std::{
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tarquet_common::{
    clock::Clock,
    codes::store as codes,
    failure::{Class, Failure},
    ids::WorkerId,
    leasing::Lease,
    memory::{QUARANTINE_BYTES, QUARANTINE_TEXT_BYTES},
    receipt::{QUARANTINE, SideObject},
};
use tarquet_encode::{AttemptRecord, FailureRecord, QuarantineWriter, column_of, fingerprint};

/// The items of one attempt that failed.
pub struct Quarantine {
    job: String,
    worker: String,
    /// Names the file. The attempt is in it: two attempts never write one object.
    name: String,
    sides: Sides,
    progress: Arc<ProgressCell>,
    clock: Arc<dyn Clock>,
    /// When the attempt started, in milliseconds: since the epoch, and by the clock that never goes back.
    started: (u64, u64),
    records: Mutex<Records>,
}

/// What was set aside: the last of it, and a file that holds what came before.
#[derive(Default)]
struct Records {
    held: Vec<FailureRecord>,
    held_bytes: u64,
    count: u64,
    open: Option<(QuarantineWriter, SideWriter)>,
}

/// Which item failed, and how to see it fail again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedItem {
    /// Its number in plan order.
    pub number: u64,
    /// The object that it is in, or is.
    pub uri: String,
    /// The object's ETag when it was planned.
    pub etag: Option<String>,
    /// Its name, for people.
    pub name: Option<String>,
    /// Where it begins, in bytes.
    pub offset: Option<u64>,
    /// Bytes of it.
    pub size: Option<u64>,
    /// The command that shows the failure again.
    pub reproduce: String,
}

impl Quarantine {
    /// For the attempt that starts now.
    pub fn new(
        lease: &Lease,
        worker: &WorkerId,
        sides: Sides,
        progress: Arc<ProgressCell>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let attempt = format!("{}.{}.{}", lease.shard.shard, lease.round, lease.attempt);
        Self {
            job: lease.shard.job.to_string(),
            worker: worker.to_string(),
            name: format!("quarantine/{}/{attempt}.parquet", lease.stage_name),
            sides,
            progress,
            started: (clock.unix_ms(), clock.monotonic_ms()),
            clock,
            records: Mutex::default(),
        }
    }

    /// Sets an item aside. For a thread that may wait: where there are many, some are written out first.
    ///
    /// # Errors
    /// The failure itself, where it is not the item's alone (of another class than `Input`), or what the store said: it ends
    /// the attempt.
    pub fn set_aside(&self, item: FailedItem, failure: Failure) -> Result<(), Failure> {
        if failure.class() != Class::Input {
            return Err(failure);
        }
        let record = self.record(item, failure);
        let mut records = self.records();
        records.held_bytes += record.memory_bytes();
        records.count += 1;
        records.held.push(record);
        self.progress.item_failed();
        if records.held_bytes < QUARANTINE_BYTES { Ok(()) } else { self.write_out(&mut records) }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is held into the file, which is begun if there is none.
    fn write_out(&self, records: &mut Records) -> Result<(), Failure> {
        let (file, out) = match &mut records.open {
            Some(open) => open,
            none => none.insert((QuarantineWriter::new()?, self.sides.begin(self.name.clone())?)),
        };
        let bytes = file.push(&records.held)?;
        records.held = Vec::new();
        records.held_bytes = 0;
        out.write_all(&bytes).map_err(|e| unwritten(&e))
    }

    fn record(&self, item: FailedItem, failure: Failure) -> FailureRecord {
        FailureRecord {
            job: self.job.clone(),
            seq: item.number,
            fingerprint: fingerprint(&failure),
            code: failure.code,
            class: failure.class(),
            retryable: failure.class() != Class::Input,
            uri: item.uri,
            etag: item.etag,
            item: item.name.map(short),
            item_offset: item.offset,
            item_size: item.size,
            column: column_of(&failure).map(short),
            attempts: vec![AttemptRecord {
                worker: self.worker.clone(),
                started: i64::try_from(self.started.0).unwrap_or(i64::MAX),
                seconds: self.seconds(),
                error: short(failure.message.clone()),
            }],
            hint: failure.hint().to_owned(),
            reproduce: short(item.reproduce),
            expected: failure.expected.map(short),
            found: failure.found.map(short),
            message: short(failure.message),
            causes: failure.causes.into_iter().map(short).collect(),
        }
    }

    /// Seconds since the attempt started.
    fn seconds(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an attempt is shorter than 2^53 ms")]
        let ms = (self.clock.monotonic_ms() - self.started.1) as f64;
        ms / 1000.0
    }

    /// How many items were set aside.
    pub fn len(&self) -> u64 {
        self.records().count
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the file. For a thread that may wait.
    ///
    /// # Errors
    /// What the store said.
    pub fn write(&self) -> Result<SideObject, Failure> {
        let mut records = self.records();
        if !records.held.is_empty() || records.open.is_none() {
            self.write_out(&mut records)?;
        }
        let (file, mut out) = records.open.take().expect("begun just now");
        out.write_all(&file.finish()?).map_err(|e| unwritten(&e))?;
        out.publish(QUARANTINE)
    }
}

impl Drop for Quarantine {
    /// A file that was begun and never published is aborted, which waits: on a thread of its own, because an attempt may be
    /// dropped where nothing may wait.
    fn drop(&mut self) {
        let records = self.records.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = records.open.take() {
            std::thread::spawn(move || drop(open));
        }
    }
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::new(codes::STORE_UNREACHABLE, "the quarantine file cannot be written").caused_by(error)
}

/// The text, or its beginning.
fn short(mut text: String) -> String {
    if text.len() > QUARANTINE_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(QUARANTINE_TEXT_BYTES));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
