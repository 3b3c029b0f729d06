//! Sums over the shards of a stage, kept as shards change.

use crate::{rows::ShardState, state::model::Shard};
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
    pub(crate) receipts: Counts,
}

impl StageCounts {
    /// Bytes of input gone through, finished or not.
    pub(crate) fn bytes_so_far(&self) -> u64 {
        self.cost_done + self.live_bytes
    }

    pub(crate) fn add(&mut self, shard: &Shard) {
        self.shift(shard, |a, b| *a += b, |a, b| *a += b);
        if let Some(receipt) = &shard.receipt {
            self.receipts.add(&receipt.counts);
        }
    }

    pub(crate) fn remove(&mut self, shard: &Shard) {
        self.shift(shard, |a, b| *a -= b, |a, b| *a -= b);
        if let Some(receipt) = &shard.receipt {
            self.receipts.subtract(&receipt.counts);
        }
    }

    fn shift(&mut self, shard: &Shard, by: fn(&mut u32, u32), by_long: fn(&mut u64, u64)) {
        let plan = &shard.row.plan;
        by(&mut self.shards, 1);
        by_long(&mut self.cost_total, plan.cost_bytes);
        by_long(&mut self.retried, u64::from(shard.row.attempts.saturating_sub(1)));
        by(&mut self.leases, u32::try_from(shard.leases.len()).expect("two leases at most"));
        match &shard.row.state {
            ShardState::Open => {
                by(&mut self.open, 1);
                by(&mut self.running, u32::from(!shard.leases.is_empty()));
                let delayed = shard.leases.is_empty() && shard.delayed_until.is_some();
                by(&mut self.delayed, u32::from(delayed));
                let live = shard.leases.iter().map(|l| &l.progress).max_by_key(|p| p.bytes_done);
                if let Some(live) = live {
                    by_long(&mut self.live_bytes, live.bytes_done.min(plan.cost_bytes));
                    by_long(&mut self.live_items, live.items_done.min(plan.items));
                    by_long(&mut self.live_rows, live.rows.min(ROWS_MAX));
                }
            }
            ShardState::Done { published, took_ms } => {
                by(&mut self.done, 1);
                by(&mut self.published, u32::from(*published));
                by_long(&mut self.cost_done, plan.cost_bytes);
                by_long(&mut self.took_ms, *took_ms);
            }
            ShardState::Stopped { .. } => by(&mut self.stopped, 1),
            ShardState::Excluded { .. } => by(&mut self.excluded, 1),
        }
    }
}
