//! The five verbs between a worker and its coordinator, whatever carries them.
//!
//! A worker **registers**, **acquires** leases by long poll, **renews** them with progress, and ends an
//! attempt with **complete** or **fail**. Every verb is idempotent under its own names: repeating one
//! after a lost reply has the effect of the first. No answer is not a lost lease: a worker stops an
//! attempt when told so, or after `orphan_after_ms` without any answer.
//!
//! Two implementations exist: a handle on a coordinator in this process, and the gRPC client. One
//! contract suite runs over both.

use crate::{
    failure::Failure,
    ids::{AttemptId, ShardId, WorkerId},
    receipt::Receipt,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Says who a worker is and what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// The worker.
    pub worker: WorkerId,
    /// Version and build, compared with the coordinator's own: identical bytes hold for one build.
    pub build: String,
    /// Attempts it runs at a time.
    pub slots: u32,
    /// Memory one slot may use, in bytes: fetch, ring, row group and upload parts together.
    pub slot_bytes: u64,
    /// Content of the probe file under `--shared DIR`, if the worker was given one.
    pub shared_probe: Option<String>,
}

/// The coordinator's settings that a worker follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Generation that answered.
    pub generation: u32,
    /// How long a lease lives without being renewed.
    pub lease_ttl_ms: u64,
    /// How often to renew.
    pub renew_every_ms: u64,
    /// How long a worker goes on without any answer.
    pub orphan_after_ms: u64,
}

/// Asks for work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquire {
    /// The worker.
    pub worker: WorkerId,
    /// Names this request: a repeat gets the same lease.
    pub request: u64,
    /// How long the coordinator may hold the call when there is nothing to do.
    pub wait_ms: u64,
}

/// The right to a shard until a deadline. Under 4 KiB whatever the number of items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The shard.
    pub shard: ShardId,
    /// Kind of job, by its word.
    pub kind: String,
    /// Name of the stage.
    pub stage_name: String,
    /// The steps of an attempt of this stage, as the plan lists them: what progress names.
    #[serde(default)]
    pub steps: Vec<String>,
    /// The round this lease belongs to.
    pub round: u32,
    /// Names the attempt.
    pub attempt: AttemptId,
    /// Where the job keeps its objects: `s3://bucket/out.tarquet/jobs/ID/` or a path.
    pub job_uri: String,
    /// Where the dataset goes.
    pub output_uri: String,
    /// How to reach both.
    #[serde(default)]
    pub store: crate::store::StoreSettings,
    /// Key of the stage plan, relative to the job prefix.
    pub plan_name: String,
    /// BLAKE3 of the stage plan's head, hexadecimal: a plan that differs is not ours.
    pub plan_digest: String,
    /// Items of this shard that kill the decoder: their places in the shard.
    pub skip: Vec<u32>,
    /// An attempt before this one went silent: this one says which item it begins, and waits until that was heard, so that the
    /// item is known should the worker die of it.
    #[serde(default)]
    pub careful: bool,
    /// Time to live from now.
    pub ttl_ms: u64,
}

/// How far an attempt is. All numbers only grow within an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Bytes of input finished; what stuck is judged by.
    pub bytes_done: u64,
    /// Items finished.
    pub items_done: u64,
    /// Rows written.
    pub rows: u64,
    /// Items quarantined so far (not yet counted against the budget).
    pub quarantined: u64,
    /// Bytes fetched from the store.
    pub bytes_fetched: u64,
    /// Bytes uploaded.
    pub bytes_written: u64,
    /// The step that took most of the time lately, of those that the lease lists; empty where none did.
    pub step: String,
    /// Place in the shard of the item being decoded, to name it should the decoder die.
    pub at_item: Option<u32>,
    /// Bytes of memory the slot holds.
    pub memory_bytes: u64,
}

/// Keeps a lease alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renew {
    /// The worker.
    pub worker: WorkerId,
    /// The shard.
    pub shard: ShardId,
    /// The round.
    pub round: u32,
    /// The attempt.
    pub attempt: AttemptId,
    /// How far it is.
    pub progress: Progress,
}

/// What the coordinator wants of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Directive {
    /// Go on.
    Continue,
    /// Stop and clean up: the shard is done, the job is over, or the lease is not yours.
    Stop,
    /// Hand leases back and leave: the worker is being drained.
    Drain,
}

/// The answer to [`Complete`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completed {
    /// This attempt's receipt is the one.
    Accepted,
    /// Another attempt's receipt is; abort the uploads.
    Superseded,
}

/// Ends an attempt that finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Complete {
    /// The worker.
    pub worker: WorkerId,
    /// Its proof.
    pub receipt: Receipt,
}

/// Ends an attempt that did not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fail {
    /// The worker.
    pub worker: WorkerId,
    /// The shard.
    pub shard: ShardId,
    /// The round.
    pub round: u32,
    /// The attempt.
    pub attempt: AttemptId,
    /// Why.
    pub failure: Failure,
    /// Place in the shard of the item that was being decoded, if the decoder died or hung on it.
    pub killer: Option<u32>,
}

/// A worker leaves; its leases are handed back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goodbye {
    /// The worker.
    pub worker: WorkerId,
    /// Why, for the event log: `drain`, `sigterm`, `spot`.
    pub reason: String,
}

/// Why a verb had no effect.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LeasingError {
    /// The coordinator cannot be reached; the same call may be repeated.
    #[error("the coordinator cannot be reached")]
    Unreachable(String),
    /// The coordinator does not know this worker; register again.
    #[error("the coordinator does not know this worker")]
    UnknownWorker,
    /// The coordinator says no, for good.
    #[error("{0}")]
    Refused(Failure),
}

/// What a worker needs of a coordinator.
#[async_trait]
pub trait Leasing: Send + Sync {
    /// Makes the worker known. Repeating it updates slots and memory.
    async fn register(&self, ask: Register) -> Result<Registered, LeasingError>;
    /// Waits for a lease; `None` when `wait_ms` passed without one.
    async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError>;
    /// Extends the lease and reports progress.
    async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError>;
    /// Hands in the receipt. Returns only when the outcome is durable.
    async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError>;
    /// Hands back the shard with the reason.
    async fn fail(&self, ask: Fail) -> Result<(), LeasingError>;
    /// Hands back everything and leaves.
    async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError>;
}
