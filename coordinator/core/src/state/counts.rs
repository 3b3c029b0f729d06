//! Sums over the shards of a stage, kept as shards change. What receipts count comes from
//! workers and is judged by the budget, so its sums cannot wrap: what is told of one that is too large is the largest number.
//! The others are of our own plans and clocks; they may wrap, and wrap back.

use crate::state::shard::{Shard, ShardState};
use std::collections::BTreeMap;
use tarquet_common::receipt::Counts;

/// No honest attempt reports more; sums of so many shards still fit.
const ROWS_MAX: u64 = 1 << 50;

/// Sums over the shards of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StageCounts {
    /// Shards.
    pub(crate) shards: u32,
    /// Without a receipt, and may get one.
    pub(crate) open: u32,
    /// Open with a live lease.
    pub(crate) running: u32,
    /// Open and waiting out a delay.
    pub(crate) delayed: u32,
    /// With a receipt.
    pub(crate) done: u32,
    /// With a receipt, and visible.
    pub(crate) published: u32,
    /// Not tried again in this round.
    pub(crate) stopped: u32,
    /// Gone without.
    pub(crate) excluded: u32,
    /// Live leases.
    pub(crate) leases: u32,
    /// Attempts beyond the first of each shard.
    pub(crate) retried: u64,
    /// Bytes of input planned.
    pub(crate) cost_total: u64,
    /// Bytes of input planned in shards that are done.
    pub(crate) cost_done: u64,
    /// Time that the attempts of done shards took, in milliseconds.
    pub(crate) took_ms: u64,
    /// Bytes of input done in live attempts; of two, the further one.
    pub(crate) live_bytes: u64,
    /// Items done in live attempts.
    pub(crate) live_items: u64,
    /// Rows written in live attempts.
    pub(crate) live_rows: u64,
    /// What the receipts count.
    pub(crate) receipts: Receipts,
}

/// What receipts count, all together: as it is told, and as wide as it takes, so that what was added can be taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Receipts {
    pub(crate) items: u64,
    pub(crate) failed: u64,
    pub(crate) rows: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    own: [u128; 5],
    extras: BTreeMap<String, u128>,
}

fn told(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}

impl Receipts {
    fn add(&mut self, counts: &Counts) {
        self.shift(counts, |sum, n| *sum += n);
    }

    fn remove(&mut self, counts: &Counts) {
        self.shift(counts, |sum, n| *sum -= n);
    }

    fn shift(&mut self, counts: &Counts, by: fn(&mut u128, u128)) {
        let Counts { items, failed, rows, bytes_in, bytes_out, extras } = counts;
        for (sum, n) in self.own.iter_mut().zip([items, failed, rows, bytes_in, bytes_out]) {
            by(sum, u128::from(*n));
        }
        for (name, n) in extras {
            let sum = self.extras.entry(name.clone()).or_default();
            by(sum, u128::from(*n));
            if *sum == 0 {
                self.extras.remove(name);
            }
        }
        [self.items, self.failed, self.rows, self.bytes_in, self.bytes_out] = self.own.map(told);
    }

    /// As people are told.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            items: self.items,
            failed: self.failed,
            rows: self.rows,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            extras: self.extras.iter().map(|(name, sum)| (name.clone(), told(*sum))).collect(),
        }
    }
}

impl StageCounts {
    /// Bytes of input gone through, finished or not.
    pub(crate) fn bytes_so_far(&self) -> u64 {
        self.cost_done.saturating_add(self.live_bytes)
    }

    pub(crate) fn add(&mut self, shard: &Shard) {
        self.shift(shard, |a, b| *a += b, |a, b| *a = a.wrapping_add(b));
        if let Some(receipt) = shard.receipt() {
            self.receipts.add(&receipt.counts);
        }
    }

    pub(crate) fn remove(&mut self, shard: &Shard) {
        self.shift(shard, |a, b| *a -= b, |a, b| *a = a.wrapping_sub(b));
        if let Some(receipt) = shard.receipt() {
            self.receipts.remove(&receipt.counts);
        }
    }

    fn shift(&mut self, shard: &Shard, by: fn(&mut u32, u32), by_long: fn(&mut u64, u64)) {
        let plan = &shard.plan;
        by(&mut self.shards, 1);
        by_long(&mut self.cost_total, plan.cost_bytes);
        by_long(&mut self.retried, u64::from(shard.history.attempts.saturating_sub(1)));
        by(&mut self.open, u32::from(shard.state.is_open()));
        match &shard.state {
            ShardState::Waiting(_) => {}
            ShardState::Delayed(_) => by(&mut self.delayed, 1),
            ShardState::Leased(leased) => {
                by(&mut self.running, 1);
                by(&mut self.leases, 1 + u32::from(leased.second.is_some()));
                let further = leased.iter().map(|live| &live.progress).max_by_key(|p| p.bytes_done);
                if let Some(live) = further {
                    by_long(&mut self.live_bytes, live.bytes_done.min(plan.cost_bytes));
                    by_long(&mut self.live_items, live.items_done.min(plan.items));
                    by_long(&mut self.live_rows, live.rows.min(ROWS_MAX));
                }
            }
            ShardState::Done(done) => {
                by(&mut self.done, 1);
                by(&mut self.published, u32::from(done.published));
                by_long(&mut self.cost_done, plan.cost_bytes);
                by_long(&mut self.took_ms, done.took_ms);
            }
            ShardState::Stopped(_) => by(&mut self.stopped, 1),
            ShardState::Excluded(_) => by(&mut self.excluded, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(n: u64) -> Counts {
        let mut counts =
            Counts { items: n, failed: n, rows: n, bytes_in: n, bytes_out: n, ..Counts::default() };
        counts.count("odd", n);
        counts
    }

    /// As many shards as it takes, each with the most that one receipt may count.
    #[test]
    fn no_number_of_receipts_makes_a_sum_small_again() {
        let (most, mut sum) = (counts(1 << 50), Receipts::default());
        for n in 1..=20_000_u64 {
            sum.add(&most);
            let expected = n.saturating_mul(1 << 50);
            assert_eq!((sum.failed, sum.items, sum.rows), (expected, expected, expected));
        }
        assert_eq!(sum.counts(), counts(u64::MAX));
        for _ in 1..20_000 {
            sum.remove(&most);
        }
        assert_eq!(sum.counts(), most, "what was added can be taken away");
        sum.remove(&most);
        assert_eq!(sum, Receipts::default(), "and leaves nothing");
    }
}
