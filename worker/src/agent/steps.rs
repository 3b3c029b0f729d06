//! Where an attempt's time goes.
//!
//! Two threads work on an attempt: one fetches and decompresses, the other decodes, encodes and uploads. Each adds up what
//! it spends on its **steps**; time in which one waits for the other belongs to no step. The step that took most is what
//! the attempt would have to do less of to go faster.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;

/// What a thread of an attempt is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Waiting for bytes of the input.
    Fetch,
    /// Decompressing, and picking bodies out of the archive.
    Decompress,
    /// Members to frames.
    Decode,
    /// Frames to Parquet.
    Encode,
    /// Waiting for parts to be taken by the store.
    Upload,
}

impl Step {
    const ALL: [Self; 5] = [Self::Fetch, Self::Decompress, Self::Decode, Self::Encode, Self::Upload];

    /// The word of progress messages and screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Decompress => "decompress",
            Self::Decode => "decode",
            Self::Encode => "encode",
            Self::Upload => "upload",
        }
    }
}

/// Nanoseconds of each step.
type Spent = [u64; Step::ALL.len()];

/// What was spent so far, and how much of it was told.
#[derive(Debug)]
pub(super) struct Steps {
    now: fn() -> Instant,
    spent: [AtomicU64; Step::ALL.len()],
    waited: AtomicU64,
    told: Mutex<Spent>,
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Default for Steps {
    fn default() -> Self {
        Self::by(Instant::now)
    }
}

impl Steps {
    /// Nothing was spent yet, by this clock.
    fn by(now: fn() -> Instant) -> Self {
        Self { now, spent: Default::default(), waited: AtomicU64::new(0), told: Mutex::default() }
    }

    /// Nanoseconds since a moment.
    fn since(&self, moment: Instant) -> u64 {
        nanoseconds((self.now)().saturating_duration_since(moment))
    }

    /// Does `work`, which is of this step, but for the time in which it was [`Self::waiting`].
    pub(super) fn timed<T>(&self, step: Step, work: impl FnOnce() -> T) -> T {
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

    fn add(&self, step: Step, ns: u64) {
        self.spent[step as usize].fetch_add(ns, Relaxed);
    }

    /// The step that took most since the last time that this was asked; before any time was spent since, none.
    pub(super) fn busiest(&self) -> Option<Step> {
        let now: Spent = std::array::from_fn(|i| self.spent[i].load(Relaxed));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let since = std::mem::replace(&mut *told, now);
        let (ns, step) = Step::ALL
            .iter()
            .map(|s| (now[*s as usize] - since[*s as usize], *s))
            .fold((0, None), |most, (ns, step)| if ns > most.0 { (ns, Some(step)) } else { most });
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
    fn steps() -> Steps {
        Steps::by(|| NOW.get())
    }

    fn pass(ms: u64) {
        NOW.set(NOW.get() + Duration::from_millis(ms));
    }

    #[test]
    fn the_busiest_step_since_the_last_look() {
        let steps = Steps::default();
        assert_eq!(steps.busiest(), None);
        steps.add(Step::Fetch, 500);
        steps.add(Step::Encode, 900);
        assert_eq!(steps.busiest(), Some(Step::Encode));
        steps.add(Step::Fetch, 10);
        assert_eq!(steps.busiest(), Some(Step::Fetch), "what was told does not count again");
        assert_eq!(steps.busiest(), None);
    }

    #[test]
    fn waiting_for_the_other_thread_is_no_step() {
        let steps = steps();
        let done = steps.timed(Step::Decompress, || {
            pass(9);
            steps.waiting(|| pass(1_000));
            pass(1);
            "done"
        });
        steps.timed(Step::Decode, || pass(11));
        steps.waiting(|| pass(1_000));
        assert_eq!(done, "done");
        let ms = |step: Step| steps.spent[step as usize].load(Relaxed) / 1_000_000;
        assert_eq!((ms(Step::Decompress), ms(Step::Decode)), (10, 11));
        assert_eq!(steps.busiest(), Some(Step::Decode));
    }
}
