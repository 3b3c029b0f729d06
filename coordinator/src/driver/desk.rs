//! Where everything is decided: the state, and the calls that wait. Nothing here waits, writes or tells anybody.

use super::{
    handle::{Caller, Entry, NoReply, Read},
    parked::{Call, Lot},
};
use crate::ledger::Change;
use std::collections::VecDeque;
use tarquet_common::clock::Millis;
use tarquet_core::{
    Answer, Ask, Decision, Effect, Event, Outcome, Refusal, Reply, State, WaitFor, Wake, handle,
};

/// The state, and the calls that wait.
pub(super) struct Desk {
    pub(super) state: State,
    lot: Lot,
}

/// What was decided and must not be told before its records are durable.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Change>,
    pub(super) effects: Vec<Effect>,
    pub(super) answers: Vec<(Caller, Result<Reply, NoReply>)>,
    pub(super) events: Vec<Event>,
    pub(super) reads: Vec<Read>,
    /// Something may have become leasable.
    pub(super) stirred: bool,
}

/// What is still to be decided in this batch.
enum Pending {
    Call(Call),
    Outcome(Box<Outcome>),
    Tick { unix_ms: u64 },
}

impl Desk {
    /// With nobody waiting yet.
    pub(super) fn new(state: State) -> Self {
        Self { state, lot: Lot::default() }
    }

    /// When something is due, if anything is.
    pub(super) fn next_due(&self) -> Option<Millis> {
        [self.state.next_wakeup(), self.lot.next_deadline()].into_iter().flatten().min()
    }

    /// Decides all entries in turn, what is due by now, and what wakes of it.
    pub(super) fn decide(
        &mut self,
        entries: impl Iterator<Item = Entry>,
        now: Millis,
        unix_ms: u64,
    ) -> Batch {
        let mut batch = Batch::default();
        let mut pending = VecDeque::new();
        for entry in entries {
            match entry {
                Entry::Read(read) => batch.reads.push(read),
                Entry::Outcome(outcome) => pending.push_back(Pending::Outcome(outcome)),
                Entry::Ask(ask, caller) => {
                    let until = caller.wait_ms.map(|ms| now.saturating_add(ms));
                    pending.push_back(Pending::Call(Call { ask, caller, until }));
                }
            }
        }
        if self.state.next_wakeup().is_some_and(|at| at <= now) {
            pending.push_back(Pending::Tick { unix_ms });
            batch.stirred = true;
        }
        self.decide_all(&mut pending, &mut batch, now);
        if batch.stirred && self.state.work_waiting() {
            // Once a batch: who gets nothing now is asked again when something stirs.
            pending.extend(self.lot.take(&WaitFor::Work).map(Pending::Call));
            self.decide_all(&mut pending, &mut batch, now);
        }
        batch.answers.extend(self.lot.expired(now).into_iter().map(|caller| (caller, Err(NoReply::Late))));
        batch
    }

    fn decide_all(&mut self, pending: &mut VecDeque<Pending>, batch: &mut Batch, now: Millis) {
        while let Some(next) = pending.pop_front() {
            match next {
                Pending::Tick { unix_ms } => {
                    let decision = handle(&mut self.state, &Ask::Tick { unix_ms }, now);
                    self.gather(decision, pending, batch).ok();
                }
                Pending::Outcome(outcome) => {
                    let decision = handle(&mut self.state, &*outcome, now);
                    self.gather(decision, pending, batch).ok();
                }
                Pending::Call(call) => self.decide_call(call, pending, batch, now),
            }
        }
    }

    fn decide_call(&mut self, call: Call, pending: &mut VecDeque<Pending>, batch: &mut Batch, now: Millis) {
        // An `Acquire` whose caller hung up must not be given a lease that nobody would hear of.
        if matches!(*call.ask, Ask::Acquire(..)) && call.caller.is_gone() {
            return;
        }
        batch.stirred |= matches!(*call.ask, Ask::Register(..));
        let decision = handle(&mut self.state, &*call.ask, now);
        match self.gather(decision, pending, batch) {
            Ok(Answer::Wait(on)) => self.lot.park(on, call),
            Ok(Answer::Reply(reply)) => batch.answers.push((call.caller, Ok(reply))),
            Err(refusal) => batch.answers.push((call.caller, Err(NoReply::Refused(refusal)))),
        }
    }

    /// Puts a decision with the others of the batch, and gives back its answer, for whoever waits for it. Who is woken is
    /// told, or decided again.
    fn gather(
        &mut self,
        decision: Decision,
        pending: &mut VecDeque<Pending>,
        batch: &mut Batch,
    ) -> Result<Answer, Refusal> {
        let Decision { records, notes: _, effects, answer, wake, events, then: _ } = decision;
        batch.stirred |= !records.is_empty();
        batch.records.extend(records.iter().map(|r| Change { key: r.key(), value: r.value() }));
        batch.effects.extend(effects);
        batch.events.extend(events);
        for Wake { on, answer } in wake {
            let woken = self.lot.take(&on);
            match answer {
                Some(said) => {
                    let said = said.map_err(NoReply::Refused);
                    batch.answers.extend(woken.map(|call| (call.caller, said.clone())));
                }
                None => pending.extend(woken.map(Pending::Call)),
            }
        }
        answer
    }
}
