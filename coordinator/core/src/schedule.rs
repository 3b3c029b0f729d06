//! Which shard goes to whom, as ordered keys.
//!
//! Wanted: (A) a job of higher priority first, then the older one; (B) a shard goes only where it fits; (C) a
//! slot takes the largest memory that it can hold, since few can; then the longest work, so that no giant
//! starts last; (D) a shard that failed on a worker goes elsewhere for a while; (E) idle slots near the end
//! repeat what is slowest, at most twice at a time. Every pick costs O(log n) and looks at no more than
//! [`LOOK_AT`] candidates that do not suit.

use crate::state::{Job, State};
use std::cmp::Reverse;
use tarquet_common::{
    clock::Millis,
    ids::{JobId, ShardId, WorkerId},
    leasing::Register,
};

/// Candidates looked at before a job is given up for this request.
const LOOK_AT: usize = 64;

/// Order of jobs: the first is served first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JobOrder {
    pub(crate) priority: Reverse<i32>,
    pub(crate) job: JobId,
}

/// Order of ready shards: the **last** that fits is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReadyKey {
    pub(crate) slot_bytes: u64,
    pub(crate) cost_bytes: u64,
    pub(crate) place: Reverse<(u8, u32)>,
}

/// Order of shards with one live lease: the oldest lease first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SingleKey {
    pub(crate) granted_at: Millis,
    pub(crate) place: (u8, u32),
}

/// What a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) shard: ShardId,
    pub(crate) duplicate: bool,
}

/// The shard for a worker's free slot, if there is one.
pub(crate) fn pick(state: &State, worker: &Register, now: Millis) -> Option<Pick> {
    let ready = state.ready_jobs.iter().find_map(|o| ready_in(state, &state.jobs[&o.job], worker, now));
    let found = ready.map(|shard| Pick { shard, duplicate: false });
    found.or_else(|| {
        let slow = state.ending_jobs.iter().find_map(|o| slowest_in(state, &state.jobs[&o.job], worker, now));
        slow.map(|shard| Pick { shard, duplicate: true })
    })
}

fn ready_in(state: &State, job: &Job, worker: &Register, now: Millis) -> Option<ShardId> {
    let most =
        ReadyKey { slot_bytes: worker.slot_bytes, cost_bytes: u64::MAX, place: Reverse((u8::MIN, u32::MIN)) };
    job.ready.range(..=most).rev().take(LOOK_AT).find_map(|key| {
        let (stage, number) = key.place.0;
        let shard = job.shard(stage, number)?;
        let shunned = shard.row.avoid.as_ref() == Some(&worker.worker)
            && now < shard.ready_since.saturating_add(state.settings.avoid_ms)
            && another_fits(state, &worker.worker, key.slot_bytes, now);
        (!shunned).then(|| shard.row.shard.clone())
    })
}

/// Somebody else could take it.
fn another_fits(state: &State, not: &WorkerId, slot_bytes: u64, now: Millis) -> bool {
    let fits = |(id, w): (&WorkerId, &crate::state::Worker)| {
        id != not && !w.draining && w.info.slot_bytes >= slot_bytes && state.is_live(w, now)
    };
    state.workers.iter().any(fits)
}

/// The shard whose one attempt is furthest behind what its size predicts.
fn slowest_in(state: &State, job: &Job, worker: &Register, now: Millis) -> Option<ShardId> {
    let late = job.single.iter().take(LOOK_AT).filter_map(|key| {
        let shard = job.shard(key.place.0, key.place.1)?;
        let lease = shard.leases.first()?;
        let fits = shard.row.plan.slot_bytes <= worker.slot_bytes && lease.row.worker != worker.worker;
        let age = now.saturating_sub(key.granted_at);
        let remaining = remaining_ms(shard.row.plan.cost_bytes, lease.progress.bytes_done, age);
        (fits && age >= overdue_after(state, job, key.place.0, shard.row.plan.cost_bytes))
            .then(|| (remaining, shard.row.shard.clone()))
    });
    late.max().map(|(_, shard)| shard)
}

/// Time left at the pace so far; an attempt that has done nothing is the slowest of all.
fn remaining_ms(cost: u64, done: u64, age: Millis) -> u64 {
    match done {
        0 => u64::MAX,
        done => {
            let left = u128::from(cost.saturating_sub(done)) * u128::from(age) / u128::from(done);
            u64::try_from(left).unwrap_or(u64::MAX)
        }
    }
}

/// How old an attempt must be before it is called slow.
fn overdue_after(state: &State, job: &Job, stage: u8, cost: u64) -> Millis {
    let s = &state.settings;
    let counts = &job.stages[usize::from(stage)].counts;
    let predicted = match (counts.took_ms, counts.cost_done) {
        (_, 0) => s.lease_ttl_ms.saturating_mul(2),
        (ms, done) => {
            let ms =
                u128::from(ms) * u128::from(cost) / u128::from(done) * u128::from(s.duplicate_percent) / 100;
            u64::try_from(ms).unwrap_or(u64::MAX)
        }
    };
    predicted.max(s.duplicate_after_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn key(slot_bytes: u64, cost_bytes: u64, shard: u32) -> ReadyKey {
        ReadyKey { slot_bytes, cost_bytes, place: Reverse((0, shard)) }
    }

    #[test]
    fn memory_then_work_then_number() {
        let ready: BTreeSet<_> =
            [key(1, 9, 0), key(2, 5, 3), key(2, 5, 1), key(2, 7, 2), key(3, 1, 4)].into();
        let order: Vec<u32> = ready.iter().rev().map(|k| k.place.0.1).collect();
        assert_eq!(order, [4, 2, 1, 3, 0]);
    }

    #[test]
    fn priority_then_age() {
        let job = |ms| JobId::from_parts(ms, 0);
        let order = |priority, ms| JobOrder { priority: Reverse(priority), job: job(ms) };
        let jobs: BTreeSet<_> = [order(0, 1), order(0, 2), order(5, 3)].into();
        let served: Vec<_> = jobs.into_iter().map(|o| o.job).collect();
        assert_eq!(served, [job(3), job(1), job(2)]);
    }

    #[test]
    fn nothing_done_is_slowest() {
        assert_eq!(remaining_ms(100, 0, 10), u64::MAX);
        assert_eq!(remaining_ms(100, 50, 10), 10);
        assert_eq!(remaining_ms(100, 100, 10), 0);
        assert_eq!(remaining_ms(u64::MAX, 1, u64::MAX), u64::MAX);
    }
}
