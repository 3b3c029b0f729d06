//! The driver as the simulation has it: decide, record, apply, start effects, reply; and its deaths in between.

use crate::{
    plans,
    store::Made,
    world::{Asker, Call, Coordinator, Happening, Said, UNIX, World},
};
use std::{collections::BTreeSet, sync::Arc};
use tarquet_common::{
    ids::{AttemptId, JobId},
    receipt::Receipt,
};
use tarquet_core::{
    Answer, Ask, Catalog, Cause, Decision, Effect, Outcome, RoundEnd, State, WaitFor, Wake, catalog, handle,
};

impl World {
    /// Loads the ledger that is left, compares every job with the store, starts, and only then serves.
    pub fn start_coordinator(&mut self) {
        if self.goes_wrong(self.faults.ledger_lost, "ledger lost") {
            self.ledger.clear();
        } else if self.goes_wrong(self.faults.ledger_old, "ledger old") {
            self.ledger = self.old_ledger.clone();
        }
        let rows = self.ledger.iter();
        let state = State::load(self.settings.clone(), rows).expect("the ledger holds what was recorded");
        self.epoch += 1;
        self.coordinator = Some(Coordinator {
            state,
            born: self.now,
            parked: Vec::new(),
            stalled_until: 0,
            open_from: 0,
            next_tick: None,
        });
        let start_first = self.chance.permille(500);
        if start_first {
            self.fire("started before compared");
            self.ask(Call { from: None, ask: Ask::Start { unix_ms: UNIX + self.now } });
        }
        let loaded = self.coordinator.iter().flat_map(|c| c.state.job_ids());
        let jobs: BTreeSet<JobId> = self.store.jobs.keys().chain(loaded).cloned().collect();
        for job in jobs {
            let after = if start_first { self.chance.range(0, 300) } else { 0 };
            self.at(after, Happening::Compare(self.epoch, job));
        }
        let open_from = self.now + 301;
        if let Some(c) = &mut self.coordinator {
            c.open_from = open_from;
        }
        if !start_first {
            self.at(1, Happening::Start(self.epoch));
        }
    }

    /// A job is read back from the store, as it is by now.
    pub fn compare(&mut self, job: &JobId) {
        let loaded = self.coordinator.as_ref().is_some_and(|c| c.state.job(job).is_some());
        match self.store.snapshot(job) {
            Some(snapshot) if loaded || snapshot.claimed || snapshot.outcome.is_some() => {
                self.ask(Call { from: None, ask: Ask::Adopt(Box::new(snapshot)) });
            }
            Some(_) => {}
            None => self.ask(Call { from: None, ask: Ask::NothingStored(job.clone()) }),
        }
    }

    pub fn arrive(&mut self, call: Call) {
        let Some(c) = &self.coordinator else { return };
        let submits = matches!(call.ask, Ask::Submit(_));
        let not_before = if submits { c.stalled_until.max(c.open_from) } else { c.stalled_until };
        if not_before > self.now {
            return self.at(not_before - self.now, Happening::Arrive(call));
        }
        self.ask(call);
    }

    /// What became of an effect comes back to the process that started it.
    pub fn outcome(&mut self, outcome: Outcome) {
        let Some(c) = &self.coordinator else { return };
        if c.stalled_until > self.now {
            return self.at(c.stalled_until - self.now, Happening::Outcome(self.epoch, outcome));
        }
        if let Some(decision) = self.decide((&outcome).into()) {
            self.let_out(decision);
            self.plan_tick();
        }
    }

    pub fn tick(&mut self) {
        if let Some(c) = &mut self.coordinator {
            c.next_tick = None;
        }
        self.arrive(Call { from: None, ask: Ask::Tick { unix_ms: UNIX + self.now } });
    }

    fn ask(&mut self, call: Call) {
        let Some(decision) = self.decide((&call.ask).into()) else { return };
        self.answer(call, &decision);
        self.let_out(decision);
        self.plan_tick();
    }

