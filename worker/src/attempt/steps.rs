//! Where an attempt's time goes.
//!
//! Two threads work on an attempt: one fetches and unpacks, the other makes what is uploaded. Each adds up what it spends
//! on the **steps** that the plan of its stage lists; time in which one waits for the other belongs to no step. The step
//! that took most is what the attempt would have to do less of to go faster.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;

/// What was spent so far, in nanoseconds, and how much of it was told.
#[derive(Debug)]
pub(super) struct Steps {
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
    pub(super) fn of(words: &[String]) -> Self {
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
    pub(super) fn timed<T>(&self, step: &str, work: impl FnOnce() -> T) -> T {
        let (waited, since) = (self.waited.load(Relaxed), (self.now)());
        let done = work();
        let waited = self.waited.load(Relaxed) - waited;
        self.add(step, self.since(since).saturating_sub(waited));
        done
    }

    /// Does `work`, which is waiting for the other thread. Only one of the two threads does so inside a timed step.
    pub(super) fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
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
    pub(super) fn busiest(&self) -> Option<&str> {
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
}
