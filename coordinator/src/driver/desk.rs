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
        self.lot.let_go(now);
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
            pending.extend(self.lot.take(&WaitFor::Work).into_iter().map(Pending::Call));
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
            Ok(Answer::Wait(on)) => {
                let earlier = self.lot.park(on, call);
                batch.answers.extend(earlier.map(|caller| (caller, Err(NoReply::Late))));
            }
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
                    batch.answers.extend(woken.into_iter().map(|call| (call.caller, said.clone())));
                }
                None => pending.extend(woken.into_iter().map(Pending::Call)),
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{
        ids::{AttemptId, JobId, ShardId, WorkerId},
        leasing::{Complete, Register},
        receipt::{Counts, Receipt},
        seal::WorkerSecret,
        stage_plan::{ItemWords, ShardRecord},
        store::StoreSettings,
    };
    use tarquet_core::{
        JobOptions, JobRow, Phase, Record, RowState, Running, Settings, ShardRow, StageRow, Submit,
    };
    use tokio::sync::oneshot;

    fn shard() -> ShardId {
        ShardId { job: JobId::from_parts(1, 1), stage: 0, shard: 0 }
    }

    /// A job of the ledger whose store is away, so that its objects were not read yet.
    fn state() -> State {
        let submit = Submit {
            token: "t".to_owned(),
            job: shard().job,
            name: "n".to_owned(),
            kind: "k".to_owned(),
            item: ItemWords::of("item", "items"),
            stages: vec!["work".to_owned(), "publish".to_owned()],
            job_uri: "mem://j".to_owned(),
            output_uri: "mem://o".to_owned(),
            store: StoreSettings::default(),
            spec: serde_json::Value::Null.into(),
            options: JobOptions::default(),
            submitted_unix_ms: 1,
        };
        let phase = Phase::Running(Running { stage: 0 });
        let stage = StageRow {
            job: shard().job,
            stage: 0,
            plan_name: "p".to_owned(),
            plan_digest: "d".to_owned(),
            shards: 1,
            planned_items: 1,
            steps: Vec::new(),
            partitions: 0,
            warnings: Vec::new(),
            planned_unix_ms: 1,
            finished_unix_ms: None,
        };
        let row = ShardRow {
            shard: shard(),
            plan: ShardRecord::default(),
            round: 0,
            state: RowState::Open,
            charged: 0,
            bugs: 0,
            attempts: 0,
            newest: None,
            owner: None,
            closed: None,
            avoid: None,
            last_failure: None,
            suspects: Default::default(),
            skip: Default::default(),
            silent: 0,
        };
        let rows = [
            Record::Job(Box::new(JobRow { phase, ..JobRow::submitted(&submit) })),
            Record::Stage(Box::new(stage)),
            Record::Shard(Box::new(row)),
        ];
        let rows = rows.iter().map(|row| (row.key(), row.value().expect("a row has a value")));
        State::load(Settings::default(), rows).expect("it loads")
    }

    struct Counter {
        desk: Desk,
        now: Millis,
    }

    impl Counter {
        fn new() -> Self {
            let mut counter = Self { desk: Desk::new(state()), now: 0 };
            for worker in ["a", "b"] {
                let ask = Register {
                    worker: WorkerId(worker.to_owned()),
                    build: String::new(),
                    slots: 1,
                    slot_bytes: 1,
                    shared_probe: None,
                };
                let seal = seal(worker);
                assert!(matches!(counter.ask(Ask::Register(ask, seal)).try_recv(), Ok(Ok(_))));
            }
            counter
        }

        /// What is told at once, or whoever waits.
        fn ask(&mut self, ask: Ask) -> oneshot::Receiver<Result<Reply, NoReply>> {
            let (reply, answer) = oneshot::channel();
            let entry = Entry::Ask(Box::new(ask), Caller { reply, wait_ms: None });
            self.decide([entry]);
            answer
        }

        fn decide(&mut self, entries: impl IntoIterator<Item = Entry>) {
            let batch = self.desk.decide(entries.into_iter(), self.now, 0);
            batch.answers.into_iter().for_each(|(caller, said)| caller.tell(said));
        }

        fn complete(&mut self, worker: &str, n: u32) -> oneshot::Receiver<Result<Reply, NoReply>> {
            let receipt = Receipt {
                shard: shard(),
                round: 0,
                attempt: AttemptId { generation: 1, n },
                worker: WorkerId(worker.to_owned()),
                artifacts: Vec::new(),
                counts: Counts::default(),
                sides: Vec::new(),
                skipped: Vec::new(),
                output: serde_json::Value::Null,
            };
            let ask = Complete { worker: WorkerId(worker.to_owned()), receipt };
            self.ask(Ask::Complete(Box::new(ask), seal(worker)))
        }
    }

    fn seal(worker: &str) -> tarquet_common::seal::Seal {
        WorkerSecret::read(&[worker.as_bytes()[0]; 32]).expect("it is long enough").seal()
    }

    #[test]
    fn a_call_is_parked_no_longer_than_its_caller_waits() {
        let mut counter = Counter::new();
        let waits: Vec<_> = (0..20).map(|n| counter.complete("a", n)).collect();
        assert_eq!(counter.desk.lot.len(), 20);
        drop(waits);
        counter.now += 1_000;
        counter.decide([]);
        assert_eq!(counter.desk.lot.len(), 0);
    }

    #[test]
    fn what_is_said_of_an_attempt_is_parked_once() {
        let mut counter = Counter::new();
        let mut first = counter.complete("a", 1);
        let mut of_another = counter.complete("b", 1);
        let mut next = counter.complete("a", 2);
        let mut last = counter.complete("a", 1);
        for _ in 0..20 {
            assert_eq!(counter.desk.lot.len(), 3);
            let again = counter.complete("a", 1);
            assert_eq!(last.try_recv(), Ok(Err(NoReply::Late)), "the next one waits in its place");
            last = again;
        }
        assert_eq!(first.try_recv(), Ok(Err(NoReply::Late)));
        assert!([&mut of_another, &mut next, &mut last].map(|waits| waits.try_recv().is_err()) == [true; 3]);
    }
}
