//! People who steer jobs, and trouble that nobody asked for.

use crate::{
    store::Made,
    worker::code_of,
    world::{Call, Happening, World},
};
use std::collections::btree_map::Entry;
use tarquet_common::{
    failure::{Class, Failure},
    ids::JobId,
};
use tarquet_core::{Ask, Hold, Phase};

pub fn unreachable_store() -> Failure {
    Failure::new(code_of(Class::Environment), "the store does not answer")
}

impl World {
    /// Looks at every job now and then, and does something about it.
    pub fn people(&mut self) {
        self.at(250, Happening::People);
        let Some(c) = &self.coordinator else { return };
        let jobs: Vec<(JobId, Phase, bool)> = c
            .state
            .job_ids()
            .filter_map(|id| c.state.job(id).map(|row| (id.clone(), row.phase.clone(), row.paused)))
            .collect();
        for (job, phase, paused) in jobs {
            match (&phase, self.faulty()) {
                (Phase::Held(held), faulty) => {
                    if !faulty || self.chance.permille(300) {
                        self.mend(&job, held.hold);
                    }
                }
                (_, true) => self.steer(&job),
                (_, false) if paused => self.tell(Ask::Resume(job)),
                (_, false) => {}
            }
        }
    }

    fn mend(&mut self, job: &JobId, hold: Hold) {
        match hold {
            Hold::Foreign => {
                self.store.objects.retain(|_, made| made.is_some());
                self.tell(Ask::Retry(job.clone()));
            }
            Hold::Budget | Hold::Shards => {
                self.fire("accept or retry");
                if self.chance.permille(600) {
                    self.tell(Ask::Accept(job.clone()));
                } else {
                    self.tell(Ask::Retry(job.clone()));
                }
            }
            _ => self.tell(Ask::Retry(job.clone())),
        }
    }

    fn steer(&mut self, job: &JobId) {
        let dice = self.chance.range(0, 399);
        let job = job.clone();
        match dice {
            0..=9 => self.tell(Ask::Pause(job)),
            10..=39 => self.tell(Ask::Resume(job)),
            40..=49 => self.tell(Ask::SetPriority { job, priority: (dice % 5) as i32 }),
            50..=54 => self.tell(Ask::Retry(job)),
            55..=56 => self.tell(Ask::Accept(job)),
            57 => {
                self.fire("cancel");
                self.tell(Ask::Cancel { job, reason: "changed their mind".to_owned() });
            }
            58..=62 => {
                let alive: Vec<_> = self.workers.iter().filter(|w| w.alive).map(|w| w.id.clone()).collect();
                if let Some(worker) = alive.first() {
                    self.fire("drain");
                    self.tell(Ask::Drain(worker.clone()));
                }
            }
            _ => {}
        }
    }

    fn tell(&mut self, ask: Ask) {
        let after = self.chance.range(1, 20);
        self.at(after, Happening::Arrive(Call { from: None, ask }));
    }

    /// Something breaks.
    pub fn trouble(&mut self) {
        self.at(300, Happening::Trouble);
        if !self.faulty() || !self.chance.permille(self.faults.trouble) {
            return;
        }
        let number = self.chance.range(0, self.workers.len() as u64 - 1) as usize;
        match self.chance.range(0, 7) {
            0 => self.stall_coordinator(),
            1 | 2 => {
                self.fire("worker stalls");
                self.workers[number].stalled_until = self.now + self.chance.range(800, 9_000);
            }
            3 if self.workers[number].alive => {
                self.fire("worker dies");
                self.workers[number].alive = false;
                self.add_worker();
            }
            4 if self.workers[number].alive => self.leave(number, "spot"),
            5 => self.lose_upload(),
            6 => self.foreign_object(),
            _ => {}
        }
    }

    fn stall_coordinator(&mut self) {
        let until = self.now + self.chance.range(400, 4_000);
        if let Some(c) = &mut self.coordinator {
            c.stalled_until = until;
            self.fire("coordinator stalls");
        }
    }

    /// A lifecycle rule takes an upload whose shard is not visible in any part.
    fn lose_upload(&mut self) {
        if !self.chance.permille(self.faults.upload) {
            return;
        }
        let visible = |made: &Made| self.store.objects.values().flatten().any(|m| m.shard == made.shard);
        let ids: Vec<String> = self
            .store
            .uploads
            .iter()
            .filter(|(_, (_, _, m))| !visible(m))
            .map(|(id, _)| id.clone())
            .collect();
        if ids.is_empty() {
            return;
        }
        let nth = self.chance.range(0, ids.len() as u64 - 1) as usize;
        self.store.uploads.remove(&ids[nth]);
        self.fire("upload vanishes");
    }

    fn foreign_object(&mut self) {
        if !self.chance.permille(self.faults.foreign) {
            return;
        }
        let name = match self.chance.range(0, 2) {
            0 => "README".to_owned(),
            _ => format!("part-{:05}.parquet", self.chance.range(0, 9)),
        };
        let key = ("mem://out/0".to_owned(), name);
        if let Entry::Vacant(free) = self.store.objects.entry(key) {
            free.insert(None);
            self.fire("foreign object put");
        }
    }
}
