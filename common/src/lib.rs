//! The vocabulary that two crates must agree on: ids, codes and failures, receipts, the
//! leasing protocol, units, time, and the object store.
//!
//! Nothing here decides anything; nothing here imports another crate of ours.

pub mod archive;
pub mod chance;
pub mod clock;
pub mod codes;
pub mod failure;
pub mod ids;
pub mod instance;
pub mod kinds;
pub mod leasing;
pub mod memory;
pub mod origin;
pub mod receipt;
pub mod seal;
mod sections;
pub mod spec;
pub mod stage_plan;
pub mod store;
pub mod units;
