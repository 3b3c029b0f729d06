//! A job and its planned stages, with what is derived from their shards.

use crate::{
    rows::{JobRow, StageRow},
    schedule::{JobOrder, ReadyKey, SingleKey},
    state::{
        counts::StageCounts,
        shard::{Shard, ShardState},
    },
};
use std::collections::{BTreeSet, VecDeque};
use tarquet_common::{clock::Millis, failure::Failure};

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) row: JobRow,
    pub(crate) stages: Vec<Stage>,
    /// Compared with the store by this process. A ledger may be older than the objects, and what follows from old rows
    /// (an outcome!) cannot be taken back.
    pub(crate) compared: bool,
    /// Why it could not be yet.
    pub(crate) unread: Option<Box<Failure>>,
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
    /// (monotonic, item bytes done in all stages), the last few.
    pub(crate) samples: VecDeque<(Millis, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) row: StageRow,
    pub(crate) shards: Vec<Shard>,
    pub(crate) counts: StageCounts,
}

impl Stage {
    /// Whether it accounts for the job's items: it makes the parts; or it set items aside and nothing was left to make parts
    /// of.
    pub(crate) fn accounts_for_items(&self) -> bool {
        self.row.partitions > 0 || self.counts.receipts.failed > 0
    }

    /// Whether the job can go on without the shards that are stopped here: no partition is missing then.
    pub(crate) fn can_lose_stopped(&self) -> bool {
        let mut stopped = self.shards.iter().filter(|s| matches!(s.state, ShardState::Stopped(_)));
        stopped.all(|s| s.plan.partition_count == 0)
    }
}

impl Job {
    pub(crate) fn new(row: JobRow) -> Self {
        Self {
            row,
            stages: Vec::new(),
            compared: false,
            unread: None,
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

    pub(crate) fn stage(&self, stage: u8) -> Option<&Stage> {
        self.stages.get(usize::from(stage))
    }

    pub(crate) fn shard(&self, stage: u8, number: u32) -> Option<&Shard> {
        self.stage(stage)?.shards.get(number as usize)
    }

    /// All shards of all planned stages, in order.
    pub(crate) fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.stages.iter().flat_map(|stage| &stage.shards)
    }

    /// Shards of all stages that have no receipt and may still get one.
    pub(crate) fn open_shards(&self) -> u32 {
        self.stages.iter().map(|s| s.counts.open).sum()
    }

    /// Nothing may be set going before its rows are compared with the store. What is over stays so.
    pub(crate) fn stands_still(&self) -> bool {
        !self.compared && !self.row.phase.is_over()
    }

    /// Bytes of items gone through, finished or not.
    pub(crate) fn bytes_done(&self) -> u64 {
        self.stages.iter().map(|s| s.counts.bytes_so_far()).sum()
    }
}
