//! Where a coordinator sits: one process after the other, each on the ledger that the one before left, or on what became
//! of it. Two seats are two coordinators on one store.

use super::{
    kind::SimKinds,
    people::registry,
    store::SimStores,
    world::{Process, UNIX, World},
};
use crate::{
    Coordinator, CoordinatorSettings, FilePaths,
    ledger::{Change, Ledger, LedgerError, Row},
};
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tarquet_common::{
    clock::{Clock, Millis},
    codes::{cluster, ourselves},
    failure::Failure,
    store::StoreSettings,
};
use tarquet_core::Settings;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What is on the disk of a seat, now and as somebody once copied it.
#[derive(Default)]
struct Disk {
    rows: Rows,
    copy: Rows,
}

/// The ledger of one process.
struct SimLedger {
    disk: Arc<Mutex<Disk>>,
    world: Arc<World>,
    process: Arc<Process>,
}

impl SimLedger {
    fn dies() -> LedgerError {
        let source = io::ErrorKind::StorageFull.into();
        LedgerError::Io { operation: "write", dir: "simulated".to_owned(), source }
    }
}

impl Ledger for SimLedger {
    fn blocks(&self) -> bool {
        false
    }

    fn load(&mut self) -> Result<Vec<Row>, LedgerError> {
        let disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(disk.rows.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// The process may die of it: with nothing written, or with all written and nothing told.
    fn commit(&mut self, batch: &[Change]) -> Result<(), LedgerError> {
        let commit = self.world.faults.commit;
        if self.process.is_dead() || self.world.goes_wrong(commit, "crash before the commit") {
            self.process.kill();
            return Err(Self::dies());
        }
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        for change in batch {
            match &change.value {
                Some(value) => disk.rows.insert(change.key.clone(), value.clone()),
                None => disk.rows.remove(&change.key),
            };
        }
        if self.world.goes_wrong(commit, "crash after the commit") {
            self.process.kill();
            return Err(Self::dies());
        }
        Ok(())
    }
}

/// The clocks of one coordinator: one goes on, the other jumps as well.
pub(super) struct SimClock {
    world: Arc<World>,
    /// What is added to the wall clock.
    ahead: AtomicU64,
}

impl SimClock {
    /// An hour ahead or behind of where it should be, at most.
    pub(super) fn jump(&self) {
        self.ahead.store(self.world.range(0, 7_200_000), Relaxed);
    }
}

impl Clock for SimClock {
    fn monotonic_ms(&self) -> Millis {
        self.world.now()
    }

    fn unix_ms(&self) -> Millis {
        UNIX + self.world.now() + self.ahead.load(Relaxed)
    }
}

/// A place for one coordinator at a time.
pub(super) struct Seat {
    world: Arc<World>,
    number: usize,
    disk: Arc<Mutex<Disk>>,
    pub(super) clock: Arc<SimClock>,
}

impl Seat {
    pub(super) fn new(world: &Arc<World>, number: usize) -> Self {
        let clock = SimClock { world: world.clone(), ahead: AtomicU64::new(3_600_000) };
        Self { world: world.clone(), number, disk: Arc::default(), clock: Arc::new(clock) }
    }

    /// Keeps a coordinator here until `until`, and after it dies starts the next. The seat is empty in the end.
    pub(super) async fn keep(&self, until: u64) {
        while self.world.now() < until {
            let process = self.world.process();
            self.one(&process, until).await;
            process.kill();
            self.world.sit(self.number, None);
            self.world.note("coordinator ends", &process.id.to_string());
            self.world.checks().at_death(&self.world);
            self.world.pause(50, 1_500).await;
            self.lose_ledger();
        }
    }

    fn lose_ledger(&self) {
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        if self.world.goes_wrong(self.world.faults.ledger_lost, "ledger lost") {
            disk.rows.clear();
        } else if self.world.goes_wrong(self.world.faults.ledger_old, "ledger old") {
            disk.rows = disk.copy.clone();
        }
        disk.copy = disk.rows.clone();
    }

    /// One process, from its start to its death.
    async fn one(&self, process: &Arc<Process>, until: u64) {
        let crashes = self.world.faulty() && self.world.permille(self.world.faults.crash);
        let lives = if crashes { self.world.range(10, 4_000) } else { u64::MAX };
        let dies = self.world.now().saturating_add(lives);
        let starting = self.start(process);
        let started = tokio::select! {
            biased;
            () = self.death(process, dies.min(until)) => None,
            started = starting => Some(started),
        };
        let mut coordinator = match started {
            Some(Ok(coordinator)) => coordinator,
            Some(Err(failure)) => return self.is_no_bug(&failure),
            None if dies < until => return self.world.fire("crash while starting"),
            None => return,
        };
        self.world.note("coordinator sits", &process.id.to_string());
        self.world.sit(self.number, Some((coordinator.handle.clone(), process.id)));
        let failed = tokio::select! {
            biased;
            failure = coordinator.failed() => Some(failure),
            () = self.death(process, dies.min(until)) => None,
        };
        match failed {
            Some(failure) => self.is_no_bug(&failure),
            None => {
                if dies < until && self.world.faulty() {
                    self.world.fire("crash in the middle");
                }
                process.kill();
                coordinator.stop().await;
            }
        }
    }

    /// A process that died while it started waits for an answer that it never hears.
    async fn death(&self, process: &Process, at: u64) {
        while self.world.now() < at && !process.is_dead() {
            let left = (at - self.world.now()).min(100);
            self.world.pause(left, left).await;
        }
    }

    /// A coordinator may die of its disk and of its store; it never dies of itself.
    fn is_no_bug(&self, failure: &Failure) {
        let bug = [ourselves::PANICKED, ourselves::INVARIANT].contains(&failure.code);
        self.world.must(!bug, || format!("a coordinator died of a bug: {failure:?}"));
        if failure.code != cluster::LEDGER_UNWRITABLE {
            self.world.fire("start failed");
        }
    }

    async fn start(&self, process: &Arc<Process>) -> Result<Coordinator, Failure> {
        let (world, process) = (self.world.clone(), process.clone());
        let ledger = SimLedger { disk: self.disk.clone(), world: world.clone(), process: process.clone() };
        let settings = CoordinatorSettings {
            state_dir: "simulated".into(),
            registry: Some(registry()),
            registry_store: StoreSettings::default(),
            paths: FilePaths::Refused,
            take_over: false,
            core: settings(),
        };
        let (kinds, stores) = (Arc::new(SimKinds(world.clone())), Arc::new(SimStores(world, process)));
        Coordinator::on_ledger(settings, Box::new(ledger), kinds, stores, self.clock.clone()).await
    }
}

fn settings() -> Settings {
    Settings {
        build: "simulated".to_owned(),
        lease_ttl_ms: 1_000,
        renew_every_ms: 200,
        orphan_after_ms: 3_000,
        stuck_after_ms: 2_500,
        silent_max: 8,
        backoff_base_ms: 20,
        backoff_max_ms: 300,
        avoid_ms: 300,
        duplicate_after_ms: 600,
        duplicate_percent: 150,
        publish_parallel: 4,
        forget_worker_ms: 8_000,
        workers_max: 10_000,
        events_kept: 256,
        workers_inside: false,
    }
}
