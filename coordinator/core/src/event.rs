//! Reasons: what was done, skipped and why.

use crate::phase::{Hold, PhaseName};
use serde::{Deserialize, Serialize};
use std::fmt;
use tarquet_common::{
    codes::Code,
    ids::{AttemptId, JobId, WorkerId},
    stage_plan::ItemWords,
};

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Wall clock, milliseconds since the epoch.
    pub at_unix_ms: u64,
    /// The job, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What an event tells. Prints as one line without the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are named by their type or by the line that Display prints")]
pub enum What {
    /// The coordinator started.
    Started { generation: u32, jobs: usize, leases: usize },
    /// Nothing was heard for so long that all leases got a fresh lifetime.
    Stalled { for_ms: u64, leases: usize },
    /// A job moved.
    Moved { from: PhaseName, to: PhaseName, stage: Option<String> },
    /// A job was submitted.
    Submitted { name: String, kind: String },
    /// A job was taken over from the store.
    Adopted { receipts: usize, rebuilt: bool },
    /// A stage has a plan.
    Planned { stage: String, shards: u32, items: u64, item: ItemWords, partitions: u32 },
    /// A job waits for a person.
    Held { hold: Hold, code: Code, message: String },
    /// A person let the job go on.
    Accepted { quarantined: u64, item: ItemWords, excluded: usize },
    /// Shards were opened again.
    Reopened { shards: usize, why: String },
    /// Pause, resume.
    Paused { paused: bool },
    /// Priority.
    Priority { priority: i32 },
    /// A worker came.
    WorkerCame { worker: WorkerId, slots: u32, slot_bytes: u64 },
    /// A worker went.
    WorkerWent { worker: WorkerId, reason: String, leases: usize },
    /// A worker is being drained.
    Draining { worker: WorkerId },
    /// A shard was leased.
    Leased { stage: u8, shard: u32, attempt: AttemptId, worker: WorkerId, duplicate: bool },
    /// An attempt nobody knew was taken back.
    AdoptedAttempt { stage: u8, shard: u32, attempt: AttemptId, worker: WorkerId },
    /// An attempt went silent.
    Expired { stage: u8, shard: u32, attempt: AttemptId, worker: WorkerId },
    /// An attempt failed and the shard will be tried again.
    Requeued { stage: u8, shard: u32, attempt: AttemptId, code: Code, delay_ms: u64, charged: u32 },
    /// An attempt failed and the shard will not be tried again in this round.
    Stopped { stage: u8, shard: u32, attempt: AttemptId, code: Code },
    /// An item kills the decoder.
    Killer { stage: u8, shard: u32, number: u32, item: ItemWords },
    /// A receipt is durable.
    Receipt { stage: u8, shard: u32, round: u32, attempt: AttemptId, rows: u64, quarantined: u64, ms: u64 },
    /// An attempt finished too late.
    Superseded { stage: u8, shard: u32, attempt: AttemptId },
    /// A shard is visible.
    Published { stage: u8, shard: u32 },
    /// An upload was gone.
    UploadLost { stage: u8, shard: u32, name: String },
    /// An effect could not be done yet.
    EffectDelayed { effect: String, code: Code, message: String, delay_ms: u64 },
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { generation, jobs, leases } => {
                write!(f, "coordinator started: generation {generation}, {jobs} jobs, {leases} leases")
            }
            Self::Stalled { for_ms, leases } => {
                write!(f, "nothing was heard for {for_ms} ms: {leases} leases get a fresh lifetime")
            }
            Self::Moved { from, to, stage: None } => write!(f, "{from} -> {to}"),
            Self::Moved { from, to, stage: Some(stage) } => write!(f, "{from} -> {to} {stage}"),
            Self::Submitted { name, kind } => write!(f, "submitted {name:?}, kind {kind}"),
            Self::Adopted { receipts, rebuilt } => {
                write!(f, "taken over with {receipts} receipts{}", if *rebuilt { ", rebuilt" } else { "" })
            }
            Self::Planned { stage, shards, items, item, partitions } => {
                write!(f, "{stage} planned: {shards} shards, {items} {}, {partitions} partitions", item.many)
            }
            Self::Held { hold: _, code, message } => write!(f, "held: {code} {message}"),
            Self::Accepted { quarantined, item, excluded } => {
                write!(f, "accepted without {quarantined} {} and {excluded} shards", item.many)
            }
            Self::Reopened { shards, why } => write!(f, "{shards} shards opened again: {why}"),
            Self::Paused { paused: true } => f.write_str("paused"),
            Self::Paused { paused: false } => f.write_str("resumed"),
            Self::Priority { priority } => write!(f, "priority {priority}"),
            Self::WorkerCame { worker, slots, slot_bytes } => {
                write!(f, "worker {worker} came: {slots} slots of {slot_bytes} bytes")
            }
            Self::WorkerWent { worker, reason, leases } => {
                write!(f, "worker {worker} went ({reason}), {leases} leases requeued")
            }
            Self::Draining { worker } => write!(f, "worker {worker} is being drained"),
            Self::Leased { stage, shard, attempt, worker, duplicate } => {
                let again = if *duplicate { ", a duplicate of the slowest" } else { "" };
                write!(f, "{stage}/{shard} leased to {worker} as {attempt}{again}")
            }
            Self::AdoptedAttempt { stage, shard, attempt, worker } => {
                write!(f, "{stage}/{shard} attempt {attempt} of {worker} adopted")
            }
            Self::Expired { stage, shard, attempt, worker } => {
                write!(f, "{stage}/{shard} attempt {attempt} of {worker} expired, requeued")
            }
            Self::Requeued { stage, shard, attempt, code, delay_ms, charged } => {
                write!(
                    f,
                    "{stage}/{shard} attempt {attempt} failed: {code}, again in {delay_ms} ms (charged {charged})"
                )
            }
            Self::Stopped { stage, shard, attempt, code } => {
                write!(f, "{stage}/{shard} attempt {attempt} failed: {code}, not tried again")
            }
            Self::Killer { stage, shard, number, item } => {
                write!(f, "{stage}/{shard} {} {number} kills the decoder: skipped from now on", item.one)
            }
            Self::Receipt { stage, shard, round, attempt, rows, quarantined, ms: _ } => {
                write!(
                    f,
                    "{stage}/{shard}.{round} receipt of {attempt}: {rows} rows, {quarantined} quarantined"
                )
            }
            Self::Superseded { stage, shard, attempt } => {
                write!(f, "{stage}/{shard} attempt {attempt} finished too late")
            }
            Self::Published { stage, shard } => write!(f, "{stage}/{shard} published"),
            Self::UploadLost { stage, shard, name } => write!(f, "{stage}/{shard} upload of {name} is lost"),
            Self::EffectDelayed { effect, code, message, delay_ms } => {
                write!(f, "{effect} failed: {code} {message}; again in {delay_ms} ms")
            }
        }
    }
}

impl fmt::Display for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claiming => "claiming",
            Self::Planning => "planning",
            Self::Running => "running",
            Self::Held => "held",
            Self::Deciding => "deciding",
            Self::Checking => "checking",
            Self::Publishing => "publishing",
            Self::Cataloguing => "cataloguing",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        })
    }
}
