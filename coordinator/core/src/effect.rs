//! What the driver starts once a decision is durable.
//!
//! Every effect may be started twice (after a restart, or when its outcome was unclear) with the effect of
//! once. It ends in exactly one [`Outcome`](crate::Outcome): one of those named on the variant, or
//! [`EffectFailed`](crate::Outcome::EffectFailed), after which it is started again later. *Conditional*
//! means a PUT with `If-None-Match: *`, read back on any unclear answer; the outcome reports **what the
//! object says**, whoever wrote it.

use crate::{
    durable::Durable,
    objects::{AcceptObject, RoundOf, RoundsObject, Upload, Verdict},
    phase::Hold,
};
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    ids::{JobId, ShardId},
    receipt::Receipt,
};

/// Something to do outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Check that the output is empty, write the job object, the pointer, then the claim (conditional).
    /// → `ClaimStored`, `ClaimTaken` or `ClaimRefused`.
    ClaimOutput {
        /// The job.
        job: JobId,
    },
    /// Write the first free `generations/<g>` above both `above` and all that are there (conditional).
    /// → `GenerationRaised`.
    RaiseGeneration {
        /// The job.
        job: JobId,
        /// Larger than this.
        above: u32,
    },
    /// Have the kind plan the stage and write the plan (conditional). → `StagePlanned` or `StagePlanFailed`.
    PlanStage {
        /// The job.
        job: JobId,
        /// The stage.
        stage: u8,
    },
    /// Write `receipts/<stage>/<shard>.<round>` (conditional): the commit. → `ReceiptStored`, `ReceiptTaken` or `RoundIsOver`.
    StoreReceipt {
        /// What to write.
        receipt: Arc<Receipt>,
    },
    /// End the round before of each shard (conditional): where nobody has finished it, nobody will. Where somebody has, and an
    /// artifact is visible as this job's, leave the shard out; where none is, abort the first upload and look once more. Leave
    /// out what is excluded. Then write `rounds/<number>` (conditional). → `RoundsOpened`. No publishing of these shards is in
    /// flight here; but an earlier process may have published one and died before it could record that, and a request to
    /// complete one may be on its way still, or come from another coordinator. Artifacts are completed in order, so once the
    /// first cannot be, none will.
    OpenRounds {
        /// The job.
        job: JobId,
        /// What to write.
        rounds: RoundsObject,
    },
    /// Write for each excluded shard that its round ends without it (conditional), leave out those whose round ended otherwise,
    /// then write `accepts/<number>` (conditional). → `AcceptStored`.
    StoreAccept {
        /// The job.
        job: JobId,
        /// What to write.
        accept: AcceptObject,
        /// The round of each shard that it excludes.
        rounds: Vec<RoundOf>,
    },
    /// Write `outcome` (conditional). → `OutcomeStored`.
    StoreOutcome {
        /// The job.
        job: JobId,
        /// What to write.
        verdict: Verdict,
    },
    /// List the output root; foreign is every object whose metadata do not name this job.
    /// → `OutputListed`.
    ListOutput {
        /// The job.
        job: JobId,
    },
    /// Compare every upload of the receipt with ListParts **before** completing any, then complete each and
    /// settle every unclear answer by HEAD. Where no outcome allows it yet (`publish = "shard"`), look first whether one forbids
    /// it: who ended the job aborts the uploads that it finds before it gives the output back, so an upload that was begun
    /// before this look is not completed in another job's output. → `ShardPublished`, `UploadLost`, `ShardForeign` or
    /// `EndedElsewhere`.
    PublishShard {
        /// The accepted receipt.
        receipt: Arc<Receipt>,
    },
    /// Write the catalog (conditional); one that is there is compared. → `CatalogStored` or `CatalogDiffers`.
    StoreCatalog {
        /// The job.
        job: JobId,
    },
    /// Abort uploads of a receipt whose round is over. Gone already is fine. → `UploadsAborted`.
    AbortUploads {
        /// Whose.
        shard: ShardId,
        /// The round that is over.
        round: u32,
        /// Which.
        uploads: Vec<Upload>,
    },
    /// Abort every upload under the output that is this job's; then, unless it was published, remove its
    /// claim on the output. Nothing, where the claim names this job no more. → `UploadsSwept`.
    SweepUploads {
        /// The job.
        job: JobId,
        /// Remove the claim as well.
        release: bool,
    },
    /// Read all objects of the job: what was met shows that another coordinator is further than we are. → `Compared`.
    Compare {
        /// The job.
        job: JobId,
        /// What was met, if it is trouble where nobody is further.
        met: Option<Met>,
    },
}

