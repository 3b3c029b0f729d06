//! What follows from a cause.

use crate::{
    effect::{Effect, EffectKey},
    event::Event,
    phase::Hold,
    record::Record,
};
use tarquet_common::{
    clock::Millis,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::{Completed, Directive, Lease, Progress, Register, Registered},
    seal::Seal,
};

/// What a parked call waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitFor {
    /// A lease. Woken when there is new work, and by time: the slowest shards are done twice near the end.
    Work,
    /// The comparison of a loaded job with the store.
    Compared(JobId),
    /// The claim on the output of a job.
    Claim(JobId),
    /// The receipt of a shard's round.
    Receipt(ShardId, u32),
    /// A `rounds` object of a job.
    Rounds(JobId),
    /// An `accept` object of a job.
    Accept(JobId),
    /// The outcome of a job.
    Outcome(JobId),
}

/// Calls to wake.
#[derive(Clone, Debug, PartialEq)]
pub struct Wake {
    /// Those that wait for this.
    pub on: WaitFor,
    /// What they are told; without it, decide their ask again.
    pub answer: Option<Result<Reply, Refusal>>,
}

/// What a caller is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It had its effect, now or before.
    Done,
    /// To `Submit`.
    Submitted {
        /// The job, new or known.
        job: JobId,
        /// The token was known.
        known: bool,
    },
    /// To `Adopt`.
    Adopted {
        /// The ledger knew less than the store and was rebuilt.
        rebuilt: bool,
    },
    /// To `Register`.
    Registered(Registered),
    /// To `Acquire`.
    Leased(Box<Lease>),
    /// To `Renew`.
    Directive(Directive),
    /// To `Complete`.
    Completed(Completed),
}

/// The answer to an ask that is not refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Now.
    Reply(Reply),
    /// Later: park the call, before any effect of the decision is started.
    Wait(WaitFor),
}

impl Answer {
    /// It had its effect.
    pub const DONE: Self = Self::Reply(Reply::Done);
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// The coordinator says no.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The worker must register first.
    UnknownWorker,
    /// For this reason.
    Because(Box<Failure>),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Because(Box::new(failure))
    }
}

/// A change of what is not durable: time, workers, deadlines, effects in flight.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The clocks.
    Clock {
        /// Monotonic.
        now: Millis,
        /// Wall clock, if the cause told it.
        unix_ms: Option<u64>,
    },
    /// A worker registered.
    Worker(Register, Seal),
    /// A worker was heard of.
    Seen(WorkerId),
    /// A worker is to take nothing new.
    Draining(WorkerId),
    /// A worker's receipt was accepted: so many bytes of items.
    WorkerDid {
        /// Who.
        worker: WorkerId,
        /// Bytes of items.
        bytes: u64,
    },
    /// A worker left or was forgotten.
    WorkerGone(WorkerId),
    /// A lease lives on.
    Renewed {
        /// The shard.
        shard: ShardId,
        /// The attempt.
        attempt: AttemptId,
        /// Until when.
        deadline: Millis,
        /// How far it is, if it said so.
        progress: Option<Progress>,
    },
    /// A lease whose receipt is being written lives on, and is not stuck.
    Settling {
        /// The shard.
        shard: ShardId,
        /// The attempt.
        attempt: AttemptId,
        /// Until when.
        deadline: Millis,
    },
    /// All leases live on until then, and none is stuck.
    FreshLifetime {
        /// Until when.
        deadline: Millis,
    },
    /// A shard waits before it is leased again.
    Delayed {
        /// Which.
        shard: ShardId,
        /// Until when.
        until: Millis,
    },
    /// Its delay is over.
    Due(ShardId),
    /// The rows of a job are behind its objects.
    Behind(JobId),
    /// The objects of a job could not be read yet.
    Unread {
        /// The job.
        job: JobId,
        /// Why.
        failure: Box<Failure>,
    },
    /// The rows of a job are not behind its objects: it may be set going.
    Compared(JobId),
    /// The generation of a job is ours: leases may go out.
    GenerationReady(JobId),
    /// An effect was started.
    Started(Box<Effect>),
    /// An effect could not be done and is started again then.
    RetryAt {
        /// Which.
        effect: EffectKey,
        /// When.
        at: Millis,
        /// Why it could not.
        failure: Box<Failure>,
    },
    /// An effect is over.
    Landed(EffectKey),
    /// All effects of a job that is over are of no interest any more.
    Forsaken(JobId),
    /// A shard's upload was found to be lost; a round is to be opened.
    UploadLost(ShardId),
    /// How far a job is, for its rate.
    Sample(JobId),
    /// The process starts: nothing is in flight, no worker known, jobs are set going.
    Reset,
}

/// What follows at once from a decision, so that it sees what that decision changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Look what the job needs next.
    Advance(JobId),
    /// An attempt ended without a receipt.
    EndAttempt {
        /// The shard.
        shard: ShardId,
        /// The attempt.
        attempt: AttemptId,
        /// How.
        ended: Ended,
    },
    /// The delay of an effect is over.
    Again(Box<Effect>),
    /// Something holds the job.
    Hold {
        /// Which.
        job: JobId,
        /// What kind of trouble.
        hold: Hold,
        /// What happened.
        failure: Failure,
    },
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

/// What follows from a cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// To be durable, as one transaction, before anything below leaves.
    pub records: Vec<Record>,
    /// Changes that are not durable. [`State::absorb`](crate::State::absorb) takes them with the records.
    pub notes: Vec<Note>,
    /// To be started.
    pub effects: Vec<Effect>,
    /// For the caller. Where nobody asked it is `Reply::Done`.
    pub answer: Result<Answer, Refusal>,
    /// Parked calls to wake.
    pub wake: Vec<Wake>,
    /// Why, for the event list and the log.
    pub events: Vec<Event>,
    /// What follows at once. Empty in what [`handle`](crate::handle) returns.
    pub then: Vec<Step>,
}
