//! How far an attempt is, written by its threads and read by its renewals.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tarquet_common::leasing::Progress;

/// Stands for "no member".
const NONE: u64 = u64::MAX;

/// Counters of one attempt. Each is exact; together they are a snapshot only approximately.
#[derive(Debug)]
pub struct ProgressCell {
    bytes_done: AtomicU64,
    members_done: AtomicU64,
    rows: AtomicU64,
    quarantined: AtomicU64,
    bytes_fetched: AtomicU64,
    bytes_written: AtomicU64,
    memory_bytes: AtomicU64,
    at_member: AtomicU64,
    blamed: AtomicU64,
    step: Mutex<&'static str>,
}

impl Default for ProgressCell {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            bytes_done: zero(),
            members_done: zero(),
            rows: zero(),
            quarantined: zero(),
            bytes_fetched: zero(),
            bytes_written: zero(),
            memory_bytes: zero(),
            at_member: AtomicU64::new(NONE),
            blamed: AtomicU64::new(NONE),
            step: Mutex::new(""),
        }
    }
}

impl ProgressCell {
    /// A member was finished, converted or quarantined: `bytes` of body, `rows` written.
    pub fn member_done(&self, bytes: u64, rows: u64) {
        self.bytes_done.fetch_add(bytes, Relaxed);
        self.members_done.fetch_add(1, Relaxed);
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

    /// The slot holds so many bytes now.
    pub fn set_memory(&self, bytes: u64) {
        self.memory_bytes.store(bytes, Relaxed);
    }

    /// The decoder starts on the member at this place in the shard.
    pub fn decoding(&self, place: u32) {
        self.at_member.store(u64::from(place), Relaxed);
    }

    /// The decoder is between members.
    pub fn decoded(&self) {
        self.at_member.store(NONE, Relaxed);
    }

    /// The decoder died or hung on the member at this place; said when the attempt fails because of it.
    pub fn blame(&self, place: u32) {
        self.blamed.store(u64::from(place), Relaxed);
    }

    /// What the attempt waits for: `fetch`, `decompress`, `decode`, `encode`, `upload`.
    pub fn set_step(&self, step: &'static str) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// The blamed member.
    pub fn blamed(&self) -> Option<u32> {
        place(&self.blamed)
    }

    /// The member being decoded.
    pub fn at_member(&self) -> Option<u32> {
        place(&self.at_member)
    }

    /// All of it, for a renewal.
    pub fn snapshot(&self) -> Progress {
        Progress {
            bytes_done: self.bytes_done.load(Relaxed),
            members_done: self.members_done.load(Relaxed),
            rows: self.rows.load(Relaxed),
            quarantined: self.quarantined.load(Relaxed),
            bytes_fetched: self.bytes_fetched.load(Relaxed),
            bytes_written: self.bytes_written.load(Relaxed),
            step: (*self.step.lock().unwrap_or_else(PoisonError::into_inner)).to_owned(),
            at_member: self.at_member(),
            memory_bytes: self.memory_bytes.load(Relaxed),
        }
    }
}

fn place(cell: &AtomicU64) -> Option<u32> {
    u32::try_from(cell.load(Relaxed)).ok()
}
