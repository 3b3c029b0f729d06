//! What happened.

use crate::{
    effect::{AcceptObject, Effect, EffectKey, RoundsObject},
    jobs::JobOptions,
    phase::{Hold, Verdict},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::{Acquire, Complete, Fail, Goodbye, Register, Renew},
    receipt::Receipt,
    stage_plan::ShardRecord,
};

/// A job as it is asked for. Also the job object in the store, which a rebuild reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submit {
    /// The client's token; a repeat gets the first one's job.
    pub token: String,
    /// The id the job gets unless the token is known.
    pub job: JobId,
    /// What people call it.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// The kind's stages; the last is `publish`.
    pub stages: Vec<String>,
    /// Where the job keeps its objects.
    pub job_uri: String,
    /// Where the dataset goes.
    pub output_uri: String,
    /// The validated spec, opaque here.
    pub spec: serde_json::Value,
    /// What the engine understands of it.
    pub options: JobOptions,
    /// When, milliseconds since the epoch.
    pub submitted_unix_ms: u64,
}

/// A stage's plan, as durable in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct StagePlan {
    /// The stage.
    pub stage: u8,
    /// Key of the plan, relative to the job prefix.
    pub plan_name: String,
    /// BLAKE3 of its head, hexadecimal.
    pub plan_digest: String,
    /// Its records, in shard order.
    pub shards: Vec<ShardRecord>,
    /// Items its receipts will account for.
    pub planned_items: u64,
    /// The steps of an attempt.
    pub steps: Vec<String>,
    /// Output partitions it makes.
    pub partitions: u32,
    /// For people.
    pub warnings: Vec<String>,
}

/// All that the store says of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The job object.
    pub submit: Submit,
    /// The claim is there and names this job.
    pub claimed: bool,
    /// The highest `generations/<g>`; 0 if none.
    pub generation: u32,
    /// Plans, in stage order.
    pub plans: Vec<StagePlan>,
    /// All `rounds/<n>`.
    pub rounds: Vec<RoundsObject>,
    /// All receipts of all rounds.
    pub receipts: Vec<Receipt>,
    /// All `accepts/<n>`.
    pub accepts: Vec<AcceptObject>,
    /// The outcome.
    pub outcome: Option<Verdict>,
    /// The catalog is there.
    pub catalog: bool,
}

/// How an attempt ended without a receipt.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// By silence: it may come back and be adopted while nobody else took the shard.
    Silent,
    /// By a failure that was reported or judged.
    Failed {
        /// Why.
        failure: Box<Failure>,
        /// The item that was being decoded, if the decoder died on it.
        killer: Option<u32>,
    },
}

