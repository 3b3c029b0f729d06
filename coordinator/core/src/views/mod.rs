//! What people and scripts are told: one message, whoever prints it.
//!
//! [`job_status`] is **the** status message; the RPC carries it, `status -o json` prints it, the page draws it.
//! Lists that grow with a job ([`shards`], [`workers`], [`events`]) are paged. All times are milliseconds since the epoch unless
//! they end in `_ms` alone, which are durations.

mod jobs;
mod limit;
mod lists;
mod status;

pub use jobs::{JobLine, jobs};
pub use lists::{
    EventPage, FailureCount, LeaseLine, ShardFilter, ShardLine, ShardPage, WorkerLine, events, failures,
    shards, workers,
};
pub use status::{EffectLine, JobStatus, QuarantineStatus, Rate, StageStatus, WhyWaiting, job_status};