    /// One turn of the driver. Nothing comes of it if the process dies in between.
    fn decide(&mut self, cause: Cause<'_>) -> Option<Decision> {
        let c = self.coordinator.as_mut()?;
        let now = self.now - c.born;
        let decision = handle(&mut c.state, cause, now);
        if self.trace {
            let time = self.now;
            for event in &decision.events {
                eprintln!("{time:>7} {}", event.what);
            }
            for effect in &decision.effects {
                eprintln!("{time:>7}   effect {:?}", effect.key());
            }
        }
        self.checks.after(&c.state, cause, &decision, &self.store, self.seed);
        if self.goes_wrong(self.faults.crash, "crash before the records are durable") {
            self.crash(false);
            return None;
        }
        if self.chance.permille(20) {
            self.old_ledger = self.ledger.clone();
        }
        for record in &decision.records {
            match record.value() {
                Some(value) => self.ledger.insert(record.key(), value),
                None => self.ledger.remove(&record.key()),
            };
        }
        if self.goes_wrong(self.faults.crash, "crash after the records are durable") {
            self.crash(true);
            return None;
        }
        Some(decision)
    }

    /// Tells the caller, or parks the call.
    fn answer(&mut self, call: Call, decision: &Decision) {
        let said = match decision.answer.clone() {
            Ok(Answer::Wait(on)) => {
                if let Some(c) = &mut self.coordinator {
                    c.parked.retain(|(_, old)| call.from.is_none() || old.from != call.from);
                    c.parked.push((on, call));
                }
                return;
            }
            Ok(Answer::Reply(reply)) => Ok(reply),
            Err(refusal) => Err(refusal),
        };
        self.checks.answered(&call.ask, &said, &self.store, self.seed);
        self.reply(call.from, said);
    }

    /// What a decision lets out beside its answer, once it is durable.
    fn let_out(&mut self, decision: Decision) {
        for effect in decision.effects {
            let listed = match (&effect, &self.coordinator) {
                (Effect::StoreCatalog { job }, Some(c)) => catalog(&c.state, job).map(Box::new),
                _ => None,
            };
            let after = self.chance.range(1, 40);
            self.at(after, Happening::Land(self.epoch, effect, listed));
        }
        for wake in decision.wake {
            self.wake(wake);
        }
    }

    fn wake(&mut self, wake: Wake) {
        let Some(c) = &mut self.coordinator else { return };
        if wake.on == WaitFor::Work && !c.state.work_waiting() {
            return;
        }
        let parked = std::mem::take(&mut c.parked);
        let (woken, rest): (Vec<_>, Vec<_>) = parked.into_iter().partition(|(on, _)| *on == wake.on);
        c.parked = rest;
        for (_, call) in woken {
            match &wake.answer {
                Some(said) => {
                    self.checks.answered(&call.ask, said, &self.store, self.seed);
                    self.reply(call.from, said.clone());
                }
                None => self.at(0, Happening::Arrive(call)),
            }
        }
    }

    fn reply(&mut self, to: Option<Asker>, said: Said) {
        let Some(asker) = to else { return };
        if self.goes_wrong(self.faults.drop, "reply lost") {
            return;
        }
        let after = self.chance.range(1, 20);
        self.at(after, Happening::Answered(asker, said));
    }

    fn plan_tick(&mut self) {
        let (now, epoch) = (self.now, self.epoch);
        let Some(c) = &mut self.coordinator else { return };
        let Some(due) = c.state.next_wakeup() else { return };
        let due = (c.born + due).max(now + 1);
        if c.next_tick.is_none_or(|at| due < at) {
            c.next_tick = Some(due);
            self.at(due - now, Happening::Tick(epoch));
        }
    }

