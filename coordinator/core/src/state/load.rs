//! From a ledger, and back.

use crate::{
    record::{CorruptLedger, Key, Record},
    rows::{MetaRow, RowState},
    settings::Settings,
    state::{
        fold::{Receipts, receipts_of},
        job::Job,
        model::State,
        shard::{Leased, Shard, ShardState},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

impl State {
    /// Knows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            meta: MetaRow::default(),
            jobs: BTreeMap::new(),
            tokens: BTreeMap::new(),
            ready_jobs: BTreeSet::new(),
            ending_jobs: BTreeSet::new(),
            workers: BTreeMap::new(),
            held: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            delayed: BTreeSet::new(),
            flights: BTreeMap::new(),
            late: BTreeMap::new(),
            retries: BTreeSet::new(),
            events: VecDeque::new(),
            started: false,
            work_stamp: 0,
            now: 0,
            unix_offset_ms: 0,
        }
    }

    /// The state whose records a ledger kept. Rows come in the order of their keys, as a ledger gives them.
    ///
    /// A ledger may be older than the objects, so every job that it or the registry names is compared with the store by
    /// [`Ask::Adopt`](crate::Ask::Adopt) or [`Ask::NothingStored`](crate::Ask::NothingStored), before or after
    /// [`Ask::Start`](crate::Ask::Start); until then the job stands still.
    pub fn load<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        settings: Settings,
        rows: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, CorruptLedger> {
        let rows = rows.into_iter().map(|(key, value)| Record::from_parts(key.as_ref(), value.as_ref()));
        let records: Vec<Record> = rows.collect::<Result<_, _>>()?;
        let receipts = receipts_of(&records);
        let mut state = Self::new(settings);
        for record in &records {
            if !state.has_place_for(record, &receipts) {
                return Err(CorruptLedger::Orphan(record.row()));
            }
            state.apply(record, &receipts);
        }
        state.whole()?;
        Ok(state)
    }

    fn has_place_for(&self, record: &Record, receipts: &Receipts) -> bool {
        match record {
            Record::Meta(_) | Record::Job(_) => true,
            Record::Gone(_) => false,
            Record::Stage(row) => self.jobs.get(&row.job).is_some_and(|j| {
                j.stages.len() == usize::from(row.stage) && j.stages.len() < j.row.leased_stages()
            }),
            Record::Shard(row) => {
                let next = self.stage_at(&row.shard.job, row.shard.stage).is_some_and(|s| {
                    s.shards.len() == row.shard.shard as usize && row.shard.shard < s.row.shards
                });
                let done = matches!(row.state, RowState::Done { .. });
                next && (!done || receipts.get(&row.shard).is_some_and(|r| r.round == row.round))
            }
            Record::Receipt(receipt) => {
                self.shard_at(&receipt.shard).is_some_and(|s| s.receipt().is_some_and(|r| r == receipt))
            }
            Record::Lease(row) => self.shard_at(&row.shard).is_some_and(|s| match &s.state {
                ShardState::Waiting(_) | ShardState::Delayed(_) => true,
                ShardState::Leased(Leased { second, .. }) => second.is_none(),
                ShardState::Done(_) | ShardState::Stopped(_) | ShardState::Excluded(_) => false,
            }),
        }
    }

    /// Every planned shard is there.
    fn whole(&self) -> Result<(), CorruptLedger> {
        let mut stages = self.jobs.values().flat_map(|job| &job.stages);
        match stages.find(|stage| stage.shards.len() != stage.row.shards as usize) {
            Some(stage) => Err(CorruptLedger::Orphan(Key::Stage(stage.row.job.clone(), stage.row.stage))),
            None => Ok(()),
        }
    }

    /// All rows: what a ledger holds that has every record of this state.
    pub fn rows(&self) -> Vec<Record> {
        let mut rows = vec![Record::Meta(self.meta)];
        for job in self.jobs.values() {
            rows.push(Record::Job(Box::new(job.row.clone())));
            rows.extend(below(job));
        }
        rows
    }
}

/// All rows of a job but its own, in the order of their keys.
pub(crate) fn below(job: &Job) -> Vec<Record> {
    let stages = job.stages.iter().map(|s| Record::Stage(Box::new(s.row.clone())));
    let rows = job.shards().map(|s| Record::Shard(Box::new(s.row())));
    let receipts = job.shards().filter_map(Shard::receipt).map(|r| Record::Receipt(Arc::clone(r)));
    let leases = job.shards().flat_map(Shard::leases).map(|l| Record::Lease(Box::new(l.row.clone())));
    stages.chain(rows).chain(receipts).chain(leases).collect()
}
