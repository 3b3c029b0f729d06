//! `convert`: how members become partitions.
//!
//! **Members** stand in one order: archives by URI, bytewise, then offset. **Cuts** divide them into
//! partitions ([`cuts`]). Partitions become **shards**, one each, but for those that share an archive which cannot be
//! entered in the middle ([`shards`]). A shard reads **runs**, one per archive it touches ([`runs`]). The **sample** takes
//! members that are cheap to reach ([`sample`]).
//!
//! Everything here is a function of what it is given; the shell reads the indexes.

mod cuts;
mod memory;
mod runs;
mod sample;
mod shards;
mod table;
#[cfg(test)]
mod tests;

pub use cuts::{Boundary, cut};
pub use memory::{PART_BYTES, SlotParts, slot_bytes};
pub use sample::{SamplePlan, plan_sample};
pub use shards::{ConvertPlan, Shape, plan_convert};
pub use table::ArchiveTable;
