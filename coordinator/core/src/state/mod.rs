//! What the coordinator knows: rows, and what is derived from them.
//!
//! A **row** is durable and changes only through [`State::apply`](State) of a record. A **note** changes what is not
//! durable: clocks, workers, deadlines, delays, effects in flight. **Queues and counts** are derived: whoever
//! changes a shard takes it out of them before and puts it back after, so they cannot drift.

mod apply;
mod counts;
mod load;
mod model;
mod notes;
mod queues;

pub(crate) use counts::StageCounts;
pub(crate) use load::below;
pub use model::State;
pub(crate) use model::{Job, Live, Shard, Stage, Worker};