/// What happened. Users and workers get an answer; outcomes of effects get `Reply::Done`.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The process started with this state. First of all commands; raises the generation.
    Start {
        /// Wall clock now.
        unix_ms: u64,
    },
    /// Time passed. Due no later than [`State::next_wakeup`](crate::State::next_wakeup).
    Tick {
        /// Wall clock now.
        unix_ms: u64,
    },

    /// A new job. → `Reply::Submitted`
    Submit(Box<Submit>),
    /// Takes over a job from the store, or catches up with it. A job that was loaded from a ledger stands still until
    /// then, unless it is over. → `Reply::Adopted`
    Adopt(Box<Snapshot>),
    /// The store was asked and has no job object of this job: there is nothing to catch up with. → `Reply::Done`
    NothingStored(JobId),
    /// Goes on without what failed. → `Reply::Done`
    Accept(JobId),
    /// Opens a new round for what failed, or plans or publishes again. → `Reply::Done`
    Retry(JobId),
    /// Ends the job without publishing. → `Reply::Done`
    Cancel {
        /// Which.
        job: JobId,
        /// Why.
        reason: String,
    },
    /// No new leases. → `Reply::Done`
    Pause(JobId),
    /// Leases again. → `Reply::Done`
    Resume(JobId),
    /// Reorders. → `Reply::Done`
    SetPriority {
        /// Which.
        job: JobId,
        /// Larger goes first.
        priority: i32,
    },
    /// Removes a job that is over from the ledger (never its data). → `Reply::Done`
    Forget(JobId),
    /// The worker finishes or hands back what it holds and takes nothing new. → `Reply::Done`
    Drain(WorkerId),

    /// See [`Register`]. → `Reply::Registered`
    Register(Register),
    /// See [`Acquire`]. → `Reply::Leased`, or wait for work
    Acquire(Acquire),
    /// See [`Renew`]. → `Reply::Directive`
    Renew(Renew),
    /// See [`Complete`]. → `Reply::Completed`
    Complete(Box<Complete>),
    /// See [`Fail`]. → `Reply::Done`
    Fail(Box<Fail>),
    /// See [`Goodbye`]. → `Reply::Done`
    Goodbye(Goodbye),

    /// Outcome of `ClaimOutput`: the claim names this job.
    ClaimStored(JobId),
    /// Outcome of `ClaimOutput`: the claim names another.
    ClaimTaken {
        /// Which.
        job: JobId,
        /// Whom it names.
        by: JobId,
    },
    /// Outcome of `ClaimOutput`: the output cannot be claimed (not empty, no permission).
    ClaimRefused {
        /// Which.
        job: JobId,
        /// Why.
        failure: Failure,
    },
    /// Outcome of `RaiseGeneration`.
    GenerationRaised {
        /// Which.
        job: JobId,
        /// The number that is now ours alone.
        generation: u32,
    },
    /// Outcome of `PlanStage`: the plan is durable.
    StagePlanned {
        /// Which.
        job: JobId,
        /// What it says.
        plan: Box<StagePlan>,
    },
    /// Outcome of `PlanStage`: it cannot be planned.
    StagePlanFailed {
        /// Which.
        job: JobId,
        /// The stage.
        stage: u8,
        /// Why.
        failure: Failure,
        /// No repair and no patience will help: the job fails. Otherwise it is held.
        fatal: bool,
    },
    /// Outcome of `StoreReceipt`: the object is this one.
    ReceiptStored(Arc<Receipt>),
    /// Outcome of `StoreReceipt`: the object was there; this is what it says.
    ReceiptTaken(Arc<Receipt>),
    /// Outcome of `OpenRounds`: what the object says.
    RoundsOpened {
        /// Which.
        job: JobId,
        /// What it says.
        rounds: RoundsObject,
    },
    /// Outcome of `StoreAccept`: what the object says.
    AcceptStored {
        /// Which.
        job: JobId,
        /// What it says.
        accept: AcceptObject,
    },
    /// Outcome of `StoreOutcome`: what the object says.
    OutcomeStored {
        /// Which.
        job: JobId,
        /// What it says.
        verdict: Verdict,
    },
    /// Outcome of `ListOutput`.
    OutputListed {
        /// Which.
        job: JobId,
        /// Keys that are not this job's; the first few.
        foreign: Vec<String>,
    },
    /// Outcome of `PublishShard`: all its artifacts are visible.
    ShardPublished {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
    },
    /// Outcome of `PublishShard`: an upload is gone or differs from the receipt.
    UploadLost {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
        /// The artifact.
        name: String,
        /// Another artifact of the shard is visible already.
        partly_published: bool,
    },
    /// Outcome of `PublishShard`: somebody else's object has the key.
    ShardForeign {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
        /// The key.
        name: String,
    },
    /// Outcome of `StoreCatalog`: it is there and says what the receipts say.
    CatalogStored(JobId),
    /// Outcome of `StoreCatalog`: one is there and says something else.
    CatalogDiffers(JobId),
    /// Outcome of `AbortUploads`.
    UploadsAborted {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
    },
    /// Outcome of `SweepUploads`.
    UploadsSwept(JobId),
    /// An effect could not be done; it is started again later, and holds the job if waiting will not help.
    EffectFailed {
        /// Which.
        effect: EffectKey,
        /// Why.
        failure: Failure,
    },

    /// Follow-up: look what the job needs next.
    Advance(JobId),
    /// Follow-up: an attempt ended without a receipt.
    EndAttempt {
        /// The shard.
        shard: ShardId,
        /// The attempt.
        attempt: AttemptId,
        /// How.
        ended: Ended,
    },
    /// Follow-up: an effect whose delay is over.
    Again(Box<Effect>),
    /// Follow-up: something holds the job.
    Hold {
        /// Which.
        job: JobId,
        /// What kind of trouble.
        hold: Hold,
        /// What happened.
        failure: Failure,
    },
}
