//! Records change rows; nothing else does.

use crate::{
    decision::{Decision, Note},
    record::{Key, Record},
    rows::{JobRow, LeaseRow, ShardRow, StageRow},
    state::model::{Job, Live, Shard, Stage, State},
};
use std::{collections::btree_map::Entry, sync::Arc};
use tarquet_common::{
    ids::{AttemptId, JobId, ShardId},
    leasing::Progress,
    receipt::Receipt,
};

impl State {
    /// Takes a decision in: records first, then notes (clocks before both). Its records must be durable before anything
    /// else of the decision leaves the process.
    pub fn absorb(&mut self, decision: &Decision) {
        let is_clock = |n: &&Note| matches!(n, Note::Clock { .. });
        decision.notes.iter().filter(is_clock).for_each(|n| self.note(n));
        decision.records.iter().for_each(|r| self.apply(r));
        decision.notes.iter().filter(|n| !is_clock(n)).for_each(|n| self.note(n));
        for event in &decision.events {
            if self.events.len() >= self.settings.events_kept {
                self.events.pop_front();
            }
            self.events.push_back(event.clone());
        }
    }

    /// The only change of rows. A row of a job, stage or shard that is not there has no effect.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Meta(row) => self.meta = *row,
            Record::Job(row) => self.apply_job(row),
            Record::Stage(row) => self.apply_stage(row),
            Record::Shard(row) => self.apply_shard(row),
            Record::Receipt(receipt) => self.apply_receipt(receipt),
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
            let counts = crate::state::StageCounts::default();
            job.stages.push(Stage { row: row.clone(), shards: Vec::new(), counts });
        }
    }

    fn apply_shard(&mut self, row: &ShardRow) {
        let now = self.now;
        let Some(job) = self.jobs.get_mut(&row.shard.job) else { return };
        let Some(stage) = job.stages.get_mut(usize::from(row.shard.stage)) else { return };
        if stage.shards.len() == row.shard.shard as usize {
            let shard = Shard::new(row.clone(), now);
            stage.counts.add(&shard);
            stage.shards.push(shard);
        }
        self.change_shard(&row.shard, |shard| {
            let same_round = shard.row.round == row.round;
            shard.row = row.clone();
            if !same_round {
                shard.receipt = None;
            }
        });
    }

    fn apply_receipt(&mut self, receipt: &Arc<Receipt>) {
        self.change_shard(&receipt.shard, |shard| {
            if shard.row.round == receipt.round {
                shard.receipt = Some(Arc::clone(receipt));
            }
        });
    }

    fn apply_lease(&mut self, row: &LeaseRow) {
        if self.shard_at(&row.shard).is_none() {
            return;
        }
        let now = self.now;
        self.unlist_lease(&row.shard, row.attempt);
        self.change_shard(&row.shard, |shard| {
            shard.leases.retain(|l| l.row.attempt != row.attempt);
            shard.leases.push(Live {
                row: row.clone(),
                granted_at: now,
                deadline: u64::MAX,
                progressed_at: now,
                progress: Progress::default(),
            });
            shard.row.attempts = shard.row.attempts.max(row.number);
            shard.row.newest = shard.row.newest.max(Some(row.attempt));
        });
        let held = self.held.entry(row.worker.clone()).or_default();
        held.insert((row.shard.clone(), row.attempt), row.request);
        self.deadlines.insert((u64::MAX, row.shard.clone(), row.attempt));
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
            // A shard goes with its stage.
            Key::Shard(_) => {}
            Key::Receipt(shard) => self.change_shard(shard, |s| s.receipt = None),
            Key::Lease(shard, attempt) => self.remove_lease(shard, *attempt),
        }
    }

    fn remove_lease(&mut self, shard: &ShardId, attempt: AttemptId) {
        self.unlist_lease(shard, attempt);
        self.change_shard(shard, |s| s.leases.retain(|l| l.row.attempt != attempt));
    }

    /// Takes a lease out of what is kept by worker and by deadline.
    fn unlist_lease(&mut self, shard: &ShardId, attempt: AttemptId) {
        let Some(live) = self.shard_at(shard).and_then(|s| s.lease(attempt)) else { return };
        let worker = live.row.worker.clone();
        self.deadlines.remove(&(self.due(live), shard.clone(), attempt));
        if let Some(held) = self.held.get_mut(&worker) {
            held.remove(&(shard.clone(), attempt));
            if held.is_empty() {
                self.held.remove(&worker);
            }
        }
    }

    /// When a lease is to be looked at.
    pub(crate) fn due(&self, live: &Live) -> u64 {
        live.deadline.min(live.progressed_at.saturating_add(self.settings.stuck_after_ms))
    }

    fn remove_job(&mut self, id: &JobId) {
        let Some(job) = self.jobs.remove(id) else { return };
        self.tokens.remove(&job.row.token);
        if let Some(order) = &job.listed {
            self.ready_jobs.remove(order);
            self.ending_jobs.remove(order);
        }
        self.delayed.retain(|(_, shard)| shard.job != *id);
        self.deadlines.retain(|(_, shard, _)| shard.job != *id);
        for held in self.held.values_mut() {
            held.retain(|(shard, _), _| shard.job != *id);
        }
        self.held.retain(|_, held| !held.is_empty());
    }
}
