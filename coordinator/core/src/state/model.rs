//! The shape of a state.

use crate::{
    effect::{Effect, EffectKey},
    event::Event,
    rows::{JobRow, LeaseRow, MetaRow, ShardRow, ShardState, StageRow},
    schedule::{JobOrder, ReadyKey, SingleKey},
    settings::Settings,
    state::counts::StageCounts,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};
use tarquet_common::{
    clock::Millis,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::{Progress, Register},
    receipt::Receipt,
};

/// What the coordinator knows.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) settings: Settings,
    pub(crate) meta: MetaRow,
    pub(crate) jobs: BTreeMap<JobId, Job>,
    /// Client tokens of known jobs.
    pub(crate) tokens: BTreeMap<String, JobId>,
    /// Jobs that may lease and have ready shards.
    pub(crate) ready_jobs: BTreeSet<JobOrder>,
    /// Jobs that may lease, have no shard waiting and some with one live lease.
    pub(crate) ending_jobs: BTreeSet<JobOrder>,
    pub(crate) workers: BTreeMap<WorkerId, Worker>,
    /// Live leases by worker, with the request each one answered.
    pub(crate) held: BTreeMap<WorkerId, BTreeMap<(ShardId, AttemptId), Option<u64>>>,
    /// When each live lease is to be looked at: at its deadline, or when it would be stuck.
    pub(crate) deadlines: BTreeSet<(Millis, ShardId, AttemptId)>,
    /// When delayed shards become ready.
    pub(crate) delayed: BTreeSet<(Millis, ShardId)>,
    pub(crate) flights: BTreeMap<EffectKey, Flight>,
    /// When effects that could not be done are started again.
    pub(crate) retries: BTreeSet<(Millis, EffectKey)>,
    pub(crate) events: VecDeque<Event>,
    /// `Start` was decided. Before it, jobs are taken over from the store but nothing is set going.
    pub(crate) started: bool,
    /// Grows when a shard becomes ready or a job may lease again.
    pub(crate) work_stamp: u64,
    /// Monotonic clock of the last command.
    pub(crate) now: Millis,
    /// Wall clock minus monotonic clock, as last told.
    pub(crate) unix_offset_ms: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) row: JobRow,
    pub(crate) stages: Vec<Stage>,
    /// Compared with the store by this process. A ledger may be older than the objects, and what follows from old rows
    /// (an outcome!) cannot be taken back.
    pub(crate) compared: bool,
    /// Our generation is in the store: leases may go out.
    pub(crate) generation_ready: bool,
    /// Number of the next attempt of this generation.
    pub(crate) next_attempt: u32,
    pub(crate) ready: BTreeSet<ReadyKey>,
    pub(crate) single: BTreeSet<SingleKey>,
    /// Shards with a receipt whose artifacts are not visible yet.
    pub(crate) unpublished: BTreeSet<(u8, u32)>,
    /// Shards whose publishing is in flight.
    pub(crate) publishing: BTreeSet<(u8, u32)>,
    /// Shards whose upload was lost; a round is to be opened.
    pub(crate) lost: BTreeSet<(u8, u32)>,
    /// Shards that will not be tried again in their round.
    pub(crate) stopped: BTreeSet<(u8, u32)>,
    /// Where this job is in the two sets of jobs.
    pub(crate) listed: Option<JobOrder>,
    /// (monotonic, member bytes done in all stages), the last few.
    pub(crate) samples: VecDeque<(Millis, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) row: StageRow,
    pub(crate) shards: Vec<Shard>,
    pub(crate) counts: StageCounts,
}

#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub(crate) row: ShardRow,
    pub(crate) receipt: Option<Arc<Receipt>>,
    /// At most two.
    pub(crate) leases: Vec<Live>,
    pub(crate) delayed_until: Option<Millis>,
    /// When it last became ready.
    pub(crate) ready_since: Millis,
}

#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) row: LeaseRow,
    pub(crate) granted_at: Millis,
    pub(crate) deadline: Millis,
    pub(crate) progressed_at: Millis,
    pub(crate) progress: Progress,
}

#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) info: Register,
    pub(crate) seen: Millis,
    pub(crate) came: Millis,
    pub(crate) draining: bool,
    pub(crate) shards_done: u64,
    pub(crate) bytes_done: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) effect: Effect,
    pub(crate) tries: u32,
    pub(crate) retry_at: Option<Millis>,
    pub(crate) failure: Option<Box<Failure>>,
}

impl Job {
    pub(crate) fn new(row: JobRow) -> Self {
        Self {
            row,
            stages: Vec::new(),
            compared: false,
            generation_ready: false,
            next_attempt: 0,
            ready: BTreeSet::new(),
            single: BTreeSet::new(),
            unpublished: BTreeSet::new(),
            publishing: BTreeSet::new(),
            lost: BTreeSet::new(),
            stopped: BTreeSet::new(),
            listed: None,
            samples: VecDeque::new(),
        }
    }

    pub(crate) fn shard(&self, stage: u8, number: u32) -> Option<&Shard> {
        self.stages.get(usize::from(stage))?.shards.get(number as usize)
    }

