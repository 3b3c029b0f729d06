//! The world: one store, one coordinator at a time, workers, people, and what goes wrong between them.

use crate::{checks::Checks, plans, store::Store, worker::Worker};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};
use tarquet_common::ids::JobId;
use tarquet_core::{Ask, Catalog, Effect, Outcome, Refusal, Reply, Settings, State, Submit, WaitFor};
use tarquet_kit::Chance;

/// Everybody's clock when the world begins, so that no clock starts at 0.
pub const BEGIN: u64 = 1_000;
pub const UNIX: u64 = 1_700_000_000_000;

/// Which worker's slot asked, and in which turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    pub worker: usize,
    pub slot: usize,
    pub turn: u64,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub from: Option<Asker>,
    pub ask: Ask,
}

/// What a caller is told in the end.
pub type Said = Result<Reply, Refusal>;

#[derive(Debug)]
pub enum Happening {
    Arrive(Call),
    Answered(Asker, Said),
    Step(Asker),
    /// An effect of a process reaches the store, with the catalog that process wants to write.
    Land(u64, Effect, Option<Box<Catalog>>),
    Outcome(u64, Outcome),
    Tick(u64),
    CoordinatorStarts,
    /// The process has compared its jobs and starts.
    Start(u64),
    /// The process compares a job with the store.
    Compare(u64, JobId),
    People,
    Trouble,
}

/// How much goes wrong, in thousandths.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub drop: u64,
    pub repeat: u64,
    pub attempt: u64,
    pub effect: u64,
    pub crash: u64,
    pub ledger_lost: u64,
    pub ledger_old: u64,
    pub trouble: u64,
    pub foreign: u64,
    pub upload: u64,
    pub rival: u64,
    /// When all this stops.
    pub until: u64,
}

pub struct Coordinator {
    pub state: State,
    pub born: u64,
    pub parked: Vec<(WaitFor, Call)>,
    /// Nothing is handled before.
    pub stalled_until: u64,
    /// All jobs are compared by then: nothing is submitted before, for it might be there already.
    pub open_from: u64,
    pub next_tick: Option<u64>,
}

pub type Ledger = BTreeMap<Vec<u8>, Vec<u8>>;

pub struct World {
    pub seed: u64,
    pub chance: Chance,
    pub now: u64,
    sequence: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    pub store: Store,
    pub settings: Settings,
    pub coordinator: Option<Coordinator>,
    /// Raised with every start; outcomes for an earlier process reach nobody.
    pub epoch: u64,
    pub ledger: Ledger,
    pub old_ledger: Ledger,
    pub workers: Vec<Worker>,
    pub submits: BTreeMap<JobId, Submit>,
    pub convert_shards: u64,
    pub faults: Faults,
    pub checks: Checks,
    pub fired: BTreeMap<&'static str, u64>,
    pub work_ms: (u64, u64),
    /// Tell every event.
    pub trace: bool,
}

impl World {
    pub fn new(seed: u64, size: Size) -> Self {
        let mut chance = Chance::new(seed);
        let faults = Faults::of(&mut chance, &size);
        let mut world = Self {
            seed,
            now: BEGIN,
            sequence: 0,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            store: Store::default(),
            settings: settings(),
            coordinator: None,
            epoch: 0,
            ledger: Ledger::new(),
            old_ledger: Ledger::new(),
            workers: Vec::new(),
            submits: BTreeMap::new(),
            convert_shards: chance.range(size.shards.0, size.shards.1),
            faults,
            checks: Checks::default(),
            fired: BTreeMap::new(),
            work_ms: (100, 900),
            trace: std::env::var_os("SIM_TRACE").is_some(),
            chance,
        };
        world.at(0, Happening::CoordinatorStarts);
        for _ in 0..world.chance.range(size.workers.0, size.workers.1) {
            world.add_worker();
        }
        let jobs = if world.chance.permille(200) { 2 } else { 1 };
        for number in 0..jobs {
            world.add_job(number);
        }
        world.at(200, Happening::People);
        world.at(300, Happening::Trouble);
        world
    }

    /// Sometimes two jobs want the same output; the second is refused.
    fn add_job(&mut self, number: u64) {
        let same = number > 0 && self.chance.permille(300);
        let output = format!("mem://out/{}", if same { 0 } else { number });
        let submit = plans::submit(self.seed, number, &output);
        self.submits.insert(submit.job.clone(), submit.clone());
        for repeat in 0..4 {
            let ask = Ask::Submit(Box::new(submit.clone()));
            self.at(20 + number * 10 + repeat * 400, Happening::Arrive(Call { from: None, ask }));
        }
    }