/// What to hold a job for, if its objects say nothing that its rows do not.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    /// The kind of trouble.
    pub hold: Hold,
    /// What was met.
    pub failure: Box<Failure>,
}

/// Names an effect; one of a name is in flight at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectKey {
    /// See [`Effect::ClaimOutput`].
    Claim(JobId),
    /// See [`Effect::RaiseGeneration`].
    Generation(JobId),
    /// See [`Effect::PlanStage`].
    Plan(JobId, u8),
    /// See [`Effect::StoreReceipt`].
    Receipt(ShardId, u32),
    /// See [`Effect::OpenRounds`].
    Rounds(JobId),
    /// See [`Effect::StoreAccept`].
    Accept(JobId),
    /// See [`Effect::StoreOutcome`].
    Outcome(JobId),
    /// See [`Effect::ListOutput`].
    List(JobId),
    /// See [`Effect::PublishShard`].
    Publish(ShardId, u32),
    /// See [`Effect::StoreCatalog`].
    Catalog(JobId),
    /// See [`Effect::AbortUploads`].
    Abort(ShardId, u32),
    /// See [`Effect::SweepUploads`].
    Sweep(JobId),
    /// See [`Effect::Compare`].
    Compare(JobId),
}

impl Effect {
    /// Its name.
    pub fn key(&self) -> EffectKey {
        match self {
            Self::ClaimOutput { job } => EffectKey::Claim(job.clone()),
            Self::RaiseGeneration { job, .. } => EffectKey::Generation(job.clone()),
            Self::PlanStage { job, stage } => EffectKey::Plan(job.clone(), *stage),
            Self::StoreReceipt { receipt } => EffectKey::Receipt(receipt.shard.clone(), receipt.round),
            Self::OpenRounds { job, .. } => EffectKey::Rounds(job.clone()),
            Self::StoreAccept { job, .. } => EffectKey::Accept(job.clone()),
            Self::StoreOutcome { job, .. } => EffectKey::Outcome(job.clone()),
            Self::ListOutput { job } => EffectKey::List(job.clone()),
            Self::PublishShard { receipt } => EffectKey::Publish(receipt.shard.clone(), receipt.round),
            Self::StoreCatalog { job } => EffectKey::Catalog(job.clone()),
            Self::AbortUploads { shard, round, .. } => EffectKey::Abort(shard.clone(), *round),
            Self::SweepUploads { job, .. } => EffectKey::Sweep(job.clone()),
            Self::Compare { job, .. } => EffectKey::Compare(job.clone()),
        }
    }

    /// What it writes durably, in the order of [`Durable`]; empty for one that only reads or aborts.
    pub fn writes(&self) -> &'static [Durable] {
        match self {
            Self::ClaimOutput { .. } => &[Durable::JobObject, Durable::Pointer, Durable::Claim],
            Self::RaiseGeneration { .. } => &[Durable::Generation],
            Self::PlanStage { .. } => &[Durable::Plan],
            Self::StoreReceipt { .. } => &[Durable::Receipt],
            Self::OpenRounds { .. } => &[Durable::RoundOver, Durable::Rounds],
            Self::StoreAccept { .. } => &[Durable::RoundOver, Durable::Accept],
            Self::StoreOutcome { .. } => &[Durable::Outcome],
            Self::PublishShard { .. } => &[Durable::Part],
            Self::StoreCatalog { .. } => &[Durable::Catalog],
            Self::ListOutput { .. }
            | Self::AbortUploads { .. }
            | Self::SweepUploads { .. }
            | Self::Compare { .. } => &[],
        }
    }
}

impl EffectKey {
    /// What it does, in a few words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Claim(_) => "claim output",
            Self::Generation(_) => "raise generation",
            Self::Plan(..) => "plan stage",
            Self::Receipt(..) => "store receipt",
            Self::Rounds(_) => "open rounds",
            Self::Accept(_) => "store accept",
            Self::Outcome(_) => "store outcome",
            Self::List(_) => "list output",
            Self::Publish(..) => "publish shard",
            Self::Catalog(_) => "store catalog",
            Self::Abort(..) => "abort uploads",
            Self::Sweep(_) => "sweep uploads",
            Self::Compare(_) => "read the job's objects",
        }
    }

    /// The job it works for.
    pub fn job(&self) -> &JobId {
        match self {
            Self::Claim(job)
            | Self::Generation(job)
            | Self::Plan(job, _)
            | Self::Rounds(job)
            | Self::Accept(job)
            | Self::Outcome(job)
            | Self::List(job)
            | Self::Catalog(job)
            | Self::Sweep(job)
            | Self::Compare(job) => job,
            Self::Receipt(shard, _) | Self::Publish(shard, _) | Self::Abort(shard, _) => &shard.job,
        }
    }
}
