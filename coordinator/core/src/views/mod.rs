//! What people and scripts are told: one message, whoever prints it.
//!
//! [`job_status`] is **the** status message; the RPC carries it, `status -o json` prints it, the page draws it.
//! Lists that grow ([`jobs`], [`shards`], [`workers`], [`events`]) are paged: whoever looks keeps the driver from deciding, so a
//! look costs what it shows. All times are milliseconds since the epoch unless
//! they end in `_ms` alone, which are durations.

mod lists;
mod rate;
mod shards;
mod stages;
mod status;
mod waiting;

pub use lists::{EventPage, JobLine, WorkerLine, events, jobs, workers};
pub use rate::Rate;
pub use shards::{FailureCount, LeaseLine, ShardFilter, ShardLine, ShardPage, failures, shards};
pub use stages::{StageStatus, stages_of};
pub use status::{EffectLine, JobStatus, QuarantineStatus, job_status};
pub use waiting::{WhyWaiting, word};
