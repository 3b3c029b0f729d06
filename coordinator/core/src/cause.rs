//! What happened, and so has to be decided.
//!
//! An **[`Ask`]** comes from outside and gets an answer; it may have to wait, and may be asked again. An **[`Outcome`]** is
//! what became of an effect, which nobody waits for. A **[`Step`]** follows at once from another decision and never leaves
//! the core. A **[`Cause`]** is any of the three.

use crate::{
    decision::Step,
    effect::EffectKey,
    objects::{AcceptObject, RoundOf, RoundsObject, Snapshot, StagePlan, Submit, Verdict},
};
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    ids::{JobId, ShardId, WorkerId},
    leasing::{Acquire, Complete, Fail, Goodbye, Register, Renew},
    receipt::Receipt,
    seal::Seal,
};

/// What the outside asks. Every ask is idempotent: the same again has the effect of once.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// The process started with this state. First of all; raises the generation. → `Reply::Done`
    Start {
        /// Wall clock now.
        unix_ms: u64,
    },
    /// Time passed. Due no later than [`State::next_wakeup`](crate::State::next_wakeup). → `Reply::Done`
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
    /// The objects of a job of the ledger could not be read yet: why. It stands still until they are.
    Unread(JobId, Box<Failure>),
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

    /// See [`Register`]. The seal is that of the caller's secret, here and below. → `Reply::Registered`
    Register(Register, Seal),
    /// See [`Acquire`]. → `Reply::Leased`, or wait for work
    Acquire(Acquire, Seal),
    /// See [`Renew`]. → `Reply::Directive`
    Renew(Renew, Seal),
    /// See [`Complete`]. → `Reply::Completed`
    Complete(Box<Complete>, Seal),
    /// See [`Fail`]. → `Reply::Done`
    Fail(Box<Fail>, Seal),
    /// See [`Goodbye`]. → `Reply::Done`
    Goodbye(Goodbye, Seal),
}

/// What became of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Of `ClaimOutput`: the claim names this job.
    ClaimStored(JobId),
    /// Of `ClaimOutput`: the claim names another.
    ClaimTaken {
        /// Which.
        job: JobId,
        /// Whom it names.
        by: JobId,
    },
    /// Of `ClaimOutput`: the output cannot be claimed (not empty, no permission).
    ClaimRefused {
        /// Which.
        job: JobId,
        /// Why.
        failure: Failure,
    },
    /// Of `RaiseGeneration`.
    GenerationRaised {
        /// Which.
        job: JobId,
        /// The number that is now ours alone.
        generation: u32,
    },
    /// Of `PlanStage`: the plan is durable.
    StagePlanned {
        /// Which.
        job: JobId,
        /// What it says.
        plan: Box<StagePlan>,
    },
    /// Of `PlanStage`: it cannot be planned.
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
    /// Of `StoreReceipt`: the object is this one.
    ReceiptStored(Arc<Receipt>),
    /// Of `StoreReceipt`: the object was there; this is what it says.
    ReceiptTaken(Arc<Receipt>),
    /// Of `StoreReceipt`: the object says that the round is over without a receipt. Another coordinator is further.
    RoundIsOver(RoundOf),
    /// Of `OpenRounds`: what the object says.
    RoundsOpened {
        /// Which.
        job: JobId,
        /// What it says.
        rounds: RoundsObject,
    },
    /// Of `StoreAccept`: what the object says.
    AcceptStored {
        /// Which.
        job: JobId,
        /// What it says.
        accept: AcceptObject,
    },
    /// Of `StoreOutcome`: what the object says.
    OutcomeStored {
        /// Which.
        job: JobId,
        /// What it says.
        verdict: Verdict,
    },
    /// Of `ListOutput`.
    OutputListed {
        /// Which.
        job: JobId,
        /// Keys that are not this job's; the first few.
        foreign: Vec<String>,
    },
    /// Of `PublishShard`: all its artifacts are visible.
    ShardPublished {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
    },
    /// Of `PublishShard` of a job that publishes by shard: another coordinator has ended the job. Nothing was made visible.
    EndedElsewhere {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
    },
    /// Of `PublishShard`: an upload is gone or differs from the receipt.
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
    /// Of `PublishShard`: another object has the key.
    ShardForeign {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
        /// The key.
        name: String,
        /// The object is this job's all the same: of another attempt, which somebody else has accepted.
        of_this_job: bool,
    },
    /// Of `StoreCatalog`: it is there and says what the receipts say.
    CatalogStored(JobId),
    /// Of `StoreCatalog`: one is there and says something else.
    CatalogDiffers(JobId),
    /// Of `AbortUploads`.
    UploadsAborted {
        /// Which.
        shard: ShardId,
        /// Of which round.
        round: u32,
    },
    /// Of `SweepUploads`.
    UploadsSwept(JobId),
    /// Of `Compare`: all that the store says of the job.
    Compared(Box<Snapshot>),
    /// An effect could not be done; it is started again later, and holds the job if waiting will not help.
    EffectFailed {
        /// Which.
        effect: EffectKey,
        /// Why.
        failure: Failure,
    },
}

/// Whatever has to be decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause<'c> {
    /// From outside.
    Ask(&'c Ask),
    /// From an effect.
    Outcome(&'c Outcome),
    /// From the decision before.
    Step(&'c Step),
}

impl<'c> From<&'c Ask> for Cause<'c> {
    fn from(ask: &'c Ask) -> Self {
        Self::Ask(ask)
    }
}

impl<'c> From<&'c Outcome> for Cause<'c> {
    fn from(outcome: &'c Outcome) -> Self {
        Self::Outcome(outcome)
    }
}

impl<'c> From<&'c Step> for Cause<'c> {
    fn from(step: &'c Step) -> Self {
        Self::Step(step)
    }
}
