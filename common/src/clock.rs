//! Time as an argument.
//!
//! Decisions take `now` as a number; only shells own a clock. Wall time names things (job ids, records);
//! monotonic time judges leases.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds on some clock.
pub type Millis = u64;

/// A source of time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the clock was made. Never goes back.
    fn monotonic_ms(&self) -> Millis;
    /// Milliseconds since 1970-01-01T00:00:00Z. May jump.
    fn unix_ms(&self) -> Millis;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn monotonic_ms(&self) -> Millis {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn unix_ms(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
