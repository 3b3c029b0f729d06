//! How far an attempt is, written by its threads and read by its renewals.
//!
//! Two threads work on an attempt: one fetches and unpacks, the other makes what is uploaded. Each adds up what it spends
//! on the **steps** that the plan of its stage lists; time in which one waits for the other belongs to no step. The step
//! that took most is what the attempt would have to do less of to go faster.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tarquet_common::leasing::{Lease, Progress};
use tokio::{sync::Notify, time::Instant};

/// Stands for "no item".
const NONE: u64 = u64::MAX;

/// Counters of one attempt. Each is exact; together they are a snapshot only approximately.
#[derive(Debug)]
pub struct ProgressCell {
    bytes_done: AtomicU64,
    items_done: AtomicU64,
    rows: AtomicU64,
    quarantined: AtomicU64,
    bytes_fetched: AtomicU64,
    bytes_written: AtomicU64,
    scratch_bytes: AtomicU64,
    memory_bytes: AtomicU64,
    at_item: AtomicU64,
    blamed: AtomicU64,
    steps: Steps,
    /// What is said before an item is begun, where the lease asks for that.
    announced: Option<Announced>,
}

impl Default for ProgressCell {
    fn default() -> Self {
        Self::of_steps(&[])
    }
}

impl ProgressCell {
    /// Nothing is done yet. `steps` are those of the attempt, as its plan lists them.
    pub fn of_steps(steps: &[String]) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            bytes_done: zero(),
            items_done: zero(),
            rows: zero(),
            quarantined: zero(),
            bytes_fetched: zero(),
            bytes_written: zero(),
            scratch_bytes: zero(),
            memory_bytes: zero(),
            at_item: AtomicU64::new(NONE),
            blamed: AtomicU64::new(NONE),
            steps: Steps::of(steps),
            announced: None,
        }
    }

    /// As the lease has it.
    pub fn of_lease(lease: &Lease) -> Self {
        let announced = lease.careful.then(Announced::default);
        Self { announced, ..Self::of_steps(&lease.steps) }
    }

    /// An item was finished, done or failed: `bytes` of it, `rows` written.
    pub fn item_done(&self, bytes: u64, rows: u64) {
        self.bytes_done.fetch_add(bytes, Relaxed);
        self.items_done.fetch_add(1, Relaxed);
        self.rows.fetch_add(rows, Relaxed);
    }

    /// An item failed and was set aside. [`Self::item_done`] is called for it too.
    pub fn item_failed(&self) {
        self.quarantined.fetch_add(1, Relaxed);
    }

    /// Work without items went on, such as an index pass.
    pub fn bytes_done(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Relaxed);
    }

    /// Bytes arrived from the store.
    pub fn fetched(&self, bytes: u64) {
        self.bytes_fetched.fetch_add(bytes, Relaxed);
    }

    /// Bytes were uploaded.
    pub fn written(&self, bytes: u64) {
        self.bytes_written.fetch_add(bytes, Relaxed);
    }

    /// The ring of the attempt takes so many bytes of scratch.
    pub fn set_scratch(&self, bytes: u64) {
        self.scratch_bytes.store(bytes, Relaxed);
    }

    /// What took `from` bytes takes `to` bytes now: what is encoded and not taken by the store yet.
    pub fn holds(&self, from: u64, to: u64) {
        self.memory_bytes.fetch_add(to.wrapping_sub(from), Relaxed);
    }

    /// Work starts on the item at this place in the shard: should the process die, it was at it. Where the lease asks for
    /// care, waits until the coordinator has heard of it; not for ever, if it is away.
    pub fn begin_item(&self, place: u32) {
        self.at_item.store(u64::from(place), Relaxed);
        if let Some(announced) = &self.announced {
            announced.wait_until_heard();
        }
    }

    /// Done when something is to be told at once.
    pub async fn to_tell(&self) {
        match &self.announced {
            Some(announced) => announced.wanted.notified().await,
            None => std::future::pending().await,
        }
    }

    /// What has to be said so far; [`Self::heard`] takes it back, once the coordinator has answered a snapshot that is
    /// younger.
    pub fn said(&self) -> u64 {
        self.announced.as_ref().map_or(0, |a| *a.lock(&a.said))
    }

    /// The coordinator has heard all that was [`Self::said`].
    pub fn heard(&self, said: u64) {
        if let Some(announced) = &self.announced {
            *announced.lock(&announced.heard) = said;
            announced.changed.notify_all();
        }
    }

    /// Work is between items.
    pub fn end_item(&self) {
        self.at_item.store(NONE, Relaxed);
    }

    /// The work died or hung on the item at this place; said when the attempt fails because of it.
    pub fn blame(&self, place: u32) {
        self.blamed.store(u64::from(place), Relaxed);
    }

    /// Does `work`, which is of this step. One that the plan does not list is not told.
    pub fn timed<T>(&self, step: &str, work: impl FnOnce() -> T) -> T {
        self.steps.timed(step, work)
    }

    /// Does `work` inside a timed step, which is waiting for the attempt's other thread.
    pub fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.steps.waiting(work)
    }

    /// The blamed item.
    pub fn blamed(&self) -> Option<u32> {
        place(&self.blamed)
    }

    /// The item being worked on.
    pub fn at_item(&self) -> Option<u32> {
        place(&self.at_item)
    }

    /// Bytes that have arrived from the store.
    pub fn bytes_fetched(&self) -> u64 {
        self.bytes_fetched.load(Relaxed)
    }

    /// All of it, for a renewal. The step is the one that took most since the snapshot before.
    pub fn snapshot(&self) -> Progress {
        Progress {
            bytes_done: self.bytes_done.load(Relaxed),
            items_done: self.items_done.load(Relaxed),
            rows: self.rows.load(Relaxed),
            quarantined: self.quarantined.load(Relaxed),
            bytes_fetched: self.bytes_fetched(),
            bytes_written: self.bytes_written.load(Relaxed),
            step: self.steps.busiest().unwrap_or_default().to_owned(),
            at_item: self.at_item(),
            memory_bytes: self.scratch_bytes.load(Relaxed) + self.memory_bytes.load(Relaxed),
        }
    }
}

