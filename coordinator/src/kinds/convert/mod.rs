//! `convert` in the coordinator: from archives to the shards of each stage.
//!
//! ```text
//! archives (listed, frozen in the job prefix) ─▶ tables (from indexes) ─▶ shape (pure) ─▶ stages ─▶ plan objects
//! ```
//!
//! The [`planner`] is the door. [`shape`] does no I/O: where members are cut, which shards that gives, which members
//! are sampled. An [`outlook`] goes the same way with tables that are estimated from the heads of archives where there is no
//! index. What [`earlier`] stages have found comes back from receipts and plans.

mod archives;
mod earlier;
mod estimate;
mod filter;
mod head;
mod indexes;
mod outlook;
mod pinned;
mod planner;
mod shape;
mod stages;
mod tables;

pub use filter::{Filter, Ignored};
pub use pinned::pinned_schema;
pub use planner::Convert;
pub use shape::{ArchiveTable, ConvertPlan, Shape, plan_convert};
