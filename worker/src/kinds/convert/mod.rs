//! `convert`: archives of pandas HDF5 frames become Parquet partitions.
//!
//! ```text
//! index    an archive streamed once ─▶ members.parquet, windows.bin
//! sample   a few members ─▶ what they say of their columns
//! freeze   what they say ─▶ the schema of the whole job
//! convert  a shard's members ─▶ its partitions, and a quarantine file for those that failed
//! ```

mod decoding;
mod extract;
mod freeze;
mod index;
mod members;
mod sample;
mod work;

pub(crate) use work::Convert;