/// Items that are begun only when the coordinator knows of it.
#[derive(Debug, Default)]
struct Announced {
    said: Mutex<u64>,
    heard: Mutex<u64>,
    changed: Condvar,
    wanted: Notify,
}

/// How long an item waits for the coordinator to hear of it. One that is away hears of no death either.
const HEARD_WITHIN: Duration = Duration::from_secs(10);

impl Announced {
    fn lock<'a>(&self, of: &'a Mutex<u64>) -> MutexGuard<'a, u64> {
        of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until_heard(&self) {
        let said = {
            let mut said = self.lock(&self.said);
            *said += 1;
            *said
        };
        self.wanted.notify_one();
        let unheard = |heard: &mut u64| *heard < said;
        let waited = self.changed.wait_timeout_while(self.lock(&self.heard), HEARD_WITHIN, unheard);
        drop(waited);
    }
}

fn place(cell: &AtomicU64) -> Option<u32> {
    u32::try_from(cell.load(Relaxed)).ok()
}

/// What was spent so far, in nanoseconds, and how much of it was told.
#[derive(Debug)]
struct Steps {
    now: fn() -> Instant,
    words: Vec<String>,
    spent: Vec<AtomicU64>,
    waited: AtomicU64,
    told: Mutex<Vec<u64>>,
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Steps {
    /// Nothing was spent on any of these steps yet.
    fn of(words: &[String]) -> Self {
        Self::by(Instant::now, words)
    }

    /// [`Self::of`], by this clock.
    fn by(now: fn() -> Instant, words: &[String]) -> Self {
        Self {
            now,
            words: words.to_vec(),
            spent: words.iter().map(|_| AtomicU64::new(0)).collect(),
            waited: AtomicU64::new(0),
            told: Mutex::new(vec![0; words.len()]),
        }
    }

    /// Nanoseconds since a moment.
    fn since(&self, moment: Instant) -> u64 {
        nanoseconds((self.now)().saturating_duration_since(moment))
    }

    /// Does `work`, which is of this step, but for the time in which it was [`Self::waiting`]. A step that is not listed
    /// counts nowhere.
    fn timed<T>(&self, step: &str, work: impl FnOnce() -> T) -> T {
        let (waited, since) = (self.waited.load(Relaxed), (self.now)());
        let done = work();
        let waited = self.waited.load(Relaxed) - waited;
        self.add(step, self.since(since).saturating_sub(waited));
        done
    }

    /// Does `work`, which is waiting for the other thread. Only one of the two threads does so inside a timed step.
    fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        let since = (self.now)();
        let done = work();
        self.waited.fetch_add(self.since(since), Relaxed);
        done
    }

