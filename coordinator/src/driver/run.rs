//! The driver's loop.

use super::{
    ask::{Ask, Caller, Told},
    handle::DriverHandle,
    parked::Lot,
};
use crate::{
    effects::{Executor, Order},
    ledger::{Change, Ledger},
    metrics::Metrics,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tarquet_common::{
    clock::{Clock, Millis},
    codes::{cluster, ourselves},
    failure::Failure,
};
use tarquet_core::{Command, Decision, Effect, Event, State, WaitFor, Wake, handle};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::Instant,
};

/// Entries that wait in the queue; callers beyond wait for a place.
const QUEUE: usize = 16_384;
/// Entries of one batch.
const BATCH: usize = 1_024;
/// The longest the driver sleeps, so that a clock that stalled is noticed.
const PULSE_MS: Millis = 1_000;

/// What the driver is made of.
pub(crate) struct Parts {
    /// As loaded from the ledger.
    pub(crate) state: State,
    /// Where records go.
    pub(crate) ledger: Box<dyn Ledger>,
    /// Carries out effects.
    pub(crate) executor: Arc<Executor>,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
}

/// Starts the driver. It runs until every handle is gone (`Ok`), or until it cannot go on: then the process has to end,
/// because its memory is ahead of its ledger.
pub(crate) fn spawn(parts: Parts) -> (DriverHandle, JoinHandle<Result<(), Failure>>) {
    let (sender, queue) = mpsc::channel(QUEUE);
    let (changed, version) = watch::channel(0);
    let handle = DriverHandle { queue: sender.clone(), version };
    let driver = Driver {
        state: parts.state,
        ledger: Arc::new(Mutex::new(parts.ledger)),
        executor: parts.executor,
        clock: parts.clock,
        metrics: parts.metrics,
        lot: Lot::default(),
        outcomes: sender.downgrade(),
        changed,
    };
    (handle, tokio::spawn(driver.run(queue)))
}

struct Driver {
    state: State,
    ledger: Arc<Mutex<Box<dyn Ledger>>>,
    executor: Arc<Executor>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    lot: Lot,
    /// Where effects report. Weak, so that the driver ends when nobody is left who could ask.
    outcomes: mpsc::WeakSender<Ask>,
    changed: watch::Sender<u64>,
}

/// What a batch decided and has not told yet.
#[derive(Default)]
struct Batch {
    records: Vec<Change>,
    effects: Vec<Effect>,
    answers: Vec<(Caller, Told)>,
    events: Vec<Event>,
    reads: Vec<super::ask::Read>,
    /// Something may have become leasable.
    stirred: bool,
}

/// A command that is still to be decided in this batch.
struct Pending {
    command: Box<Command>,
    caller: Option<Caller>,
    until: Option<Millis>,
}

impl Driver {
    async fn run(mut self, mut queue: mpsc::Receiver<Ask>) -> Result<(), Failure> {
        let mut asks = Vec::new();
        loop {
            let sleep = tokio::time::sleep(self.pause());
            let open = tokio::select! {
                taken = queue.recv_many(&mut asks, BATCH) => taken > 0,
                () = sleep => true,
            };
            if !open {
                return Ok(());
            }
            let batch = self.decide(asks.drain(..));
            self.commit(&batch.records).await?;
            self.tell(batch);
        }
    }

    /// How long nothing is due.
    fn pause(&self) -> Duration {
        let now = self.clock.monotonic_ms();
        let due = [self.state.next_wakeup(), self.lot.next_deadline()].into_iter().flatten().min();
        Duration::from_millis(due.map_or(PULSE_MS, |at| at.saturating_sub(now).clamp(1, PULSE_MS)))
    }

    fn decide(&mut self, asks: impl Iterator<Item = Ask>) -> Batch {
        let now = self.clock.monotonic_ms();
        let mut batch = Batch::default();
        let mut pending = VecDeque::new();
        for ask in asks {
            match ask {
                Ask::Read(read) => batch.reads.push(read),
                Ask::Command(command, caller) => {
                    let until = caller.as_ref().and_then(|c| c.wait_ms).map(|ms| now.saturating_add(ms));
                    pending.push_back(Pending { command, caller, until });
                }
            }
        }
        if self.state.next_wakeup().is_some_and(|at| at <= now) {
            let tick = Box::new(Command::Tick { unix_ms: self.clock.unix_ms() });
            pending.push_back(Pending { command: tick, caller: None, until: None });
            batch.stirred = true;
        }
        self.decide_all(&mut pending, &mut batch, now);
        if batch.stirred && self.state.work_waiting() {
            // Once a batch: who gets nothing now is asked again when something stirs.
            for parked in self.lot.take(&WaitFor::Work) {
                let (command, until) = (parked.command, parked.until);
                pending.push_back(Pending { command, caller: Some(parked.caller), until });
            }
            self.decide_all(&mut pending, &mut batch, now);
        }
        batch.answers.extend(self.lot.expired(now).into_iter().map(|caller| (caller, Told::Nothing)));
        batch
    }

