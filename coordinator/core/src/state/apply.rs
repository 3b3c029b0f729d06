//! Records change rows; nothing else does.

use crate::{
    decision::{Decision, Note},
    record::{Key, Record},
    rows::{JobRow, LeaseRow, ShardRow, StageRow},
    state::{
        counts::StageCounts,
        fold::{Receipts, receipts_of},
        job::{Job, Stage},
        model::State,
        shard::{Live, Shard},
    },
};
use std::collections::btree_map::Entry;
use tarquet_common::{ids::JobId, leasing::Progress};

impl State {
    /// Takes a decision in: records first, then notes (clocks before both). Its records must be durable before anything
    /// else of the decision leaves the process.
    pub fn absorb(&mut self, decision: &Decision) {
        let is_clock = |n: &&Note| matches!(n, Note::Clock { .. });
        decision.notes.iter().filter(is_clock).for_each(|n| self.note(n));
        let receipts = receipts_of(&decision.records);
        decision.records.iter().for_each(|r| self.apply(r, &receipts));
        decision.notes.iter().filter(|n| !is_clock(n)).for_each(|n| self.note(n));
        for event in &decision.events {
            if self.events.len() >= self.settings.events_kept {
                self.events.pop_front();
            }
            self.events.push_back(event.clone());
        }
    }

    /// The only change of rows. A row of a job, stage or shard that is not there has no effect. `receipts` are those that
    /// come with the record, before or after it.
    ///
    /// # Panics
    /// When the record does not fit the state: then what decided on it is broken, and memory must not go on beside
    /// another ledger.
    pub(crate) fn apply(&mut self, record: &Record, receipts: &Receipts) {
        match record {
            Record::Meta(row) => self.meta = *row,
            Record::Job(row) => self.apply_job(row),
            Record::Stage(row) => self.apply_stage(row),
            Record::Shard(row) => self.apply_shard(row, receipts),
            // Its shard's row says that the shard is done, and takes the receipt with it.
            Record::Receipt(_) => {}
            Record::Lease(row) => self.apply_lease(row),
            Record::Gone(key) => self.apply_gone(key),
        }
    }

    fn apply_job(&mut self, row: &JobRow) {
        match self.jobs.entry(row.job.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(Job::new(row.clone()));
            }
            Entry::Occupied(mut entry) => {
                let job = entry.get_mut();
                if job.row.generation != row.generation {
                    job.next_attempt = 0;
                }
                job.row = row.clone();
            }
        }
        self.tokens.insert(row.token.clone(), row.job.clone());
        self.relist(&row.job);
    }

    fn apply_stage(&mut self, row: &StageRow) {
        let Some(job) = self.jobs.get_mut(&row.job) else { return };
        let planned = job.stages.len();
        if let Some(stage) = job.stages.get_mut(usize::from(row.stage)) {
            stage.row = row.clone();
        } else if planned == usize::from(row.stage) {
            job.stages.push(Stage { row: row.clone(), shards: Vec::new(), counts: StageCounts::default() });
        }
    }

    fn apply_shard(&mut self, row: &ShardRow, receipts: &Receipts) {
        let now = self.now;
        let stage = self.jobs.get(&row.shard.job).and_then(|job| job.stage(row.shard.stage));
        if stage.is_some_and(|stage| stage.shards.len() == row.shard.shard as usize) {
            self.add_shard(Shard::planned(row.shard.clone(), row.plan.clone(), now));
        }
        self.change_shard(&row.shard, |shard| {
            let receipt = receipts.get(&row.shard);
            shard.follow(row, receipt, now).expect("who says that a shard is done brings its receipt");
        });
    }

    fn apply_lease(&mut self, row: &LeaseRow) {
        let now = self.now;
        let live = Live {
            row: row.clone(),
            granted_at: now,
            deadline: u64::MAX,
            progressed_at: now,
            progress: Progress::default(),
        };
        self.change_shard(&row.shard, |shard| {
            shard.begin_lease(live).expect("only a shard with a place for it is leased");
        });
        if let Some(job) = self.jobs.get_mut(&row.shard.job)
            && row.attempt.generation == job.row.generation
        {
            job.next_attempt = job.next_attempt.max(row.attempt.n.saturating_add(1));
        }
    }

    fn apply_gone(&mut self, key: &Key) {
        match key {
            Key::Meta => {}
            Key::Job(job) => self.remove_job(job),
            Key::Stage(job, stage) => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.stages.truncate(usize::from(*stage));
                }
            }
            // A shard goes with its stage, and a receipt with the round that its shard's row leaves.
            Key::Shard(_) | Key::Receipt(_) => {}
            Key::Lease(shard, attempt) => {
                let now = self.now;
                // One that its shard's row has ended already is not there.
                self.change_shard(shard, |shard| {
                    shard.end_lease(*attempt, now).ok();
                });
            }
        }
    }

    fn remove_job(&mut self, id: &JobId) {
        let Some(job) = self.jobs.remove(id) else { return };
        self.tokens.remove(&job.row.token);
        self.unlist_job(&job);
    }
}
