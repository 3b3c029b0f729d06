//! Seeded simulation of the core: one store, one coordinator at a time that may die, stall or lose its ledger, workers
//! that crash, stall, hang and come back as zombies, messages that are lost or come twice, and people.
//!
//! `SIM_SEED=17` replays one seed, with `SIM_TRACE=1` and `--nocapture` every event of it is told; `SIM_SEEDS=100000` runs that many. Nothing here knows a clock or a thread but
//! the loop that spreads seeds over cores.

#![expect(unreachable_pub, reason = "a test binary has no outside; pub means: for other files")]

mod agent;
mod checks;
mod people;
mod plans;
mod shell;
mod store;
mod worker;
mod world;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use world::{Size, World};

const SMALL: fn() -> Size = || Size { shards: (5, 60), workers: (2, 12), faults_until: 15_000 };
/// Seeds that a change must pass.
const SEEDS: u64 = 2_400;

#[derive(Default)]
struct Totals {
    fired: BTreeMap<String, u64>,
    steps: u64,
}

impl Totals {
    fn add(&mut self, world: &World) {
        self.steps += world.checks.steps;
        let of = |map: &BTreeMap<&'static str, u64>| {
            map.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect::<Vec<_>>()
        };
        let ends = world.checks.over.iter().map(|(k, v)| (format!("ended {k}"), *v));
        for (name, n) in of(&world.fired).into_iter().chain(of(&world.checks.seen)).chain(ends) {
            *self.fired.entry(name).or_default() += n;
        }
    }
}

fn number_from(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

fn run_all(seeds: u64) -> Totals {
    let next = AtomicU64::new(0);
    let totals = Mutex::new(Totals::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    let mut world = World::new(seed, SMALL());
                    world.run();
                    totals.lock().expect("no test thread died holding it").add(&world);
                }
            });
        }
    });
    totals.into_inner().expect("no test thread died holding it")
}

/// Whatever goes wrong, the invariants of `checks` hold and the jobs end; and everything that can go wrong did.
#[test]
fn invariants_hold_under_faults() {
    if let Some(seed) = number_from("SIM_SEED") {
        let mut world = World::new(seed, SMALL());
        world.run();
        eprintln!("seed {seed}: {} steps, {:?}, {:?}", world.checks.steps, world.fired, world.checks.seen);
        return;
    }
    let seeds = number_from("SIM_SEEDS").unwrap_or(SEEDS);
    let totals = run_all(seeds);
    eprintln!("{seeds} seeds, {} steps", totals.steps);
    for (name, n) in &totals.fired {
        eprintln!("{n:>9}  {name}");
    }
    for fault in EVERY_FAULT {
        assert!(
            totals.fired.get(*fault).is_some_and(|n| *n > 0),
            "{fault:?} never happened in {seeds} seeds"
        );
    }
}

/// Thousands of workers and a thousand shards: the same rules, and decisions that do not slow down.
#[test]
fn thousands_of_workers() {
    let size = Size { shards: (1_000, 1_000), workers: (2_000, 2_000), faults_until: 2_000 };
    let mut world = World::new(1, size);
    world.run();
    assert_eq!(world.checks.over.get("done"), Some(&1), "{}", world.standing());
    assert!(world.checks.steps > 10_000, "{} steps", world.checks.steps);
}

/// Faults that are injected, and what must have come of them.
const EVERY_FAULT: &[&str] = &[
    "message lost",
    "message repeated late",
    "reply lost",
    "attempt goes wrong",
    "attempt hangs",
    "attempt given up as orphan",
    "member kills the decoder",
    "archive is broken",
    "effect failed, nothing happened",
    "effect done, answer unclear",
    "crash before the records are durable",
    "crash after the records are durable",
    "ledger lost",
    "started before compared",
    "ledger old",
    "coordinator stalls",
    "worker stalls",
    "worker dies",
    "worker leaves",
    "upload vanishes",
    "upload found lost",
    "foreign object put",
    "foreign object listed",
    "foreign object at a part's key",
    "a rival coordinator is faster",
    "receipt taken by another attempt",
    "output claimed by another job",
    "accept or retry",
    "cancel",
    "drain",
    "duplicate lease",
    "attempt adopted",
    "attempt superseded",
    "lease expired",
    "shard requeued",
    "shard stopped",
    "killer member found",
    "late receipt superseded",
    "job held",
    "job accepted",
    "rounds opened",
    "job paused",
    "old ledger rebuilt",
    "lost ledger rebuilt",
    "stall noticed",
    "lost upload reopened",
    "effect delayed",
    "ended done",
    "ended cancelled",
    "ended failed",
];
