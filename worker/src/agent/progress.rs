//! How far an attempt is, written by its threads and read by its renewals.

use super::steps::{Step, Steps};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tarquet_common::leasing::Progress;

/// Stands for "no member".
const NONE: u64 = u64::MAX;

/// Counters of one attempt. Each is exact; together they are a snapshot only approximately.
#[derive(Debug)]
pub struct ProgressCell {
    bytes_done: AtomicU64,
    items_done: AtomicU64,
    rows: AtomicU64,
    quarantined: AtomicU64,
    bytes_fetched: AtomicU64,
    bytes_written: AtomicU64,
    scratch_bytes: AtomicU64,
    memory_bytes: AtomicU64,
    at_item: AtomicU64,
    blamed: AtomicU64,
    steps: Steps,
}

impl Default for ProgressCell {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            bytes_done: zero(),
            items_done: zero(),
            rows: zero(),
            quarantined: zero(),
            bytes_fetched: zero(),
            bytes_written: zero(),
            scratch_bytes: zero(),
            memory_bytes: zero(),
            at_item: AtomicU64::new(NONE),
            blamed: AtomicU64::new(NONE),
            steps: Steps::default(),
        }
    }
}

impl ProgressCell {
    /// A member was finished, converted or quarantined: `bytes` of body, `rows` written.
    pub fn member_done(&self, bytes: u64, rows: u64) {
        self.bytes_done.fetch_add(bytes, Relaxed);
        self.items_done.fetch_add(1, Relaxed);
        self.rows.fetch_add(rows, Relaxed);
    }

    /// A member was quarantined. [`Self::member_done`] is called for it too.
    pub fn member_quarantined(&self) {
        self.quarantined.fetch_add(1, Relaxed);
    }

    /// Work without members went on, such as an index pass.
    pub fn bytes_done(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Relaxed);
    }

    /// Bytes arrived from the store.
    pub fn fetched(&self, bytes: u64) {
        self.bytes_fetched.fetch_add(bytes, Relaxed);
    }

    /// Bytes were uploaded.
    pub fn written(&self, bytes: u64) {
        self.bytes_written.fetch_add(bytes, Relaxed);
    }

    /// The ring of the attempt takes so many bytes of scratch.
    pub fn set_scratch(&self, bytes: u64) {
        self.scratch_bytes.store(bytes, Relaxed);
    }

    /// What is encoded and not taken by the store yet takes so many bytes now.
    pub fn set_memory(&self, bytes: u64) {
        self.memory_bytes.store(bytes, Relaxed);
    }

    /// The decoder starts on the member at this place in the shard.
    pub fn decoding(&self, place: u32) {
        self.at_item.store(u64::from(place), Relaxed);
    }

    /// The decoder is between members.
    pub fn decoded(&self) {
        self.at_item.store(NONE, Relaxed);
    }

    /// The decoder died or hung on the member at this place; said when the attempt fails because of it.
    pub fn blame(&self, place: u32) {
        self.blamed.store(u64::from(place), Relaxed);
    }

    /// Does `work`, which is of this step.
    pub fn timed<T>(&self, step: Step, work: impl FnOnce() -> T) -> T {
        self.steps.timed(step, work)
    }

    /// Does `work` inside a timed step, which is waiting for the attempt's other thread.
    pub fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.steps.waiting(work)
    }

    /// The blamed member.
    pub fn blamed(&self) -> Option<u32> {
        place(&self.blamed)
    }

    /// The member being decoded.
    pub fn at_item(&self) -> Option<u32> {
        place(&self.at_item)
    }

    /// All of it, for a renewal. The step is the one that took most since the snapshot before.
    pub fn snapshot(&self) -> Progress {
        Progress {
            bytes_done: self.bytes_done.load(Relaxed),
            items_done: self.items_done.load(Relaxed),
            rows: self.rows.load(Relaxed),
            quarantined: self.quarantined.load(Relaxed),
            bytes_fetched: self.bytes_fetched.load(Relaxed),
            bytes_written: self.bytes_written.load(Relaxed),
            step: self.steps.busiest().map_or("", Step::as_str).to_owned(),
            at_item: self.at_item(),
            memory_bytes: self.scratch_bytes.load(Relaxed) + self.memory_bytes.load(Relaxed),
        }
    }
}

fn place(cell: &AtomicU64) -> Option<u32> {
    u32::try_from(cell.load(Relaxed)).ok()
}