    fn decide_all(&mut self, pending: &mut VecDeque<Pending>, batch: &mut Batch, now: Millis) {
        while let Some(Pending { command, caller, until }) = pending.pop_front() {
            // An `Acquire` whose caller hung up must not be given a lease that nobody would hear of.
            if matches!(*command, Command::Acquire(_)) && caller.as_ref().is_some_and(Caller::is_gone) {
                continue;
            }
            let decision = handle(&mut self.state, &command, now);
            let Decision { records, notes, effects, answer, wake, events, then: _ } = decision;
            batch.stirred |= !records.is_empty() || matches!(*command, Command::Register(_));
            drop(notes);
            batch.records.extend(records.iter().map(|r| Change { key: r.key(), value: r.value() }));
            batch.effects.extend(effects);
            batch.events.extend(events);
            for Wake { on, answer } in wake {
                self.wake(&on, answer.as_ref(), pending, batch);
            }
            let Some(caller) = caller else { continue };
            match answer {
                tarquet_core::Answer::Wait(cause) => self.lot.park(cause, command, caller, until),
                answer => batch.answers.extend(Told::of(answer).map(|told| (caller, told))),
            }
        }
    }

    fn wake(
        &mut self,
        on: &WaitFor,
        answer: Option<&tarquet_core::Answer>,
        pending: &mut VecDeque<Pending>,
        batch: &mut Batch,
    ) {
        for parked in self.lot.take(on) {
            match answer.cloned().and_then(Told::of) {
                Some(told) => batch.answers.push((parked.caller, told)),
                None => {
                    let (command, until) = (parked.command, parked.until);
                    pending.push_back(Pending { command, caller: Some(parked.caller), until });
                }
            }
        }
    }

    /// One transaction for the whole batch, on a thread that may block.
    async fn commit(&mut self, records: &[Change]) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        let (ledger, records) = (self.ledger.clone(), records.to_vec());
        let commit = move || ledger.lock().unwrap_or_else(PoisonError::into_inner).commit(&records);
        let began = Instant::now();
        match tokio::task::spawn_blocking(commit).await {
            Ok(Ok(())) => {
                self.metrics.committed(began.elapsed());
                Ok(())
            }
            Ok(Err(error)) => {
                let failure =
                    Failure::new(cluster::LEDGER_UNWRITABLE, "a decision could not be made durable");
                Err(failure.caused_by(&error))
            }
            Err(died) => {
                let failure = Failure::new(ourselves::PANICKED, "writing the ledger panicked");
                Err(failure.caused_by(&died))
            }
        }
    }

    /// All of it is durable: now it may be known.
    fn tell(&mut self, batch: Batch) {
        for event in &batch.events {
            self.metrics.saw(event, &self.state);
            tracing::info!(job = event.job.as_ref().map(tracing::field::display), "{}", event.what);
        }
        for effect in batch.effects {
            if let Some(order) = Order::of(&self.state, effect) {
                self.start(order);
            }
        }
        for (caller, told) in batch.answers {
            caller.tell(told);
        }
        if batch.stirred {
            self.changed.send_modify(|version| *version += 1);
        }
        let now = self.clock.monotonic_ms();
        for read in batch.reads {
            read(&self.state, now);
        }
    }

    /// Starts an effect; its outcome comes back through the queue, also when carrying it out panics.
    fn start(&self, order: Order) {
        let (executor, outcomes) = (self.executor.clone(), self.outcomes.clone());
        let effect = order.effect.key();
        let carried = tokio::spawn(async move { executor.carry_out(order).await });
        tokio::spawn(async move {
            let outcome = carried.await.unwrap_or_else(|died| {
                let failure = Failure::new(ourselves::PANICKED, "carrying out an effect panicked");
                Command::EffectFailed { effect, failure: failure.caused_by(&died) }
            });
            if let Some(queue) = outcomes.upgrade() {
                queue.send(Ask::Command(Box::new(outcome), None)).await.ok();
            }
        });
    }
}
