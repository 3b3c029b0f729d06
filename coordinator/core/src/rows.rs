//! What is durable: one row per job, stage, shard, receipt and lease.
//!
//! No row holds a time of the monotonic clock, for that clock starts anew with every process. Deadlines,
//! delays, progress and the liveness of workers are notes, not rows.

use crate::{
    jobs::JobOptions,
    objects::{AcceptObject, Submit, Verdict},
    phase::{Claiming, Phase},
    spec_json::SpecJson,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tarquet_common::{
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    seal::Seal,
    stage_plan::{ItemWords, ShardRecord},
    store::StoreSettings,
};

/// The coordinator itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaRow {
    /// Raised at every start.
    pub generation: u32,
}

/// A job. (`upgrade` says how it is read.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct JobRow {
    /// Its name.
    pub job: JobId,
    /// The client's token: a repeated submit with it gives this job.
    pub token: String,
    /// What people call it.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// Its word for an item.
    #[serde(default = "crate::upgrade::item")]
    pub item: ItemWords,
    /// The kind's stages, in order; the last is `publish`.
    pub stages: Vec<String>,
    /// Where the job keeps its objects.
    pub job_uri: String,
    /// Where the dataset goes.
    pub output_uri: String,
    /// How to reach the output, and the job's objects beside it.
    pub store: StoreSettings,
    /// The validated spec, in the kind's own words; opaque here.
    pub spec: SpecJson,
    /// What the engine understands of it.
    pub options: JobOptions,
    /// Its state.
    pub phase: Phase,
    /// No new leases until resumed.
    #[serde(default)]
    pub paused: bool,
    /// Of the leases: raised at every start of a coordinator, before the first lease.
    pub generation: u32,
    /// `rounds` objects written.
    #[serde(default)]
    pub rounds: u32,
    /// `accept` objects written.
    #[serde(default)]
    pub accepts: u32,
    /// Items in quarantine that were accepted, by stage: what was shown, and no more.
    #[serde(default)]
    pub accepted: BTreeMap<u8, u64>,
    /// What the outcome object says, once it is there.
    #[serde(default)]
    pub outcome: Option<Verdict>,
    /// When it was submitted, milliseconds since the epoch.
    pub submitted_unix_ms: u64,
    /// When it ended, milliseconds since the epoch.
    #[serde(default)]
    pub finished_unix_ms: Option<u64>,
}

/// Counts what was shown to who accepts: with what was accepted before, of each stage the most.
pub(crate) fn cover(mut accepted: BTreeMap<u8, u64>, accept: &AcceptObject) -> BTreeMap<u8, u64> {
    let shown = accepted.entry(accept.stage).or_default();
    *shown = accept.quarantined.max(*shown);
    accepted
}

impl JobRow {
    /// A job before anything happened to it.
    pub fn submitted(ask: &Submit) -> Self {
        Self {
            job: ask.job.clone(),
            token: ask.token.clone(),
            name: ask.name.clone(),
            kind: ask.kind.clone(),
            item: ask.item.clone(),
            stages: ask.stages.clone(),
            job_uri: ask.job_uri.clone(),
            output_uri: ask.output_uri.clone(),
            store: ask.store.clone(),
            spec: ask.spec.clone(),
            options: ask.options.clone(),
            phase: Phase::Claiming(Claiming {}),
            paused: false,
            generation: 0,
            rounds: 0,
            accepts: 0,
            accepted: BTreeMap::new(),
            outcome: None,
            submitted_unix_ms: ask.submitted_unix_ms,
            finished_unix_ms: None,
        }
    }

    /// The job as it was asked for.
    pub fn asked(&self) -> Submit {
        Submit {
            token: self.token.clone(),
            job: self.job.clone(),
            name: self.name.clone(),
            kind: self.kind.clone(),
            item: self.item.clone(),
            stages: self.stages.clone(),
            job_uri: self.job_uri.clone(),
            output_uri: self.output_uri.clone(),
            store: self.store.clone(),
            spec: self.spec.clone(),
            options: self.options.clone(),
            submitted_unix_ms: self.submitted_unix_ms,
        }
    }

    /// Stages that are leased: all but the last.
    pub fn leased_stages(&self) -> usize {
        self.stages.len().saturating_sub(1)
    }

