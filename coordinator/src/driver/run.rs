//! The driver's loop.

use super::{
    desk::{Batch, Desk},
    handle::{DriverHandle, Entry},
};
use crate::{
    effects::{Executor, Order},
    ledger::{Change, Ledger},
    metrics::Metrics,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tarquet_common::{
    clock::{Clock, Millis},
    codes::{cluster, ourselves},
    failure::Failure,
};
use tarquet_core::{EffectKey, Outcome, State};
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
        desk: Desk::new(parts.state),
        blocks: parts.ledger.blocks(),
        ledger: Arc::new(Mutex::new(parts.ledger)),
        executor: parts.executor,
        clock: parts.clock,
        metrics: parts.metrics,
        outcomes: sender.downgrade(),
        changed,
    };
    (handle, tokio::spawn(driver.run(queue)))
}

struct Driver {
    desk: Desk,
    /// Whether the ledger does.
    blocks: bool,
    ledger: Arc<Mutex<Box<dyn Ledger>>>,
    executor: Arc<Executor>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    /// Where effects report. Weak, so that the driver ends when nobody is left who could ask.
    outcomes: mpsc::WeakSender<Entry>,
    changed: watch::Sender<u64>,
}

impl Driver {
    async fn run(mut self, mut queue: mpsc::Receiver<Entry>) -> Result<(), Failure> {
        let mut entries = Vec::new();
        loop {
            let sleep = tokio::time::sleep(self.pause());
            // In this order, so that a driver does the same whenever the same happens to it.
            let open = tokio::select! {
                biased;
                taken = queue.recv_many(&mut entries, BATCH) => taken > 0,
                () = sleep => true,
            };
            if !open {
                return Ok(());
            }
            let (now, unix_ms) = (self.clock.monotonic_ms(), self.clock.unix_ms());
            let mut batch = self.desk.decide(entries.drain(..), now, unix_ms);
            self.commit(std::mem::take(&mut batch.records)).await?;
            self.tell(batch);
        }
    }

    /// How long nothing is due.
    fn pause(&self) -> Duration {
        let now = self.clock.monotonic_ms();
        Duration::from_millis(
            self.desk.next_due().map_or(PULSE_MS, |at| at.saturating_sub(now).clamp(1, PULSE_MS)),
        )
    }

    /// One transaction for the whole batch, on a thread that may block where the ledger does.
    async fn commit(&mut self, records: Vec<Change>) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        let ledger = self.ledger.clone();
        let commit = move || ledger.lock().unwrap_or_else(PoisonError::into_inner).commit(&records);
        let began = Instant::now();
        let committed = if self.blocks { tokio::task::spawn_blocking(commit).await } else { Ok(commit()) };
        match committed {
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
            self.metrics.saw(event, &self.desk.state);
            tracing::info!(job = event.job.as_ref().map(tracing::field::display), "{}", event.what);
        }
        for effect in batch.effects {
            let key = effect.key();
            if let Some(order) = Order::of(&self.desk.state, effect) {
                self.start(key, order);
            }
        }
        for (caller, said) in batch.answers {
            caller.tell(said);
        }
        if batch.stirred {
            self.changed.send_modify(|version| *version += 1);
        }
        let now = self.clock.monotonic_ms();
        for read in batch.reads {
            read(&self.desk.state, now);
        }
    }

    /// Starts an effect; its outcome comes back through the queue, also when carrying it out panics.
    fn start(&self, effect: EffectKey, order: Order) {
        let (executor, outcomes) = (self.executor.clone(), self.outcomes.clone());
        let key = effect.clone();
        let carried = tokio::spawn(async move { executor.carry_out(key, order).await });
        tokio::spawn(async move {
            let outcome = carried.await.unwrap_or_else(|died| {
                let failure = Failure::new(ourselves::PANICKED, "carrying out an effect panicked");
                Outcome::EffectFailed { effect, failure: failure.caused_by(&died) }
            });
            if let Some(queue) = outcomes.upgrade() {
                queue.send(Entry::Outcome(Box::new(outcome))).await.ok();
            }
        });
    }
}
