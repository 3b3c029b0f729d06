//! Which shard goes to whom, as ordered keys: the first in order is looked at first.
//!
//! Wanted: (A) a job of higher priority first, then the older one; (B) a shard goes only where it fits; (C) a
//! slot takes the largest memory that it can hold, since few can; then the longest work, so that no giant
//! starts last; (D) a shard that failed on a worker goes elsewhere for a while; (E) idle slots near the end
//! repeat what is slowest, at most twice at a time. The keys give (A) and (C), `decide/pick` the rest.

use std::cmp::Reverse;
use tarquet_common::{clock::Millis, ids::JobId};

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
}
