//! What a worker's slot does when its timer fires or an answer comes.

use crate::{
    plans::{self, CONVERT, nature},
    store::Made,
    worker::{Doing, Fate, code_of},
    world::{Asker, Call, Happening, Said, World},
};
use tarquet_common::{
    failure::{Class, Failure},
    leasing::{Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Progress, Register, Renew},
    receipt::{Artifact, Counts, Receipt},
    seal::{Seal, WorkerSecret},
};
use tarquet_core::{Ask, Refusal, Reply};

const RENEW_MS: u64 = 200;
const ASK_AGAIN_MS: u64 = 400;

impl World {
    pub fn step(&mut self, asker: Asker) {
        let worker = &self.workers[asker.worker];
        if !worker.alive || worker.slots[asker.slot].turn != asker.turn {
            return;
        }
        if worker.stalled_until > self.now {
            let after = worker.stalled_until - self.now;
            return self.at(after, Happening::Step(asker));
        }
        if !worker.registered && matches!(worker.slots[asker.slot].doing, Doing::Idle | Doing::Asking { .. })
        {
            self.register(asker);
            return self.at(150, Happening::Step(asker));
        }
        match worker.slots[asker.slot].doing.clone() {
            Doing::Idle => {
                let worker = &mut self.workers[asker.worker];
                worker.next_request += 1;
                let request = worker.next_request;
                let asker = self.turn(asker, Doing::Asking { request });
                self.acquire(asker, request);
            }
            Doing::Asking { request } => self.acquire(asker, request),
            Doing::Working { .. } => self.work(asker),
            Doing::Finishing { receipt } => {
                let worker = self.workers[asker.worker].id.clone();
                let ask = Complete { worker, receipt: *receipt };
                self.send(asker, Ask::Complete(Box::new(ask), self.seal(asker)));
                self.at(ASK_AGAIN_MS, Happening::Step(asker));
            }
            Doing::Failing { lease, failure, killer } => {
                let worker = self.workers[asker.worker].id.clone();
                let Lease { shard, round, attempt, .. } = *lease;
                let ask = Fail { worker, shard, round, attempt, failure, killer };
                self.send(asker, Ask::Fail(Box::new(ask), self.seal(asker)));
                self.at(ASK_AGAIN_MS, Happening::Step(asker));
            }
        }
    }

