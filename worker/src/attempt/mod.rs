//! Attempts: what those who lease and those who work agree on.
//!
//! An **attempt** is one try at a shard. It tells its [progress](ProgressCell), which renewals carry to the coordinator,
//! and heeds a [stop](Stop) that the coordinator, the operator or silence may raise. Whoever can do one is an [`Attempt`].

mod contract;
mod progress;

pub use contract::{Attempt, AttemptContext, Stop, StopReason, panic_words};
pub use progress::ProgressCell;
