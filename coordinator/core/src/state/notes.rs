//! Notes change what is not durable.

use crate::{
    decision::Note,
    effect::{Effect, EffectKey},
    state::model::{Flight, State, Worker},
};
use tarquet_common::{
    clock::Millis,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::{Progress, Register},
    seal::Seal,
};

/// Samples of a job's progress kept for its rate.
const SAMPLES: usize = 32;

impl State {
    pub(crate) fn note(&mut self, note: &Note) {
        match note {
            Note::Clock { now, unix_ms } => {
                self.now = self.now.max(*now);
                if let Some(unix_ms) = unix_ms {
                    self.unix_offset_ms = unix_ms.saturating_sub(*now);
                }
            }
            Note::Worker(info, seal) => self.note_worker(info, seal),
            Note::Seen(worker) => self.on_worker(worker, |w, now| w.seen = now),
            Note::Draining(worker) => self.on_worker(worker, |w, _| w.draining = true),
            Note::WorkerDid { worker, bytes } => self.on_worker(worker, |w, _| {
                w.shards_done += 1;
                w.bytes_done = w.bytes_done.saturating_add(*bytes);
            }),
            Note::WorkerGone(worker) => {
                self.workers.remove(worker);
            }
            Note::Renewed { shard, attempt, deadline, progress } => {
                self.note_renewed(shard, *attempt, *deadline, progress.as_ref());
            }
            Note::Settling { shard, attempt, deadline } => self.note_moving(shard, *attempt, *deadline),
            Note::FreshLifetime { deadline } => self.note_fresh(*deadline),
            // Between the decision and this a later record may have moved the shard on; then there is nothing to wait for.
            Note::Delayed { shard, until } => self.change_shard(shard, |s| {
                s.delay(*until).ok();
            }),
            Note::Due(shard) => self.note_due(shard),
            Note::Behind(job) => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.compared = false;
                }
                self.relist(job);
            }
            Note::Unread { job, failure } => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.unread = Some(failure.clone());
                }
            }
            Note::Compared(job) => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.compared = true;
                    job.unread = None;
                }
            }
            Note::GenerationReady(job) => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.generation_ready = true;
                }
                self.relist(job);
            }
            Note::Started(effect) => self.note_started(effect),
            Note::RetryAt { effect, at, failure } => self.note_retry(effect, *at, failure),
            Note::Landed(key) => self.note_landed(key),
            Note::Forsaken(job) => self.note_forsaken(job),
            Note::UploadLost(shard) => {
                if let Some(job) = self.jobs.get_mut(&shard.job) {
                    job.lost.insert((shard.stage, shard.shard));
                }
            }
            Note::Sample(job) => self.note_sample(job),
            Note::Reset => self.note_reset(),
        }
    }

    fn on_worker(&mut self, worker: &WorkerId, change: impl FnOnce(&mut Worker, Millis)) {
        let now = self.now;
        if let Some(worker) = self.workers.get_mut(worker) {
            change(worker, now);
        }
    }

    fn note_worker(&mut self, info: &Register, seal: &Seal) {
        let now = self.now;
        match self.workers.get_mut(&info.worker) {
            Some(worker) if worker.seal == *seal => {
                worker.info = info.clone();
                worker.seen = now;
            }
            _ => {
                let worker = Worker {
                    info: info.clone(),
                    seal: seal.clone(),
                    seen: now,
                    came: now,
                    draining: false,
                    shards_done: 0,
                    bytes_done: 0,
                };
                self.workers.insert(info.worker.clone(), worker);
            }
        }
    }

    fn note_renewed(
        &mut self,
        shard: &ShardId,
        attempt: AttemptId,
        deadline: Millis,
        progress: Option<&Progress>,
    ) {
        let now = self.now;
        self.change_shard(shard, |s| {
            let Some(live) = s.lease_mut(attempt) else { return };
            live.deadline = deadline;
            if let Some(progress) = progress {
                if moved(&live.progress, progress) {
                    live.progressed_at = now;
                }
                live.progress = progress.clone();
            }
        });
    }

    fn note_moving(&mut self, shard: &ShardId, attempt: AttemptId, deadline: Millis) {
        let now = self.now;
        self.change_shard(shard, |s| {
            let Some(live) = s.lease_mut(attempt) else { return };
            live.deadline = deadline;
            live.progressed_at = now;
        });
    }

    fn note_fresh(&mut self, deadline: Millis) {
        let leases: Vec<_> =
            self.deadlines.iter().map(|(_, shard, attempt)| (shard.clone(), *attempt)).collect();
        for (shard, attempt) in leases {
            self.note_moving(&shard, attempt, deadline);
        }
    }

    fn note_due(&mut self, shard: &ShardId) {
        let now = self.now;
        self.change_shard(shard, |s| {
            s.come_due(now).ok();
        });
    }

    fn note_started(&mut self, effect: &Effect) {
        let key = effect.key();
        if let EffectKey::Publish(shard, _) = &key
            && let Some(job) = self.jobs.get_mut(&shard.job)
        {
            job.publishing.insert((shard.stage, shard.shard));
        }
        let flight = self.flights.entry(key.clone()).or_insert_with(|| Flight {
            effect: effect.clone(),
            tries: 0,
            retry_at: None,
            failure: None,
        });
        if let Some(at) = flight.retry_at.take() {
            self.retries.remove(&(at, key));
        }
        flight.tries = flight.tries.saturating_add(1);
        if flight.tries > 1 {
            self.note_late(effect.key());
        }
    }

    fn note_retry(&mut self, key: &EffectKey, at: Millis, failure: &Failure) {
        let Some(flight) = self.flights.get_mut(key) else { return };
        flight.failure = Some(Box::new(failure.clone()));
        if let Some(old) = flight.retry_at.replace(at) {
            self.retries.remove(&(old, key.clone()));
        }
        self.retries.insert((at, key.clone()));
        self.note_late(key.clone());
    }

    fn note_late(&mut self, key: EffectKey) {
        self.late.entry(key.job().clone()).or_default().insert(key);
    }

    fn note_landed(&mut self, key: &EffectKey) {
        let Some(flight) = self.flights.remove(key) else { return };
        if let Some(late) = self.late.get_mut(key.job()) {
            late.remove(key);
            if late.is_empty() {
                self.late.remove(key.job());
            }
        }
        if let Some(at) = flight.retry_at {
            self.retries.remove(&(at, key.clone()));
        }
        match key {
            EffectKey::Publish(shard, _) => {
                if let Some(job) = self.jobs.get_mut(&shard.job) {
                    job.publishing.remove(&(shard.stage, shard.shard));
                }
            }
            EffectKey::Rounds(job) => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.lost.clear();
                }
            }
            _ => {}
        }
    }

    fn note_forsaken(&mut self, job: &JobId) {
        let keys: Vec<_> = self.flights.keys().filter(|k| k.job() == job).cloned().collect();
        keys.iter().for_each(|k| self.note_landed(k));
        if let Some(job) = self.jobs.get_mut(job) {
            job.lost.clear();
        }
    }

    fn note_sample(&mut self, job: &JobId) {
        let now = self.now;
        let Some(job) = self.jobs.get_mut(job) else { return };
        if job.samples.len() >= SAMPLES {
            job.samples.pop_front();
        }
        let done = job.bytes_done();
        job.samples.push_back((now, done));
    }

    fn note_reset(&mut self) {
        self.started = true;
        self.flights.clear();
        self.late.clear();
        self.retries.clear();
        self.workers.clear();
        let delayed: Vec<_> = self.delayed.iter().map(|(_, shard)| shard.clone()).collect();
        for shard in delayed {
            self.note_due(&shard);
        }
        let ids: Vec<_> = self.jobs.keys().cloned().collect();
        for id in ids {
            if let Some(job) = self.jobs.get_mut(&id) {
                job.generation_ready = false;
                job.publishing.clear();
                job.lost.clear();
                job.samples.clear();
            }
            self.relist(&id);
        }
    }
}

/// Something was done between two reports.
fn moved(old: &Progress, new: &Progress) -> bool {
    new.bytes_done > old.bytes_done
        || new.items_done > old.items_done
        || new.bytes_fetched > old.bytes_fetched
        || new.bytes_written > old.bytes_written
}
