//! How long a decode may take: the processor time of its own thread, against what came of it.
//!
//! A decode may take [`PATIENCE`], and a second more for every [`BYTES_PER_SECOND`] that were charged for good: a tenth of
//! what the slowest machine does in the slowest layout. What is lent and comes back earns nothing, so the whole is bounded
//! by the plan's limits. Processor time, because a machine with other things to do makes no member worse; it is still a
//! clock, so the failure is not the member's: two of them, on whatever workers, make it one that kills the decoder.
//!
//! The clock is asked after [`UNITS`] of work (bytes or values looked at), so a small member never asks it twice.

use crate::fail::{Res, differs};
use rustix::time::{ClockId, clock_gettime};
use std::{cell::Cell, time::Duration};
use tarquet_common::codes::cluster;

/// What a decode may take without anything coming of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What must come of a second beyond that.
const BYTES_PER_SECOND: u64 = 4 << 20;

/// Work between two looks at the clock: some milliseconds.
const UNITS: u64 = 1 << 20;

/// How long it took so far, and what came of it.
pub(crate) struct Pace {
    now: fn() -> Duration,
    began: Duration,
    earned: Cell<u64>,
    work: Cell<u64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self::since(processor_time(), processor_time)
    }
}

impl Pace {
    /// Began at `began` by the clock `now`.
    pub(crate) fn since(began: Duration, now: fn() -> Duration) -> Self {
        Self { now, began, earned: Cell::new(0), work: Cell::new(0) }
    }

    /// Notes what came of it.
    #[inline]
    pub(crate) fn earn(&self, bytes: u64) {
        self.earned.set(self.earned.get().saturating_add(bytes));
    }

    /// Notes work.
    #[inline]
    pub(crate) fn work(&self, units: u64) {
        self.work.set(self.work.get().saturating_add(units));
    }

    /// Looks at the clock if there was work enough.
    ///
    /// # Errors
    /// `DECODER_SLOW` at `item`.
    #[inline]
    pub(crate) fn keep(&self, item: &str) -> Res<()> {
        if self.work.get() < UNITS { Ok(()) } else { self.look(item) }
    }

    #[cold]
    fn look(&self, item: &str) -> Res<()> {
        self.work.set(0);
        let took = (self.now)().saturating_sub(self.began);
        let allowed = PATIENCE + Duration::from_secs(self.earned.get() / BYTES_PER_SECOND);
        if took <= allowed {
            return Ok(());
        }
        let found = format!("{} s", took.as_secs());
        let message = "the member takes the decoder too long for what comes of it";
        Err(differs(cluster::DECODER_SLOW, item, message, format!("at most {} s", allowed.as_secs()), found))
    }
}

/// What the calling thread has had of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_it_earns_time() {
        let pace = Pace::since(Duration::from_secs(5), || Duration::from_secs(45));
        pace.work(UNITS - 1);
        assert!(pace.keep("a").is_ok(), "too little work to look");
        pace.work(1);
        assert_eq!(pace.keep("a").unwrap_err().code, cluster::DECODER_SLOW);
        pace.earn(10 * BYTES_PER_SECOND);
        pace.work(UNITS);
        assert!(pace.keep("a").is_ok());
    }
}
