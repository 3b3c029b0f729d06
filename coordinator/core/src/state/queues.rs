//! What is derived from shards: where each one stands in the queues and counts, taken out before it changes and put back
//! after.

use crate::{
    phase::Phase,
    schedule::{JobOrder, ReadyKey, SingleKey},
    state::{
        job::Job,
        model::State,
        shard::{Leased, Live, Shard, ShardState},
    },
};
use std::{cmp::Reverse, collections::BTreeSet};
use tarquet_common::{
    clock::Millis,
    ids::{AttemptId, JobId, ShardId, WorkerId},
};

/// Where a shard stands in everything that is sorted by shards or leases.
#[derive(PartialEq)]
struct Places {
    ready: Option<ReadyKey>,
    single: Option<SingleKey>,
    delayed: Option<Millis>,
    leases: Vec<LeasePlace>,
    unpublished: bool,
    stopped: bool,
}

/// Where a lease stands: when it is looked at, and with whom.
#[derive(PartialEq)]
struct LeasePlace {
    due: Millis,
    worker: WorkerId,
    attempt: AttemptId,
    request: Option<u64>,
}

impl Places {
    fn of(shard: &Shard, stuck_after_ms: u64) -> Self {
        let place = shard.place();
        let ready = matches!(shard.state, ShardState::Waiting(_)).then(|| ReadyKey {
            slot_bytes: shard.plan.slot_bytes,
            cost_bytes: shard.plan.cost_bytes,
            place: Reverse(place),
        });
        let single = match &shard.state {
            ShardState::Leased(Leased { first, second: None }) => {
                Some(SingleKey { granted_at: first.granted_at, place })
            }
            _ => None,
        };
        let delayed = match &shard.state {
            ShardState::Delayed(delayed) => Some(delayed.until),
            _ => None,
        };
        Self {
            ready,
            single,
            delayed,
            leases: shard.leases().map(|live| LeasePlace::of(live, stuck_after_ms)).collect(),
            unpublished: shard.is_unpublished(),
            stopped: matches!(shard.state, ShardState::Stopped(_)),
        }
    }
}

impl LeasePlace {
    /// A lease is looked at when its deadline comes, or when it would be stuck.
    fn of(live: &Live, stuck_after_ms: u64) -> Self {
        Self {
            due: live.deadline.min(live.progressed_at.saturating_add(stuck_after_ms)),
            worker: live.row.worker.clone(),
            attempt: live.row.attempt,
            request: live.row.request,
        }
    }
}

impl State {
    /// Changes a shard; queues and counts follow. A shard that is not there is left alone.
    pub(crate) fn change_shard(&mut self, id: &ShardId, change: impl FnOnce(&mut Shard)) {
        let stuck_after_ms = self.settings.stuck_after_ms;
        let Some(job) = self.jobs.get_mut(&id.job) else { return };
        let Some(stage) = job.stages.get_mut(usize::from(id.stage)) else { return };
        let Some(shard) = stage.shards.get_mut(id.shard as usize) else { return };
        let before = Places::of(shard, stuck_after_ms);
        stage.counts.remove(shard);
        change(shard);
        stage.counts.add(shard);
        let after = Places::of(shard, stuck_after_ms);
        if before != after {
            self.work_stamp += u64::from(after.ready.is_some() && before.ready.is_none());
            self.take_out(id, before);
            self.put_in(id, after);
        }
        self.relist(&id.job);
    }

    /// Adds the next shard of its stage.
    pub(crate) fn add_shard(&mut self, shard: Shard) {
        let places = Places::of(&shard, self.settings.stuck_after_ms);
        let id = shard.id.clone();
        let Some(job) = self.jobs.get_mut(&id.job) else { return };
        let Some(stage) = job.stages.get_mut(usize::from(id.stage)) else { return };
        stage.counts.add(&shard);
        stage.shards.push(shard);
        self.put_in(&id, places);
    }

    fn take_out(&mut self, id: &ShardId, places: Places) {
        for LeasePlace { due, worker, attempt, .. } in places.leases {
            self.deadlines.remove(&(due, id.clone(), attempt));
            if let Some(held) = self.held.get_mut(&worker) {
                held.remove(&(id.clone(), attempt));
                if held.is_empty() {
                    self.held.remove(&worker);
                }
            }
        }
        if let Some(until) = places.delayed {
            self.delayed.remove(&(until, id.clone()));
        }
        let Some(job) = self.jobs.get_mut(&id.job) else { return };
        remove(&mut job.ready, places.ready);
        remove(&mut job.single, places.single);
        let place = (id.stage, id.shard);
        remove(&mut job.unpublished, places.unpublished.then_some(place));
        remove(&mut job.stopped, places.stopped.then_some(place));
    }

    fn put_in(&mut self, id: &ShardId, places: Places) {
        for LeasePlace { due, worker, attempt, request } in places.leases {
            self.deadlines.insert((due, id.clone(), attempt));
            self.held.entry(worker).or_default().insert((id.clone(), attempt), request);
        }
        self.delayed.extend(places.delayed.map(|until| (until, id.clone())));
        let Some(job) = self.jobs.get_mut(&id.job) else { return };
        job.ready.extend(places.ready);
        job.single.extend(places.single);
        let place = (id.stage, id.shard);
        job.unpublished.extend(places.unpublished.then_some(place));
        job.stopped.extend(places.stopped.then_some(place));
    }

    /// Puts a job where it belongs in the two sets of jobs.
    pub(crate) fn relist(&mut self, id: &JobId) {
        let Some(job) = self.jobs.get_mut(id) else { return };
        let before = job.listed.take();
        if let Some(old) = &before {
            self.ready_jobs.remove(old);
            self.ending_jobs.remove(old);
        }
        if !may_lease(job) {
            return;
        }
        let order = JobOrder { priority: Reverse(job.row.options.priority), job: id.clone() };
        let delayed = job.stages.iter().any(|s| s.counts.delayed > 0);
        if !job.ready.is_empty() {
            self.ready_jobs.insert(order.clone());
            job.listed = Some(order);
        } else if !delayed && !job.single.is_empty() {
            self.ending_jobs.insert(order.clone());
            job.listed = Some(order);
        }
        self.work_stamp += u64::from(before.is_none() && job.listed.is_some());
    }

    /// Takes a job out of everything that is sorted by shards, leases or jobs.
    pub(crate) fn unlist_job(&mut self, job: &Job) {
        let id = &job.row.job;
        if let Some(order) = &job.listed {
            self.ready_jobs.remove(order);
            self.ending_jobs.remove(order);
        }
        self.delayed.retain(|(_, shard)| shard.job != *id);
        self.deadlines.retain(|(_, shard, _)| shard.job != *id);
        for held in self.held.values_mut() {
            held.retain(|(shard, _), _| shard.job != *id);
        }
        self.held.retain(|_, held| !held.is_empty());
    }
}

/// New leases of this job may go out.
fn may_lease(job: &Job) -> bool {
    let leasing = matches!(job.row.phase, Phase::Running(_) | Phase::Publishing(_));
    leasing && !job.row.paused && job.generation_ready
}

fn remove<T: Ord>(set: &mut BTreeSet<T>, item: Option<T>) {
    if let Some(item) = item {
        set.remove(&item);
    }
}
