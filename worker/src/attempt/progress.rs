//! How far an attempt is, written by its threads and read by its renewals.

use super::steps::Steps;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tarquet_common::leasing::Progress;

/// Stands for "no item".
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
        Self::of_steps(&[])
    }
}

impl ProgressCell {
    /// Nothing is done yet. `steps` are those of the attempt, as its plan lists them.
    pub fn of_steps(steps: &[String]) -> Self {
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
            steps: Steps::of(steps),
        }
    }

    /// An item was finished, done or failed: `bytes` of it, `rows` written.
    pub fn item_done(&self, bytes: u64, rows: u64) {
        self.bytes_done.fetch_add(bytes, Relaxed);
        self.items_done.fetch_add(1, Relaxed);
        self.rows.fetch_add(rows, Relaxed);
    }

    /// An item failed and was set aside. [`Self::item_done`] is called for it too.
    pub fn item_failed(&self) {
        self.quarantined.fetch_add(1, Relaxed);
    }

    /// Work without items went on, such as an index pass.
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

    /// What took `from` bytes takes `to` bytes now: what is encoded and not taken by the store yet.
    pub fn holds(&self, from: u64, to: u64) {
        self.memory_bytes.fetch_add(to.wrapping_sub(from), Relaxed);
    }

    /// Work starts on the item at this place in the shard: should the process die, it was at it.
    pub fn begin_item(&self, place: u32) {
        self.at_item.store(u64::from(place), Relaxed);
    }

    /// Work is between items.
    pub fn end_item(&self) {
        self.at_item.store(NONE, Relaxed);
    }

    /// The work died or hung on the item at this place; said when the attempt fails because of it.
    pub fn blame(&self, place: u32) {
        self.blamed.store(u64::from(place), Relaxed);
    }

    /// Does `work`, which is of this step. One that the plan does not list is not told.
    pub fn timed<T>(&self, step: &str, work: impl FnOnce() -> T) -> T {
        self.steps.timed(step, work)
    }

    /// Does `work` inside a timed step, which is waiting for the attempt's other thread.
    pub fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.steps.waiting(work)
    }

    /// The blamed item.
    pub fn blamed(&self) -> Option<u32> {
        place(&self.blamed)
    }

    /// The item being worked on.
    pub fn at_item(&self) -> Option<u32> {
        place(&self.at_item)
    }

    /// Bytes that have arrived from the store.
    pub fn bytes_fetched(&self) -> u64 {
        self.bytes_fetched.load(Relaxed)
    }

    /// All of it, for a renewal. The step is the one that took most since the snapshot before.
    pub fn snapshot(&self) -> Progress {
        Progress {
            bytes_done: self.bytes_done.load(Relaxed),
            items_done: self.items_done.load(Relaxed),
            rows: self.rows.load(Relaxed),
            quarantined: self.quarantined.load(Relaxed),
            bytes_fetched: self.bytes_fetched(),
            bytes_written: self.bytes_written.load(Relaxed),
            step: self.steps.busiest().unwrap_or_default().to_owned(),
            at_item: self.at_item(),
            memory_bytes: self.scratch_bytes.load(Relaxed) + self.memory_bytes.load(Relaxed),
        }
    }
}

fn place(cell: &AtomicU64) -> Option<u32> {
    u32::try_from(cell.load(Relaxed)).ok()
}
