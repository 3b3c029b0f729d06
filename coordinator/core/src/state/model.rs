//! The shape of a state.

use crate::{
    effect::{Effect, EffectKey},
    event::Event,
    rows::{JobRow, LeaseRow, MetaRow, ShardRow, StageRow},
    schedule::JobOrder,
    settings::Settings,
    state::{
        job::{Job, Stage},
        shard::Shard,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};
use tarquet_common::{
    clock::Millis,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::Register,
    receipt::Receipt,
    seal::Seal,
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
    /// Those that were started more than once or could not be done, by job: so few that whoever looks may go through them.
    pub(crate) late: BTreeMap<JobId, BTreeSet<EffectKey>>,
    /// When effects that could not be done are started again.
    pub(crate) retries: BTreeSet<(Millis, EffectKey)>,
    pub(crate) events: VecDeque<Event>,
    /// `Start` was decided. Before it, jobs are taken over from the store but nothing is set going.
    pub(crate) started: bool,
    /// Grows when a shard becomes ready or a job may lease again.
    pub(crate) work_stamp: u64,
    /// Monotonic clock of the last cause.
    pub(crate) now: Millis,
    /// Wall clock minus monotonic clock, as last told.
    pub(crate) unix_offset_ms: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) info: Register,
    /// Of the secret that it registered with.
    pub(crate) seal: Seal,
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
    pub fn shard(&self, shard: &ShardId) -> Option<ShardRow> {
        self.shard_at(shard).map(Shard::row)
    }

    /// The receipts of a stage, in shard order; shards without one are left out.
    pub fn receipts(&self, job: &JobId, stage: u8) -> impl Iterator<Item = &Arc<Receipt>> {
        self.stage_at(job, stage).into_iter().flat_map(|s| s.shards.iter().filter_map(Shard::receipt))
    }

    /// The receipt of a shard's round, if it has one.
    pub fn receipt(&self, shard: &ShardId) -> Option<&Arc<Receipt>> {
        self.shard_at(shard)?.receipt()
    }

    /// Live leases of a shard.
    pub fn leases(&self, shard: &ShardId) -> impl Iterator<Item = &LeaseRow> {
        self.shard_at(shard).into_iter().flat_map(Shard::leases).map(|live| &live.row)
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

    /// How often the effect in flight was started, by this coordinator; 0 if it is not in flight.
    pub fn tries(&self, key: &EffectKey) -> u32 {
        self.flights.get(key).map_or(0, |flight| flight.tries)
    }

    /// Effects of a job that were started more than once, or could not be done.
    pub(crate) fn late(&self, job: &JobId) -> impl Iterator<Item = (&EffectKey, &Flight)> {
        let keys = self.late.get(job).into_iter().flatten();
        keys.filter_map(|key| self.flights.get_key_value(key))
    }

    pub(crate) fn in_flight(&self, key: &EffectKey) -> bool {
        self.flights.contains_key(key)
    }

    /// Heard of within a lease.
    pub(crate) fn is_live(&self, worker: &Worker, now: Millis) -> bool {
        now.saturating_sub(worker.seen) <= self.settings.lease_ttl_ms
    }
}
