//! What everybody in a world shares: chance, what goes wrong, the store's objects, and where coordinators are found.

use super::{checks::Checks, objects::Objects};
use crate::CoordinatorHandle;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tarquet_kit::Chance;
use tokio::time::Instant;

/// The wall clock when the world begins.
pub(super) const UNIX: u64 = 1_700_000_000_000;
/// So long after the last fault every late request has landed.
pub(super) const LANDED_MS: u64 = 9_000;
/// Coordinators at once.
pub(super) const SEATS: usize = 2;

/// How much goes wrong, in thousandths.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Messages between workers and coordinators.
    pub(super) drop: u64,
    pub(super) repeat: u64,
    /// Attempts.
    pub(super) attempt: u64,
    /// Requests to the store.
    pub(super) request: u64,
    /// Completes of uploads.
    pub(super) complete: u64,
    /// Commits, and lives of a coordinator that end early.
    pub(super) commit: u64,
    pub(super) crash: u64,
    pub(super) ledger_lost: u64,
    pub(super) ledger_old: u64,
    pub(super) plan: u64,
    pub(super) trouble: u64,
    /// Whether a second coordinator comes.
    pub(super) rival: bool,
    /// When all this stops, on the world's clock.
    pub(super) until: u64,
}

impl Faults {
    /// Every seed has its own mixture; some have nearly nothing.
    fn of(chance: &mut Chance) -> Self {
        let mut some = |most: u64| if chance.permille(600) { chance.range(0, most) } else { 0 };
        Self {
            drop: some(80),
            repeat: some(80),
            attempt: some(150),
            request: some(25),
            complete: some(400),
            commit: some(12),
            crash: some(1_000),
            ledger_lost: some(600),
            ledger_old: some(500),
            plan: some(400),
            trouble: some(700),
            rival: chance.permille(400),
            until: chance.range(4_000, 10_000),
        }
    }
}

/// A process: what it has sent lands, but once it is cut off it sends and hears nothing more.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) id: u64,
    cut: AtomicBool,
}

impl Process {
    pub(super) fn kill(&self) {
        self.cut.store(true, Relaxed);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.cut.load(Relaxed)
    }

    /// Whoever is dead never gets beyond this.
    pub(super) async fn alive(&self) {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}

/// What everybody shares.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) faults: Faults,
    pub(super) jobs: u64,
    begin: Instant,
    chance: Mutex<Chance>,
    objects: Mutex<Objects>,
    seats: Mutex<[Option<(CoordinatorHandle, u64)>; SEATS]>,
    checks: Mutex<Checks>,
    fired: Mutex<BTreeMap<String, u64>>,
    trace: Mutex<blake3::Hasher>,
    broken: Mutex<Option<String>>,
    processes: AtomicU64,
    /// Clients that are not done.
    pub(super) asking: AtomicU64,
    told: bool,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(super) fn new(seed: u64, told: bool) -> Arc<Self> {
        let mut chance = Chance::new(seed);
        let faults = Faults::of(&mut chance);
        let jobs = if chance.permille(30) { 20 } else { chance.range(1, 3) };
        Arc::new(Self {
            seed,
            faults,
            jobs,
            begin: Instant::now(),
            chance: Mutex::new(chance),
            objects: Mutex::default(),
            seats: Mutex::default(),
            checks: Mutex::default(),
            fired: Mutex::default(),
            trace: Mutex::default(),
            broken: Mutex::default(),
            processes: AtomicU64::new(0),
            asking: AtomicU64::new(0),
            told,
        })
    }

    /// Milliseconds since the world began.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).expect("worlds are short")
    }

    pub(super) fn range(&self, low: u64, high: u64) -> u64 {
        lock(&self.chance).range(low, high)
    }

    pub(super) fn permille(&self, n: u64) -> bool {
        lock(&self.chance).permille(n)
    }

    pub(super) fn bits(&self) -> u128 {
        let mut chance = lock(&self.chance);
        (u128::from(chance.word()) << 64) | u128::from(chance.word())
    }

    pub(super) async fn pause(&self, low: u64, high: u64) {
        let ms = self.range(low, high);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    pub(super) fn faulty(&self) -> bool {
        self.now() < self.faults.until
    }

    /// It happened.
    pub(super) fn fire(&self, what: &str) {
        self.note("happened", what);
        *lock(&self.fired).entry(what.to_owned()).or_default() += 1;
    }

    /// True so many times in a thousand, while faults go on.
    pub(super) fn goes_wrong(&self, permille: u64, what: &str) -> bool {
        let wrong = self.faulty() && self.permille(permille);
        if wrong {
            self.fire(what);
        }
        wrong
    }

    pub(super) fn fired(&self) -> BTreeMap<String, u64> {
        lock(&self.fired).clone()
    }

    /// Adds a line to the trace.
    pub(super) fn note(&self, what: &str, of: &str) {
        let line = format!("{:>7} {what} {of}\n", self.now());
        if self.told {
            eprint!("{line}");
        }
        lock(&self.trace).update(line.as_bytes());
    }

    pub(super) fn trace(&self) -> String {
        lock(&self.trace).finalize().to_hex().to_string()
    }

    pub(super) fn objects(&self) -> MutexGuard<'_, Objects> {
        lock(&self.objects)
    }

    pub(super) fn checks(&self) -> MutexGuard<'_, Checks> {
        lock(&self.checks)
    }

    /// What must hold. Asked in tasks whose panics nobody would see, so the first that does not ends the world later.
    pub(super) fn must(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        if holds {
            return;
        }
        let told = format!("seed {} at {}: {}", self.seed, self.now(), otherwise());
        self.note("BROKEN", &told);
        lock(&self.broken).get_or_insert(told);
    }

    pub(super) fn broken(&self) -> Option<String> {
        lock(&self.broken).clone()
    }

    pub(super) fn process(&self) -> Arc<Process> {
        let id = self.processes.fetch_add(1, Relaxed);
        Arc::new(Process { id, cut: AtomicBool::new(false) })
    }

    /// The coordinator at this address.
    pub(super) fn seat(&self, number: usize) -> Option<CoordinatorHandle> {
        lock(&self.seats)[number].as_ref().map(|(handle, _)| handle.clone())
    }

    pub(super) fn sit(&self, number: usize, handle: Option<(CoordinatorHandle, u64)>) {
        lock(&self.seats)[number] = handle;
    }

    /// The coordinators that are there, first the last.
    pub(super) fn seated(&self) -> Vec<CoordinatorHandle> {
        lock(&self.seats).iter().rev().flatten().map(|(handle, _)| handle.clone()).collect()
    }

    /// The process of the coordinator that is left; of the first, where there are two.
    pub(super) fn sitting(&self) -> Option<u64> {
        lock(&self.seats).iter().flatten().map(|(_, process)| *process).next()
    }
}