    /// The process dies; a new one comes after a while. What was durable is what `State::load` gives.
    pub fn crash(&mut self, durable: bool) {
        let Some(c) = self.coordinator.take() else { return };
        if durable {
            let again = State::load(self.settings.clone(), self.ledger.iter()).expect("the ledger reads");
            let pairs = again.rows().into_iter().zip(c.state.rows());
            for (loaded, lived) in pairs {
                assert_eq!(loaded, lived, "seed {}: the fold of the records is not the state", self.seed);
            }
            assert_eq!(again.rows().len(), c.state.rows().len(), "seed {}: rows are missing", self.seed);
        }
        self.epoch += 1;
        let after = self.chance.range(60, 3_000);
        self.at(after, Happening::CoordinatorStarts);
    }

    /// An effect reaches the store, whether its coordinator still lives or not.
    pub fn land(&mut self, epoch: u64, effect: &Effect, listed: Option<Box<Catalog>>) {
        let key = effect.key();
        let Some(submit) = self.submits.get(key.job()).cloned() else { return };
        let outcome = if self.goes_wrong(self.faults.effect, "effect failed, nothing happened") {
            None
        } else {
            self.checks.before_effect(&self.store, effect, &submit, listed.as_deref(), self.seed);
            if let Effect::StoreReceipt { receipt } = effect {
                self.rival(receipt, &submit.output_uri);
            }
            let (seed, shards) = (self.seed, self.convert_shards);
            let plan = |stage| plans::plan(seed, &submit, stage, shards);
            let parts = self.fired.entry("parts published").or_default();
            let rounds_before = self.store.jobs.get(&submit.job).map_or(0, |j| j.rounds.len());
            let outcome = self.store.perform(effect, &submit, plan, listed.map(|c| *c), parts);
            if let Outcome::RoundsOpened { job, rounds } = &outcome
                && self.store.jobs[job].rounds.len() > rounds_before
            {
                self.checks.opened(&self.store, job, rounds, self.seed);
            }
            self.count_outcome(&outcome);
            Some(outcome)
        };
        let unclear =
            outcome.is_some() && self.goes_wrong(self.faults.effect / 2, "effect done, answer unclear");
        if self.trace {
            eprintln!("{:>7}   landed {:?} -> {}", self.now, effect.key(), outcome.is_some() && !unclear);
        }
        let outcome = outcome.filter(|_| !unclear).unwrap_or_else(|| Outcome::EffectFailed {
            effect: key,
            failure: crate::people::unreachable_store(),
        });
        let after = self.chance.range(1, 40);
        self.at(after, Happening::Outcome(epoch, outcome));
    }

    /// Another coordinator, cut off from this one, was faster with another attempt's receipt.
    fn rival(&mut self, receipt: &Receipt, output: &str) {
        let key = (receipt.shard.stage, receipt.shard.shard, receipt.round);
        let there = self.store.jobs[&receipt.shard.job].ends.contains_key(&key);
        if there || !self.goes_wrong(self.faults.rival, "a rival coordinator is faster") {
            return;
        }
        let mut theirs = receipt.clone();
        theirs.attempt = AttemptId { generation: 0, n: receipt.attempt.n };
        let made = Made { shard: theirs.shard.clone(), round: theirs.round, attempt: theirs.attempt };
        for artifact in &mut theirs.artifacts {
            artifact.upload_id = self.store.begin_upload(output, &artifact.name, made.clone());
        }
        let objects = self.store.jobs.get_mut(&theirs.shard.job).expect("it was looked at above");
        objects.ends.insert(key, RoundEnd::Receipt(Arc::new(theirs)));
    }

    fn count_outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::UploadLost { partly_published: false, .. } => self.fire("upload found lost"),
            Outcome::ShardForeign { .. } => self.fire("foreign object at a part's key"),
            Outcome::OutputListed { foreign, .. } if !foreign.is_empty() => {
                self.fire("foreign object listed")
            }
            Outcome::ReceiptTaken(_) => self.fire("receipt taken by another attempt"),
            Outcome::RoundIsOver(_) => self.fire("round over without a receipt"),
            Outcome::ClaimTaken { .. } => self.fire("output claimed by another job"),
            _ => {}
        }
    }
}
