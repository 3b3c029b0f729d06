//! From a ledger, and back.

use crate::{
    record::{CorruptLedger, Key, Record},
    rows::MetaRow,
    settings::Settings,
    state::model::{Job, State},
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
    /// [`Command::Adopt`](crate::Command::Adopt) or [`Command::NothingStored`](crate::Command::NothingStored), before or after [`Command::Start`](crate::Command::Start); until then
    /// the job stands still.
    pub fn load<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        settings: Settings,
        rows: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, CorruptLedger> {
        let mut state = Self::new(settings);
        for (key, value) in rows {
            let record = Record::from_parts(key.as_ref(), value.as_ref())?;
            if !state.has_place_for(&record) {
                return Err(CorruptLedger::Orphan(record.row()));
            }
            state.apply(&record);
        }
        state.whole()?;
        Ok(state)
    }

    fn has_place_for(&self, record: &Record) -> bool {
        match record {
            Record::Meta(_) | Record::Job(_) => true,
            Record::Gone(_) => false,
            Record::Stage(row) => self.jobs.get(&row.job).is_some_and(|j| {
                j.stages.len() == usize::from(row.stage) && j.stages.len() < j.row.leased_stages()
            }),
            Record::Shard(row) => self.stage_at(&row.shard.job, row.shard.stage).is_some_and(|s| {
                s.shards.len() == row.shard.shard as usize && row.shard.shard < s.row.shards
            }),
            Record::Receipt(receipt) => self.shard_at(&receipt.shard).is_some(),
            Record::Lease(row) => self.shard_at(&row.shard).is_some_and(|s| s.leases.len() < 2),
        }
    }

    /// Every planned shard and every receipt is there.
    fn whole(&self) -> Result<(), CorruptLedger> {
        for job in self.jobs.values() {
            for stage in &job.stages {
                let key = || Key::Stage(stage.row.job.clone(), stage.row.stage);
                if stage.shards.len() != stage.row.shards as usize {
                    return Err(CorruptLedger::Orphan(key()));
                }
                for shard in &stage.shards {
                    let done = matches!(shard.row.state, crate::rows::ShardState::Done { .. });
                    if done != shard.receipt.is_some() {
                        return Err(CorruptLedger::Orphan(Key::Receipt(shard.row.shard.clone())));
                    }
                }
            }
        }
        Ok(())
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
    let shards = || job.stages.iter().flat_map(|s| &s.shards);
    let stages = job.stages.iter().map(|s| Record::Stage(Box::new(s.row.clone())));
    let rows = shards().map(|s| Record::Shard(Box::new(s.row.clone())));
    let receipts = shards().filter_map(|s| s.receipt.as_ref()).map(|r| Record::Receipt(Arc::clone(r)));
    let leases = shards().flat_map(|s| &s.leases).map(|l| Record::Lease(Box::new(l.row.clone())));
    stages.chain(rows).chain(receipts).chain(leases).collect()
}