    pub fn add_worker(&mut self) {
        let slots = self.chance.range(1, 3) as usize;
        let slow = self.chance.permille(100);
        let number = self.workers.len();
        let mut worker = Worker::new(number, slots, &mut self.chance, slow);
        // Somebody always fits, or no job with a large shard could end.
        if !self.workers.iter().any(|w| w.alive && w.slot_bytes == 4 << 20) {
            worker.slot_bytes = 4 << 20;
        }
        self.workers.push(worker);
        for slot in 0..slots {
            let after = self.chance.range(1, 100);
            self.at(after, Happening::Step(Asker { worker: number, slot, turn: 0 }));
        }
    }

    pub fn at(&mut self, after: u64, happening: Happening) {
        self.sequence += 1;
        self.queue.push(Reverse((self.now + after, self.sequence)));
        self.happenings.insert(self.sequence, happening);
    }

    pub fn fire(&mut self, fault: &'static str) {
        *self.fired.entry(fault).or_default() += 1;
    }

    pub fn faulty(&self) -> bool {
        self.now < self.faults.until
    }

    /// True so many times in a thousand, while faults go on.
    pub fn goes_wrong(&mut self, permille: u64, fault: &'static str) -> bool {
        let wrong = self.faulty() && self.chance.permille(permille);
        if wrong {
            self.fire(fault);
        }
        wrong
    }

    pub fn run(&mut self) {
        let limit = self.faults.until + 300_000;
        while let Some(Reverse((when, number))) = self.queue.pop() {
            assert!(when < limit, "seed {}: the jobs do not end: {}", self.seed, self.standing());
            self.now = when;
            let happening = self.happenings.remove(&number).expect("every entry has its happening");
            self.happen(happening);
            if !self.faulty() && self.all_over() {
                break;
            }
        }
        self.checks.at_end(&self.store, self.coordinator.as_ref().map(|c| &c.state), self.seed);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrive(call) => self.arrive(call),
            Happening::Answered(asker, said) => self.answered(asker, said),
            Happening::Step(asker) => self.step(asker),
            Happening::Land(epoch, effect, catalog) => self.land(epoch, &effect, catalog),
            Happening::Outcome(epoch, outcome) if epoch == self.epoch => self.outcome(outcome),
            Happening::Tick(epoch) if epoch == self.epoch => self.tick(),
            Happening::Start(epoch) if epoch == self.epoch => {
                self.arrive(Call { from: None, ask: Ask::Start { unix_ms: UNIX + self.now } });
            }
            Happening::Compare(epoch, job) if epoch == self.epoch => self.compare(&job),
            Happening::Outcome(..) | Happening::Tick(_) | Happening::Start(_) | Happening::Compare(..) => {}
            Happening::CoordinatorStarts => self.start_coordinator(),
            Happening::People => self.people(),
            Happening::Trouble => self.trouble(),
        }
    }

    /// Every job that was not refused is over and swept.
    fn all_over(&self) -> bool {
        let Some(c) = &self.coordinator else { return false };
        let submitted = self.now > BEGIN + 2_000;
        submitted
            && c.state.job_ids().all(|id| {
                let swept = |p: &tarquet_core::Phase| {
                    use tarquet_core::Phase::{Cancelled, Done, Failed};
                    match p {
                        Done(x) => x.swept,
                        Cancelled(x) => x.swept,
                        Failed(x) => x.swept,
                        _ => false,
                    }
                };
                c.state.job(id).is_some_and(|row| swept(&row.phase))
            })
    }

    /// For a failed assertion.
    pub fn standing(&self) -> String {
        let Some(c) = &self.coordinator else { return "no coordinator".to_owned() };
        let now = self.now - c.born;
        let views = c.state.job_ids().filter_map(|id| tarquet_core::views::job_status(&c.state, id, now));
        let lines = views.map(|v| {
            let stages: Vec<String> = v
                .stages
                .iter()
                .map(|s| {
                    format!(
                        "{} {}/{} run {} wait {} stop {}",
                        s.name, s.done, s.shards, s.running, s.waiting, s.stopped
                    )
                })
                .collect();
            format!("{} {:?} {:?} {stages:?} effects {:?}", v.state, v.waiting, v.reason, v.effects)
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// How large a world.
pub struct Size {
    pub shards: (u64, u64),
    pub workers: (u64, u64),
    pub faults_until: u64,
}

impl Faults {
    /// Every seed has its own mixture; some have nearly nothing.
    fn of(chance: &mut Chance, size: &Size) -> Self {
        let mut some = |most: u64| if chance.permille(600) { chance.range(0, most) } else { 0 };
        Self {
            drop: some(100),
            repeat: some(80),
            attempt: some(150),
            effect: some(120),
            crash: some(4),
            ledger_lost: some(700),
            ledger_old: some(500),
            trouble: some(500),
            foreign: some(300),
            upload: some(400),
            rival: some(10),
            until: BEGIN + size.faults_until,
        }
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
        events_kept: 64,
        workers_inside: false,
    }
}