    fn add(&self, step: &str, ns: u64) {
        if let Some(at) = self.words.iter().position(|word| word == step) {
            self.spent[at].fetch_add(ns, Relaxed);
        }
    }

    /// The step that took most since the last time that this was asked; before any time was spent since, none.
    fn busiest(&self) -> Option<&str> {
        let now: Vec<u64> = self.spent.iter().map(|ns| ns.load(Relaxed)).collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let since = std::mem::replace(&mut *told, now.clone());
        let (ns, step) = now
            .iter()
            .zip(since)
            .zip(&self.words)
            .map(|((now, since), word)| (now - since, Some(word.as_str())))
            .fold((0, None), |most, step| if step.0 > most.0 { step } else { most });
        step.filter(|_| ns > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static NOW: Cell<Instant> = Cell::new(Instant::now());
    }

    /// By a clock that only [`pass`] moves.
    fn steps(words: &[&str]) -> Steps {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Steps::by(|| NOW.get(), &words)
    }

    fn pass(ms: u64) {
        NOW.set(NOW.get() + Duration::from_millis(ms));
    }

    #[test]
    fn the_busiest_step_since_the_last_look() {
        let steps = steps(&["fetch", "encode"]);
        assert_eq!(steps.busiest(), None);
        steps.add("fetch", 500);
        steps.add("encode", 900);
        assert_eq!(steps.busiest(), Some("encode"));
        steps.add("fetch", 10);
        assert_eq!(steps.busiest(), Some("fetch"), "what was told does not count again");
        assert_eq!(steps.busiest(), None);
    }

    #[test]
    fn a_step_that_the_plan_does_not_list_is_not_told() {
        let steps = steps(&["fetch"]);
        assert_eq!(steps.timed("sort", || 7), 7);
        steps.timed("sort", || pass(1_000));
        assert_eq!(steps.busiest(), None);
        steps.timed("fetch", || pass(1));
        assert_eq!(steps.busiest(), Some("fetch"));
    }

    #[test]
    fn waiting_for_the_other_thread_is_no_step() {
        let steps = steps(&["unpack", "decode"]);
        let done = steps.timed("unpack", || {
            pass(9);
            steps.waiting(|| pass(1_000));
            pass(1);
            "done"
        });
        steps.timed("decode", || pass(11));
        steps.waiting(|| pass(1_000));
        assert_eq!(done, "done");
        let ms: Vec<u64> = steps.spent.iter().map(|ns| ns.load(Relaxed) / 1_000_000).collect();
        assert_eq!(ms, [10, 11]);
        assert_eq!(steps.busiest(), Some("decode"));
    }

    #[test]
    fn a_careful_attempt_begins_nothing_that_was_not_heard_of() {
        let careful = || ProgressCell { announced: Some(Announced::default()), ..ProgressCell::default() };
        let cell = careful();
        std::thread::scope(|scope| {
            let begun = scope.spawn(|| cell.begin_item(7));
            while cell.said() == 0 {
                std::thread::yield_now();
            }
            assert_eq!(cell.snapshot().at_item, Some(7), "what is told names it");
            cell.heard(0);
            std::thread::sleep(Duration::from_millis(20));
            assert!(!begun.is_finished(), "an older answer is not one to this");
            cell.heard(cell.said());
            begun.join().unwrap();
        });
        let hasty = ProgressCell::default();
        hasty.begin_item(7);
        assert_eq!(hasty.said(), 0, "others wait for nobody");
    }
}
