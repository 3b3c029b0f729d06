//! The shard for a free slot. Every pick costs O(log n) and looks at no more than [`LOOK_AT`] candidates that do not suit.

use crate::{
    schedule::ReadyKey,
    state::{Job, ShardState, State, Worker},
};
use std::cmp::Reverse;
use tarquet_common::{
    clock::Millis,
    ids::{ShardId, WorkerId},
    leasing::Register,
};

/// Candidates looked at before a job is given up for this request.
const LOOK_AT: usize = 64;

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
        let ShardState::Waiting(waiting) = &shard.state else { return None };
        let shunned = shard.history.avoid.as_ref() == Some(&worker.worker)
            && now < waiting.since.saturating_add(state.settings.avoid_ms)
            && another_fits(state, &worker.worker, key.slot_bytes, now);
        (!shunned).then(|| shard.id.clone())
    })
}

/// Somebody else could take it.
fn another_fits(state: &State, not: &WorkerId, slot_bytes: u64, now: Millis) -> bool {
    let fits = |(id, w): (&WorkerId, &Worker)| {
        id != not && !w.draining && w.info.slot_bytes >= slot_bytes && state.is_live(w, now)
    };
    state.workers.iter().any(fits)
}

/// The shard whose one attempt is furthest behind what its size predicts. One that a duplicate has failed on already gets
/// no other: it would fail again, at once and without end.
fn slowest_in(state: &State, job: &Job, worker: &Register, now: Millis) -> Option<ShardId> {
    let late = job.single.iter().take(LOOK_AT).filter_map(|key| {
        let shard = job.shard(key.place.0, key.place.1)?;
        let lease = shard.leases().next()?;
        let failed = shard.history.closed > Some(lease.row.attempt);
        let fits = shard.plan.slot_bytes <= worker.slot_bytes && lease.row.worker != worker.worker && !failed;
        let age = now.saturating_sub(key.granted_at);
        let remaining = remaining_ms(shard.plan.cost_bytes, lease.progress.bytes_done, age);
        (fits && age >= overdue_after(state, job, key.place.0, shard.plan.cost_bytes))
            .then(|| (remaining, shard.id.clone()))
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

    #[test]
    fn nothing_done_is_slowest() {
        assert_eq!(remaining_ms(100, 0, 10), u64::MAX);
        assert_eq!(remaining_ms(100, 50, 10), 10);
        assert_eq!(remaining_ms(100, 100, 10), 0);
        assert_eq!(remaining_ms(u64::MAX, 1, u64::MAX), u64::MAX);
    }
}