    /// Every process has a secret of its own.
    fn seal(&self, asker: Asker) -> Seal {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&(asker.worker as u64).to_le_bytes());
        WorkerSecret::read(&secret).expect("it is long enough").seal()
    }

    fn register(&mut self, asker: Asker) {
        let worker = &self.workers[asker.worker];
        let ask = Register {
            worker: worker.id.clone(),
            build: "simulated".to_owned(),
            slots: worker.slots.len() as u32,
            slot_bytes: worker.slot_bytes,
            shared_probe: None,
        };
        self.send(asker, Ask::Register(ask, self.seal(asker)));
    }

    fn acquire(&mut self, asker: Asker, request: u64) {
        let worker = self.workers[asker.worker].id.clone();
        let ask = Acquire { worker, request, wait_ms: ASK_AGAIN_MS };
        self.send(asker, Ask::Acquire(ask, self.seal(asker)));
        self.at(ASK_AGAIN_MS, Happening::Step(asker));
    }

    /// The slot does something else from now on; timers and answers of before are void.
    pub fn turn(&mut self, asker: Asker, doing: Doing) -> Asker {
        let slot = &mut self.workers[asker.worker].slots[asker.slot];
        slot.turn += 1;
        slot.doing = doing;
        Asker { turn: slot.turn, ..asker }
    }

    fn next(&mut self, asker: Asker, doing: Doing) {
        let asker = self.turn(asker, doing);
        self.at(1, Happening::Step(asker));
    }

    fn send(&mut self, asker: Asker, ask: Ask) {
        if self.goes_wrong(self.faults.repeat, "message repeated late") {
            let after = self.chance.range(20, 4_000);
            let call = Call { from: Some(asker), ask: ask.clone() };
            self.at(after, Happening::Arrive(call));
        }
        if self.goes_wrong(self.faults.drop, "message lost") {
            return;
        }
        let after = self.chance.range(1, 20);
        self.at(after, Happening::Arrive(Call { from: Some(asker), ask }));
    }

    fn begin(&mut self, asker: Asker, lease: Box<Lease>) {
        let nature = nature(self.seed, &lease.shard);
        let (low, high) = self.work_ms;
        let mut needs_ms = self.chance.range(low, high) * self.workers[asker.worker].slowness;
        let fate = match nature.killer {
            Some(member) if !lease.skip.contains(&member) => Fate::Killed(member),
            _ if nature.broken => Fate::Fails(Class::Input),
            _ if self.goes_wrong(self.faults.attempt, "attempt goes wrong") => {
                match self.chance.range(0, 9) {
                    0..=4 => Fate::Fails(Class::Environment),
                    5 => Fate::Fails(Class::Bug),
                    6 => Fate::Fails(Class::Denied),
                    7 | 8 => Fate::Fails(Class::Lost),
                    _ => Fate::Hangs,
                }
            }
            _ => Fate::Finishes,
        };
        match &fate {
            Fate::Hangs => {
                self.fire("attempt hangs");
                needs_ms = u64::MAX;
            }
            Fate::Killed(_) => self.fire("member kills the decoder"),
            Fate::Fails(Class::Input) => self.fire("archive is broken"),
            _ => {}
        }
        let progress = Progress { step: "decode".to_owned(), ..Progress::default() };
        let doing = Doing::Working { lease, fate, needs_ms, spent_ms: 0, silent_ms: 0, progress };
        self.next(asker, doing);
    }

    fn work(&mut self, asker: Asker) {
        let id = self.workers[asker.worker].id.clone();
        let doing = &mut self.workers[asker.worker].slots[asker.slot].doing;
        let Doing::Working { lease, fate, needs_ms, spent_ms, silent_ms, progress } = doing else { return };
        if *spent_ms >= *needs_ms {
            let (lease, fate) = (lease.clone(), fate.clone());
            return self.end(asker, lease, fate);
        }
        let orphaned = *silent_ms > 3_000;
        *silent_ms += RENEW_MS;
        *spent_ms = spent_ms.saturating_add(RENEW_MS);
        if *fate != Fate::Hangs {
            progress.bytes_done += 20_000;
            progress.items_done += 1;
        }
        let ask = Renew {
            worker: id,
            shard: lease.shard.clone(),
            round: lease.round,
            attempt: lease.attempt,
            progress: progress.clone(),
        };
        if orphaned {
            self.fire("attempt given up as orphan");
            return self.next(asker, Doing::Idle);
        }
        self.send(asker, Ask::Renew(ask, self.seal(asker)));
        self.at(RENEW_MS, Happening::Step(asker));
    }

    fn end(&mut self, asker: Asker, lease: Box<Lease>, fate: Fate) {
        let doing = match fate {
            Fate::Finishes | Fate::Hangs => match self.receipt(asker, &lease) {
                Some(receipt) => Doing::Finishing { receipt: Box::new(receipt) },
                None => Doing::Idle,
            },
            Fate::Fails(class) => {
                let failure = Failure::new(code_of(class), "it went wrong in the simulation");
                Doing::Failing { lease, failure, killer: None }
            }
            Fate::Killed(member) => {
                let failure = Failure::new(code_of(Class::Environment), "the decoder died");
                Doing::Failing { lease, failure, killer: Some(member) }
            }
        };
        self.next(asker, doing);
    }

    fn receipt(&mut self, asker: Asker, lease: &Lease) -> Option<Receipt> {
        let Lease { shard, round, attempt, .. } = lease;
        let plan = self
            .store
            .jobs
            .get(&shard.job)?
            .plans
            .get(&shard.stage)?
            .shards
            .get(shard.shard as usize)?
            .clone();
        let made = Made { shard: shard.clone(), round: *round, attempt: *attempt };
        let partitions = plan.partition_first..plan.partition_first + plan.partition_count;
        let artifacts = partitions.map(|partition| {
            let name = format!("part-{partition:05}.parquet");
            let upload_id = self.store.begin_upload(&lease.output_uri, &name, made.clone());
            Artifact {
                partition,
                name,
                upload_id,
                parts: Vec::new(),
                bytes: 10,
                crc64: String::new(),
                rows: 7,
            }
        });
        let artifacts: Vec<Artifact> = artifacts.collect();
        let bad = plans::nature(self.seed, shard).quarantined + lease.skip.len() as u64;
        Some(Receipt {
            shard: shard.clone(),
            round: *round,
            attempt: *attempt,
            worker: self.workers[asker.worker].id.clone(),
            counts: Counts {
                items: plan.items,
                failed: if shard.stage == CONVERT { bad } else { 0 },
                rows: 7 * artifacts.len() as u64,
                ..Counts::default()
            },
            artifacts,
            sides: Vec::new(),
            skipped: lease.skip.clone(),
            output: serde_json::Value::Null,
        })
    }

    pub fn answered(&mut self, asker: Asker, said: Said) {
        let worker = &self.workers[asker.worker];
        if !worker.alive {
            return;
        }
        if worker.stalled_until > self.now {
            let after = worker.stalled_until - self.now;
            return self.at(after, Happening::Answered(asker, said));
        }
        match &said {
            Ok(Reply::Registered(_)) => self.workers[asker.worker].registered = true,
            Err(Refusal::UnknownWorker) => {
                self.workers[asker.worker].registered = false;
                self.register(asker);
            }
            _ if worker.slots[asker.slot].turn == asker.turn => self.in_turn(asker, said),
            _ => {}
        }
    }

    fn in_turn(&mut self, asker: Asker, said: Said) {
        let doing = &mut self.workers[asker.worker].slots[asker.slot].doing;
        if let Doing::Working { silent_ms, .. } = doing {
            *silent_ms = 0;
        }
        match (&*doing, said) {
            (Doing::Asking { .. }, Ok(Reply::Leased(lease))) => self.begin(asker, lease),
            (Doing::Asking { .. }, Err(_)) => self.leave(asker.worker, "drain"),
            (Doing::Working { .. }, Ok(Reply::Directive(Directive::Stop))) => {
                self.next(asker, Doing::Idle);
            }
            (Doing::Working { .. }, Ok(Reply::Directive(Directive::Drain))) => {
                self.leave(asker.worker, "drain");
            }
            (Doing::Finishing { receipt }, Ok(Reply::Completed(how))) => {
                if how == Completed::Superseded {
                    let lost: Vec<String> = receipt.artifacts.iter().map(|a| a.upload_id.clone()).collect();
                    lost.iter().for_each(|id| drop(self.store.uploads.remove(id)));
                    self.fire("attempt superseded");
                }
                self.next(asker, Doing::Idle);
            }
            (Doing::Finishing { .. } | Doing::Failing { .. }, Err(_)) => self.next(asker, Doing::Idle),
            (Doing::Failing { .. }, Ok(Reply::Done)) => self.next(asker, Doing::Idle),
            _ => {}
        }
    }

    /// Says goodbye and is gone; another comes later.
    pub fn leave(&mut self, number: usize, reason: &str) {
        self.fire("worker leaves");
        let worker = self.workers[number].id.clone();
        let asker = Asker { worker: number, slot: 0, turn: u64::MAX };
        let ask = Goodbye { worker, reason: reason.to_owned() };
        self.send(asker, Ask::Goodbye(ask, self.seal(asker)));
        self.workers[number].alive = false;
        self.add_worker();
    }
}
