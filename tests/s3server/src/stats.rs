//! The request log, and sums over it.

use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
};

/// One request. Counts grow until its response has been sent.
#[derive(Debug)]
pub struct Entry {
    /// AWS's name of the operation: `GetObject`.
    pub operation: &'static str,
    /// The bucket.
    pub bucket: String,
    /// The key, empty for operations on a bucket.
    pub key: String,
    /// The `Range` header.
    pub range: Option<String>,
    status: AtomicU16,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Entry {
    pub(crate) fn new(target: &crate::operation::Target, range: Option<String>) -> Self {
        Self {
            operation: target.operation,
            bucket: target.bucket.clone(),
            key: target.key.clone(),
            range,
            status: AtomicU16::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
        }
    }

    pub(crate) fn add_in(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_out(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// HTTP status; 0 if no response was sent.
    pub fn status(&self) -> u16 {
        self.status.load(Ordering::Relaxed)
    }

    /// Bytes of the request's body so far.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Ordering::Relaxed)
    }

    /// Bytes of the response's body so far.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Ordering::Relaxed)
    }
}

/// Sums over requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many.
    pub requests: u64,
    /// Those that ended with a status of 400 or more, or with none.
    pub failed: u64,
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of response bodies.
    pub bytes_out: u64,
}

impl Totals {
    fn add(&mut self, entry: &Entry) {
        self.requests += 1;
        self.failed += u64::from(!(200..400).contains(&entry.status()));
        self.bytes_in += entry.bytes_in();
        self.bytes_out += entry.bytes_out();
    }
}

/// What was asked of the server since it started or was last reset.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Every request, in the order of arrival.
    pub log: Vec<Arc<Entry>>,
}

impl Stats {
    /// Sums by operation.
    pub fn by_operation(&self) -> BTreeMap<&'static str, Totals> {
        let mut sums: BTreeMap<&'static str, Totals> = BTreeMap::new();
        for entry in &self.log {
            sums.entry(entry.operation).or_default().add(entry);
        }
        sums
    }

    /// The sum over one operation, or all (`None`), of keys that start with `prefix`.
    pub fn total(&self, operation: Option<&str>, prefix: &str) -> Totals {
        let mut sum = Totals::default();
        let asked = |e: &&Arc<Entry>| operation.is_none_or(|o| o == e.operation) && e.key.starts_with(prefix);
        self.log.iter().filter(asked).for_each(|entry| sum.add(entry));
        sum
    }

    /// Sums by operation and by the first `depth` parts of the key, as JSON.
    pub fn to_json(&self, depth: usize) -> serde_json::Value {
        let mut prefixes: BTreeMap<String, BTreeMap<&'static str, Totals>> = BTreeMap::new();
        for entry in &self.log {
            let ends: Vec<usize> = entry.key.match_indices('/').map(|(at, _)| at + 1).collect();
            let cut = depth.checked_sub(1).and_then(|d| ends.get(d).or(ends.last())).copied().unwrap_or(0);
            let name = format!("{}/{}", entry.bucket, &entry.key[..cut]);
            prefixes.entry(name).or_default().entry(entry.operation).or_default().add(entry);
        }
        serde_json::json!({
            "total": self.total(None, ""),
            "operations": self.by_operation(),
            "prefixes": prefixes,
        })
    }
}

/// Where requests are logged.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Vec<Arc<Entry>>>);

impl Log {
    pub(crate) fn push(&self, entry: Entry) -> Arc<Entry> {
        let entry = Arc::new(entry);
        self.0.lock().expect("no panic while logging").push(entry.clone());
        entry
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats { log: self.0.lock().expect("no panic while logging").clone() }
    }

    pub(crate) fn reset(&self) {
        self.0.lock().expect("no panic while logging").clear();
    }
}
