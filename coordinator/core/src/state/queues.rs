//! Taking a shard out of the derived queues and counts, and putting it back.

use crate::{
    phase::Phase,
    schedule::{JobOrder, ReadyKey, SingleKey},
    state::model::{Job, Shard, State},
};
use std::cmp::Reverse;
use tarquet_common::ids::{JobId, ShardId};

impl State {
    /// Changes a shard; queues and counts follow. A shard that is not there is left alone.
    pub(crate) fn change_shard(&mut self, id: &ShardId, change: impl FnOnce(&mut Shard)) {
        let Some(job) = self.jobs.get_mut(&id.job) else { return };
        let place = (id.stage, id.shard);
        let Some(stage) = job.stages.get_mut(usize::from(id.stage)) else { return };
        let Some(shard) = stage.shards.get_mut(id.shard as usize) else { return };
        stage.counts.remove(shard);
        let (ready_before, single_before) = (ready_key(shard), single_key(shard));
        if let Some(until) = shard.delayed_until {
            self.delayed.remove(&(until, id.clone()));
        }
        change(shard);
        if !shard.is_open() || !shard.leases.is_empty() {
            shard.delayed_until = None;
        }
        if ready_before.is_none() && shard.is_ready() {
            shard.ready_since = self.now;
        }
        stage.counts.add(shard);
        if let Some(until) = shard.delayed_until {
            self.delayed.insert((until, id.clone()));
        }
        let ready = ready_key(shard);
        self.work_stamp += u64::from(ready.is_some() && ready_before.is_none());
        swap(&mut job.ready, ready_before, ready);
        swap(&mut job.single, single_before, single_key(shard));
        set(&mut job.unpublished, place, shard.is_unpublished());
        set(&mut job.stopped, place, matches!(shard.row.state, crate::rows::ShardState::Stopped { .. }));
        self.relist(&id.job);
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
}

/// New leases of this job may go out.
pub(crate) fn may_lease(job: &Job) -> bool {
    let leasing = matches!(job.row.phase, Phase::Running(_) | Phase::Publishing(_));
    leasing && !job.row.paused && job.generation_ready
}

fn ready_key(shard: &Shard) -> Option<ReadyKey> {
    shard.is_ready().then(|| ReadyKey {
        slot_bytes: shard.row.plan.slot_bytes,
        cost_bytes: shard.row.plan.cost_bytes,
        place: Reverse(shard.place()),
    })
}

fn single_key(shard: &Shard) -> Option<SingleKey> {
    let [only] = shard.leases.as_slice() else { return None };
    shard.is_open().then(|| SingleKey { granted_at: only.granted_at, place: shard.place() })
}

fn swap<T: Ord>(set: &mut std::collections::BTreeSet<T>, old: Option<T>, new: Option<T>) {
    if let Some(old) = old {
        set.remove(&old);
    }
    set.extend(new);
}

fn set<T: Ord>(set: &mut std::collections::BTreeSet<T>, item: T, there: bool) {
    if there {
        set.insert(item);
    } else {
        set.remove(&item);
    }
}
