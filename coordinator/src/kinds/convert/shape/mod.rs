//! How members become shards. Nothing here does any I/O: each function depends on its arguments alone.
//!
//! **Members** stand in one order: archives by URI, bytewise, then offset; each archive's are in its [`table`]. **Cuts**
//! divide them into partitions ([`cuts`]). Partitions become **shards**, one each, but for those that share an archive
//! which cannot be entered in the middle ([`shards`]). A shard reads **runs**, one per archive it touches. The **sample**
//! takes members that are cheap to reach ([`sample`]).

mod cuts;
mod sample;
mod shards;
mod table;
#[cfg(test)]
mod tests;

pub(super) use sample::plan_sample;
pub(super) use shards::row_group_bytes;
pub use shards::{ConvertPlan, Shape, plan_convert};
pub use table::ArchiveTable;