    pub(crate) fn stage(&self, stage: u8) -> Option<&Stage> {
        self.stages.get(usize::from(stage))
    }

    /// Shards of all stages that have no receipt and may still get one.
    pub(crate) fn open_shards(&self) -> u32 {
        self.stages.iter().map(|s| s.counts.open).sum()
    }

    /// Nothing may be set going before its rows are compared with the store. What is over stays so.
    pub(crate) fn stands_still(&self) -> bool {
        !self.compared && !self.row.phase.is_over()
    }

    /// Member bytes gone through, finished or not.
    pub(crate) fn bytes_done(&self) -> u64 {
        self.stages.iter().map(|s| s.counts.bytes_so_far()).sum()
    }
}

impl Shard {
    pub(crate) fn new(row: ShardRow, now: Millis) -> Self {
        Self { row, receipt: None, leases: Vec::new(), delayed_until: None, ready_since: now }
    }

    pub(crate) fn place(&self) -> (u8, u32) {
        (self.row.shard.stage, self.row.shard.shard)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.row.state, ShardState::Open)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.is_open() && self.leases.is_empty() && self.delayed_until.is_none()
    }

    /// Has a receipt with artifacts that are not visible yet.
    pub(crate) fn is_unpublished(&self) -> bool {
        matches!(self.row.state, ShardState::Done { published: false, .. })
            && self.receipt.as_ref().is_some_and(|r| !r.artifacts.is_empty())
    }

    pub(crate) fn lease(&self, attempt: AttemptId) -> Option<&Live> {
        self.leases.iter().find(|l| l.row.attempt == attempt)
    }
}

impl State {
    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// This coordinator's generation.
    pub fn generation(&self) -> u32 {
        self.meta.generation
    }

    /// Ids of all jobs, oldest first.
    pub fn job_ids(&self) -> impl Iterator<Item = &JobId> {
        self.jobs.keys()
    }

    /// A job's row.
    pub fn job(&self, job: &JobId) -> Option<&JobRow> {
        self.jobs.get(job).map(|j| &j.row)
    }

    /// A stage's row, if it is planned.
    pub fn stage(&self, job: &JobId, stage: u8) -> Option<&StageRow> {
        self.jobs.get(job)?.stage(stage).map(|s| &s.row)
    }

    /// A shard's row.
    pub fn shard(&self, shard: &ShardId) -> Option<&ShardRow> {
        self.shard_at(shard).map(|s| &s.row)
    }

    /// All shards of a stage, in order; none if it is not planned.
    pub fn shards(&self, job: &JobId, stage: u8) -> impl Iterator<Item = &ShardRow> {
        self.stage_at(job, stage).into_iter().flat_map(|s| s.shards.iter().map(|s| &s.row))
    }

    /// The receipts of a stage, in shard order; shards without one are left out.
    pub fn receipts(&self, job: &JobId, stage: u8) -> impl Iterator<Item = &Arc<Receipt>> {
        self.stage_at(job, stage).into_iter().flat_map(|s| s.shards.iter().filter_map(|s| s.receipt.as_ref()))
    }

    /// The receipt of a shard's round, if it has one.
    pub fn receipt(&self, shard: &ShardId) -> Option<&Arc<Receipt>> {
        self.shard_at(shard)?.receipt.as_ref()
    }

    /// Live leases of a shard.
    pub fn leases(&self, shard: &ShardId) -> impl Iterator<Item = &LeaseRow> {
        self.shard_at(shard).into_iter().flat_map(|s| s.leases.iter().map(|l| &l.row))
    }

    /// Some `Acquire` may get a lease now. When work is woken, ask the parked ones again, oldest first, while this holds.
    pub fn work_waiting(&self) -> bool {
        !self.ready_jobs.is_empty() || !self.ending_jobs.is_empty()
    }

    /// When the next `Tick` is due, at the latest.
    pub fn next_wakeup(&self) -> Option<Millis> {
        let pulse = (!self.deadlines.is_empty() || !self.ready_jobs.is_empty())
            .then(|| self.now.saturating_add(self.settings.lease_ttl_ms / 6));
        let times = [
            pulse,
            self.deadlines.first().map(|d| d.0),
            self.delayed.first().map(|d| d.0),
            self.retries.first().map(|r| r.0),
        ];
        times.into_iter().flatten().min()
    }

    /// Wall clock at a moment of the monotonic clock.
    pub(crate) fn unix_at(&self, now: Millis) -> u64 {
        self.unix_offset_ms.saturating_add(now)
    }

    pub(crate) fn shard_at(&self, shard: &ShardId) -> Option<&Shard> {
        self.jobs.get(&shard.job)?.shard(shard.stage, shard.shard)
    }

    pub(crate) fn stage_at(&self, job: &JobId, stage: u8) -> Option<&Stage> {
        self.jobs.get(job)?.stage(stage)
    }

    pub(crate) fn in_flight(&self, key: &EffectKey) -> bool {
        self.flights.contains_key(key)
    }

    /// Heard of within a lease.
    pub(crate) fn is_live(&self, worker: &Worker, now: Millis) -> bool {
        now.saturating_sub(worker.seen) <= self.settings.lease_ttl_ms
    }
}
