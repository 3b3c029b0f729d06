//! A shard as its rows, and back: the fold that a ledger's rows go through when they are loaded, and a decision's when it is
//! absorbed.
//!
//! A shard has up to four rows: its own, its receipt's, and one for each live lease. Its own row and its receipt are folded
//! together, for neither means anything without the other.

use crate::{
    record::Record,
    rows::{RowState, ShardRow},
    state::shard::{Done, Excluded, History, Shard, ShardState, Stopped, Waiting},
};
use std::{collections::BTreeMap, sync::Arc};
use tarquet_common::{clock::Millis, ids::ShardId, receipt::Receipt};

/// Receipts by their shards.
pub(crate) type Receipts = BTreeMap<ShardId, Arc<Receipt>>;

/// The receipts among these records.
pub(crate) fn receipts_of(records: &[Record]) -> Receipts {
    let receipts = records.iter().filter_map(|record| match record {
        Record::Receipt(receipt) => Some((receipt.shard.clone(), Arc::clone(receipt))),
        _ => None,
    });
    receipts.collect()
}

/// A row says that its shard is done, and no receipt of its round is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoReceipt;

impl Shard {
    /// The shard's own row.
    pub(crate) fn row(&self) -> ShardRow {
        let history = self.history.clone();
        ShardRow {
            shard: self.id.clone(),
            plan: self.plan.clone(),
            round: self.round,
            state: match &self.state {
                ShardState::Waiting(_) | ShardState::Delayed(_) | ShardState::Leased(_) => RowState::Open,
                ShardState::Done(done) => RowState::Done { published: done.published, took_ms: done.took_ms },
                ShardState::Stopped(stopped) => RowState::Stopped { failure: stopped.failure.clone() },
                ShardState::Excluded(excluded) => RowState::Excluded { failure: excluded.failure.clone() },
            },
            charged: history.charged,
            bugs: history.bugs,
            attempts: history.attempts,
            newest: history.newest,
            owner: history.owner,
            closed: history.closed,
            avoid: history.avoid,
            last_failure: history.last_failure,
            suspects: history.suspects,
            skip: history.skip,
            silent: history.silent,
        }
    }

    /// Is from now on what its row says. While that says `open` in the same round, leases and delays go on.
    pub(crate) fn follow(
        &mut self,
        row: &ShardRow,
        receipt: Option<&Arc<Receipt>>,
        now: Millis,
    ) -> Result<(), NoReceipt> {
        let state = match &row.state {
            RowState::Open if row.round == self.round && self.state.is_open() => None,
            RowState::Open => Some(ShardState::Waiting(Waiting { since: now })),
            RowState::Done { published, took_ms } => {
                let of_round = |r: &&Arc<Receipt>| r.round == row.round;
                let receipt = receipt.or(self.receipt()).filter(of_round).ok_or(NoReceipt)?;
                let receipt = Arc::clone(receipt);
                Some(ShardState::Done(Done { receipt, published: *published, took_ms: *took_ms }))
            }
            RowState::Stopped { failure } => Some(ShardState::Stopped(Stopped { failure: failure.clone() })),
            RowState::Excluded { failure } => {
                Some(ShardState::Excluded(Excluded { failure: failure.clone() }))
            }
        };
        self.round = row.round;
        self.history = history_of(row);
        if let Some(state) = state {
            self.state = state;
        }
        Ok(())
    }
}

fn history_of(row: &ShardRow) -> History {
    History {
        charged: row.charged,
        bugs: row.bugs,
        attempts: row.attempts,
        newest: row.newest,
        owner: row.owner.clone(),
        closed: row.closed,
        avoid: row.avoid.clone(),
        last_failure: row.last_failure.clone(),
        suspects: row.suspects.clone(),
        skip: row.skip.clone(),
        silent: row.silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rows::LeaseRow, state::shard::Live};
    use tarquet_common::{
        ids::{AttemptId, JobId, WorkerId},
        leasing::Progress,
        stage_plan::ShardRecord,
    };

    fn leased() -> Shard {
        let id = ShardId { job: JobId::from_parts(1, 1), stage: 0, shard: 0 };
        let row = LeaseRow {
            shard: id.clone(),
            round: 0,
            attempt: AttemptId { generation: 1, n: 0 },
            number: 1,
            worker: WorkerId("w".to_owned()),
            seal: None,
            request: None,
            careful: false,
            granted_unix_ms: 0,
        };
        let progress = Progress::default();
        let live = Live { row, granted_at: 1, deadline: 9, progressed_at: 1, progress };
        let mut shard = Shard::planned(id, ShardRecord::default(), 1);
        shard.begin_lease(live).expect("it waits");
        shard
    }

    #[test]
    fn an_open_row_of_the_same_round_leaves_leases_alone() {
        let mut shard = leased();
        let row = ShardRow { charged: 2, ..shard.row() };
        shard.follow(&row, None, 5).expect("it fits");
        assert_eq!((shard.history.charged, shard.leases().count()), (2, 1));
    }

    #[test]
    fn a_new_round_ends_leases() {
        let mut shard = leased();
        let row = ShardRow { round: 1, ..shard.row() };
        shard.follow(&row, None, 5).expect("it fits");
        assert_eq!((shard.round, shard.state), (1, ShardState::Waiting(Waiting { since: 5 })));
    }

    #[test]
    fn done_without_a_receipt_is_nothing() {
        let mut shard = leased();
        let row = ShardRow { state: RowState::Done { published: false, took_ms: 3 }, ..shard.row() };
        assert_eq!(shard.follow(&row, None, 5), Err(NoReceipt));
        assert_eq!(shard, leased(), "and changes nothing");
    }
}