    /// The name of a stage.
    pub fn stage_name(&self, stage: u8) -> &str {
        self.stages.get(usize::from(stage)).map_or("", String::as_str)
    }
}

/// A planned stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRow {
    /// Its job.
    pub job: JobId,
    /// Place in the kind's list.
    pub stage: u8,
    /// Key of the plan, relative to the job prefix.
    pub plan_name: String,
    /// BLAKE3 of the plan's head, hexadecimal.
    pub plan_digest: String,
    /// Number of shards; their rows follow.
    pub shards: u32,
    /// Items that its receipts will account for: what a percentage in the budget is of.
    #[serde(alias = "planned_members")]
    pub planned_items: u64,
    /// The steps of an attempt, in the order in which bytes meet them.
    #[serde(default)]
    pub steps: Vec<String>,
    /// Output partitions it makes.
    pub partitions: u32,
    /// What the planner wants people to know.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// When it was planned, milliseconds since the epoch.
    pub planned_unix_ms: u64,
    /// When its last shard ended, milliseconds since the epoch.
    #[serde(default)]
    pub finished_unix_ms: Option<u64>,
}

/// Where a shard stands in its round, as far as that is durable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RowState {
    /// Has no receipt: waits, is delayed, or is leased.
    #[default]
    Open,
    /// Has a receipt, whose row is its own.
    Done {
        /// Its artifacts are visible.
        published: bool,
        /// How long the attempt took, in milliseconds; 0 if unknown.
        took_ms: u64,
    },
    /// Will not be tried again in this round.
    Stopped {
        /// What happened last.
        failure: Box<Failure>,
    },
    /// Somebody accepted to go on without it.
    Excluded {
        /// What happened last.
        failure: Box<Failure>,
    },
}

/// A shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardRow {
    /// Its name.
    pub shard: ShardId,
    /// What the plan says of it.
    pub plan: ShardRecord,
    /// Raised by `retry` and by lost uploads.
    pub round: u32,
    /// Where it stands.
    pub state: RowState,
    /// Charged failures in this round.
    #[serde(default)]
    pub charged: u32,
    /// Bugs in this round.
    #[serde(default)]
    pub bugs: u32,
    /// Leases granted or adopted, ever.
    #[serde(default)]
    pub attempts: u32,
    /// The newest attempt that was granted or adopted.
    #[serde(default)]
    pub newest: Option<AttemptId>,
    /// Whose it was, and alone may go on with it; none if the ledger never knew.
    #[serde(default)]
    pub owner: Option<Seal>,
    /// The newest attempt that was ended by more than silence: it is not adopted again.
    #[serde(default)]
    pub closed: Option<AttemptId>,
    /// Where it failed last; another worker is preferred for a while.
    #[serde(default)]
    pub avoid: Option<WorkerId>,
    /// Why it failed last.
    #[serde(default)]
    pub last_failure: Option<Box<Failure>>,
    /// Items on which the decoder died, and in which attempts.
    #[serde(default)]
    pub suspects: BTreeMap<u32, BTreeSet<AttemptId>>,
    /// Items that kill the decoder: places in the shard.
    #[serde(default)]
    pub skip: BTreeSet<u32>,
    /// Attempts in this round that went silent, one after the other.
    #[serde(default)]
    pub silent: u32,
}

/// A live lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRow {
    /// The shard.
    pub shard: ShardId,
    /// The round.
    pub round: u32,
    /// The attempt.
    pub attempt: AttemptId,
    /// How many leases of this shard there have been, with this one.
    pub number: u32,
    /// Whose.
    pub worker: WorkerId,
    /// Of the secret that its worker proves itself by; none if an earlier release granted it.
    #[serde(default)]
    pub seal: Option<Seal>,
    /// The request it answered; none if it was adopted.
    pub request: Option<u64>,
    /// It tells each item before it begins it.
    #[serde(default)]
    pub careful: bool,
    /// When it was granted, milliseconds since the epoch.
    pub granted_unix_ms: u64,
}

impl LeaseRow {
    /// Whether it was granted to this worker, and to the one of that name that has this secret.
    pub(crate) fn is_of(&self, worker: &WorkerId, seal: &Seal) -> bool {
        self.worker == *worker && self.seal.as_ref() == Some(seal)
    }
}
