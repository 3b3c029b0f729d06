//! What a piece of work costs: the most memory that it held, and the processor time that it took.
//!
//! A test that measures makes [`Counting`] its `#[global_allocator]` and runs its tests one at a time: what other threads
//! allocate meanwhile is counted too.
//!
//! Time is the thread's own on a processor, not a clock's: a machine with other things to do makes no work longer.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// The system's allocator, which counts what is allocated and the most that ever was.
#[derive(Debug)]
pub struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only sizes are counted beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What a piece of work gave and cost.
#[derive(Debug)]
pub struct Cost<T> {
    /// What it gave; nothing if it panicked.
    pub gave: Option<T>,
    /// The most bytes that were allocated at a time beyond what there was before, by all threads.
    pub peak_bytes: usize,
    /// Time of this thread on a processor.
    pub took: Duration,
}

/// Does `work`, and says what it cost. Without [`Counting`] no memory is seen.
pub fn measured<T>(work: impl FnOnce() -> T) -> Cost<T> {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let began = processor_time();
    let gave = catch_unwind(AssertUnwindSafe(work)).ok();
    let took = processor_time().saturating_sub(began);
    let peak_bytes = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    Cost { gave, peak_bytes, took }
}

/// What the calling thread has had of a processor. See `clock_gettime(2)`.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a whole timespec, alive and writable for the call.
    let answered = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(answered, 0, "every Linux has a thread's clock");
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn sleep_costs_nothing_and_work_costs_time() {
        let slept = measured(|| std::thread::sleep(Duration::from_millis(300)));
        assert!(slept.took < Duration::from_millis(150), "{slept:?}");
        let worked = measured(|| (0..2_000_000_u64).fold(0, |sum, n| black_box(sum ^ n)));
        assert!(worked.took > Duration::from_millis(1), "{worked:?}");
    }

    #[test]
    fn a_panic_gives_nothing() {
        let cost = measured(|| panic!("for the test"));
        assert_eq!(cost.gave, None::<()>);
    }
}
