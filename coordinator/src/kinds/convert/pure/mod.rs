//! `convert`: how members become partitions.
//!
//! **Members** stand in one order: archives by URI, bytewise, then offset. **Cuts** divide them into
//! partitions ([`cuts`]). Partitions become **shards**, one each, but for those that share an archive which cannot be
//! entered in the middle ([`shards`]). A shard reads **runs**, one per archive it touches ([`runs`]). The **sample** takes
//! members that are cheap to reach ([`sample`]).
//!
//! Everything here is a function of what it is given; what needs stores is beside this folder.

mod cuts;
mod runs;
mod sample;
mod shards;
mod table;
#[cfg(test)]
mod tests;

use cuts::{Boundary, cut};
pub use sample::{SamplePlan, plan_sample};
pub use shards::{ConvertPlan, Shape, plan_convert};
pub use table::ArchiveTable;
