//! What the coordinator knows: rows, and what is derived from them.
//!
//! A **row** is durable and changes only through [`State::absorb`] of a record. A **note** changes what is not
//! durable: clocks, workers, deadlines, delays, effects in flight. **Queues and counts** are derived: whoever
//! changes a shard takes it out of them before and puts it back after, so they cannot drift.
//!
//! ```text
//! shard        a shard and its states        transitions   all legal ones, on one page
//! fold         a shard as its rows, and back  counts        sums over the shards of a stage
//! job          a job and its stages          model         the whole
//! queues       where each shard stands       apply, notes  what changes it all
//! load         from a ledger, and back
//! ```

mod apply;
mod counts;
mod fold;
mod job;
mod load;
mod model;
mod notes;
mod queues;
mod shard;
mod transitions;

pub(crate) use job::{Job, Stage};
pub(crate) use load::below;
pub use model::State;
pub(crate) use model::Worker;
pub(crate) use shard::{Done, Excluded, History, Live, Shard, ShardState};
