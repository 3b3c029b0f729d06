//! From the objects of jobs back to what the coordinator knows.
//!
//! The **registry** holds one **pointer** per job, written before the job's claim. At each start the coordinator reads
//! every pointer and every unfinished job of its ledger, takes a **snapshot** of the job's objects, and lets the core
//! catch up with it (`Adopt`). So a ledger that is gone, damaged, or silently older than the objects costs no accepted
//! shard.

mod registry;
mod snapshot;
#[cfg(test)]
mod tests;

pub(crate) use registry::Registry;
pub(crate) use snapshot::{highest_generation, may_take_over, read_plan, snapshot, snapshot_of, was_begun};
