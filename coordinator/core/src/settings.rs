//! What the operator of a coordinator tunes.

use serde::{Deserialize, Serialize};

/// Settings of a coordinator; the defaults are the documentation. Times are on its monotonic clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Version and build; workers of another are refused.
    pub build: String,
    /// How long a lease lives without being renewed.
    pub lease_ttl_ms: u64,
    /// How often workers renew.
    pub renew_every_ms: u64,
    /// How long a worker goes on without any answer.
    pub orphan_after_ms: u64,
    /// How long an attempt may renew without moving.
    pub stuck_after_ms: u64,
    /// Attempts of a shard that may go silent one after the other. Beyond, the job is held: each may have taken a worker with it.
    pub silent_max: u32,
    /// First delay after a charged failure; doubles each time.
    pub backoff_base_ms: u64,
    /// Longest delay.
    pub backoff_max_ms: u64,
    /// How long a requeued shard avoids the worker it failed on.
    pub avoid_ms: u64,
    /// Youngest attempt that may get a duplicate.
    pub duplicate_after_ms: u64,
    /// An attempt that takes this many per cent of what its size predicts may get a duplicate.
    pub duplicate_percent: u64,
    /// Shards published at a time, per job.
    pub publish_parallel: usize,
    /// A worker without leases that was not heard of for so long is forgotten.
    pub forget_worker_ms: u64,
    /// Workers that are known at a time. Who holds leases is let in beyond it.
    pub workers_max: usize,
    /// Events kept in memory per job.
    pub events_kept: usize,
    /// Workers live in the coordinator's own process and die with it: what was leased before it started is nobody's.
    pub workers_inside: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            build: String::new(),
            lease_ttl_ms: 60_000,
            renew_every_ms: 10_000,
            orphan_after_ms: 600_000,
            stuck_after_ms: 600_000,
            silent_max: 8,
            backoff_base_ms: 1_000,
            backoff_max_ms: 60_000,
            avoid_ms: 30_000,
            duplicate_after_ms: 20_000,
            duplicate_percent: 150,
            publish_parallel: 16,
            forget_worker_ms: 900_000,
            workers_max: 10_000,
            events_kept: 256,
            workers_inside: false,
        }
    }
}
