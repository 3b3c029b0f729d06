//! Many seeds, one seed, and the same seed twice.

use super::{
    ends::{at_end, is_settled},
    people,
    seat::Seat,
    worker::Worker,
    world::{LANDED_MS, SEATS, World},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tarquet_common::ids::JobId;
use tarquet_core::{Phase, State, views};

/// Seeds that a change must pass.
const SEEDS: u64 = 2_000;
/// Every job ends so long after the last fault.
const LIMIT_MS: u64 = 300_000;

/// What came of a seed.
struct Ran {
    fired: BTreeMap<String, u64>,
    trace: String,
}

/// One world, from its beginning to its end.
fn run(seed: u64, told: bool) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O can be built").block_on(live(seed, told))
}

async fn live(seed: u64, told: bool) -> Ran {
    let world = World::new(seed, told);
    let seats: Vec<_> = (0..SEATS).map(|n| Arc::new(Seat::new(&world, n))).collect();
    let stays = usize::from(world.faults.rival && world.permille(500));
    for (number, seat) in seats.iter().cloned().enumerate() {
        if number == 1 && !world.faults.rival {
            continue;
        }
        let until = if number == stays { u64::MAX } else { world.faults.until };
        let world = world.clone();
        tokio::spawn(async move {
            if number > 0 {
                world.pause(500, 4_000).await;
                world.fire("two coordinators on one store");
            }
            seat.keep(until).await;
        });
    }
    let workers = (0..world.range(2, if world.jobs > 3 { 8 } else { 5 })).map(|_| Worker::start(&world));
    let workers: Vec<_> = workers.collect();
    if world.jobs == 20 {
        world.fire("twenty jobs at once");
    }
    world.asking.store(world.jobs, Relaxed);
    for number in 0..world.jobs {
        tokio::spawn(people::client(world.clone(), number));
    }
    tokio::spawn(people::people(world.clone()));
    tokio::spawn(people::trouble(world.clone(), workers, seats));
    let phases = end(&world, stays).await;
    at_end(&world, &phases);
    no_violation(&world);
    Ran { fired: world.fired(), trace: world.trace() }
}

fn no_violation(world: &World) {
    assert_eq!(world.broken(), None, "replay with SIM_SEED={}", world.seed);
}

/// Waits until every job is over, and until nothing is under way any more.
async fn end(world: &World, stays: usize) -> Vec<(JobId, Phase)> {
    let mut over_at = None;
    loop {
        tokio::time::sleep(Duration::from_millis(250)).await;
        no_violation(world);
        let handle = world.seat(stays).filter(|_| !world.faulty());
        let look = |state: &State, now| {
            let rows = state.job_ids().filter_map(|id| state.job(id));
            let phases: Vec<_> = rows.map(|row| (row.job.clone(), row.phase.clone())).collect();
            let told = state.job_ids().filter_map(|id| views::job_status(state, id, now));
            (phases, told.map(|status| format!("{status:?}")).collect::<Vec<_>>())
        };
        let seen = match &handle {
            Some(handle) => handle.driver.read(look).await.ok(),
            None => None,
        };
        let late = world.now() > world.faults.until + LIMIT_MS;
        assert!(!late, "seed {}: the jobs do not end: {:#?}", world.seed, seen.map(|(_, told)| told));
        let Some((phases, _)) = seen else { continue };
        let over = world.asking.load(Relaxed) == 0 && phases.iter().all(|(_, phase)| is_settled(phase));
        if !over {
            over_at = None;
        } else if world.now() > *over_at.get_or_insert(world.now()) + LANDED_MS {
            return phases;
        }
    }
}

fn number_from(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

fn run_all(seeds: u64) -> BTreeMap<String, u64> {
    let next = AtomicU64::new(0);
    let totals = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    let ran = run(seed, false);
                    let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
                    for (name, n) in ran.fired {
                        *totals.entry(name).or_insert(0) += n;
                    }
                }
            });
        }
    });
    totals.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Whatever goes wrong, what `checks` and `ends` say holds; and everything that can go wrong did.
#[test]
fn the_real_driver_keeps_its_promises() {
    if let Some(seed) = number_from("SIM_SEED") {
        let ran = run(seed, true);
        eprintln!("seed {seed}: trace {}, {:#?}", ran.trace, ran.fired);
        return;
    }
    let seeds = number_from("SIM_SEEDS").unwrap_or(SEEDS);
    let totals = run_all(seeds);
    for (name, n) in &totals {
        eprintln!("{n:>9}  {name}");
    }
    for happening in HAPPENINGS {
        let often = totals.get(*happening).copied().unwrap_or(0);
        assert!(often > 0, "{happening:?} never happened in {seeds} seeds");
    }
}

/// A seed is all that a world comes from.
#[test]
fn the_same_seed_has_the_same_trace() {
    for seed in 0..8 {
        assert_eq!(run(seed, false).trace, run(seed, false).trace, "seed {seed}");
    }
    assert_ne!(run(1, false).trace, run(2, false).trace);
}

/// What goes wrong, and what must have come of it.
const HAPPENINGS: &[&str] = &[
    "Complete conflicts",
    "Complete done later, answer unclear",
    "Complete done, answer unclear",
    "Complete not done, answer unclear",
    "accept",
    "answer of the store delayed",
    "answer of the store lost",
    "attempt adopted",
    "attempt given up as orphan",
    "attempt goes wrong",
    "attempt hangs",
    "attempt superseded",
    "cancel",
    "crash after the commit",
    "crash before the commit",
    "crash in the middle",
    "crash while starting",
    "died with some artifacts of a shard visible",
    "effect delayed",
    "ended cancelled",
    "ended done",
    "foreign object put",
    "job adopted by hand",
    "job compared again by hand",
    "job held",
    "job rebuilt from its objects",
    "late receipt superseded",
    "lease expired",
    "ledger lost",
    "ledger old",
    "message lost",
    "message repeated late",
    "old ledger rebuilt",
    "output claimed by another job",
    "pause",
    "planning fails and holds the job",
    "planning fails and is tried again",
    "receipt of a round that is over",
    "reply lost",
    "request landed after its process died",
    "request late",
    "request lost",
    "round that was to be over has a receipt",
    "rounds opened",
    "shard leased twice",
    "shard published",
    "shard requeued",
    "shard stopped",
    "twenty jobs at once",
    "two coordinators on one store",
    "upload found lost",
    "upload vanishes",
    "wall clock jumps",
    "worker dies",
    "worker leaves",
    "worker stalls",
    "worker turns to the other coordinator",
];
