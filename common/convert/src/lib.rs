//! What `convert`'s planner tells its workers, and what they tell back.
//!
//! The engine never looks inside: these are the `shared` part and the blocks of a
//! [stage plan](tarquet_common::stage_plan), and the `output` of a receipt. Stages: **index** reads each archive once and makes
//! it seekable; **sample** decodes a few members; **freeze** decides the schema; **convert** turns runs of members into partitions;
//! **publish** is the coordinator's. A **run** is a stretch of members of one archive that a worker reads in one go, from
//! one place where decoding can start.

mod blocks;
mod keys;
mod memory;
mod runs;
mod stages;

pub use blocks::{BadBlock, decode_block, encode_block};
pub use keys::{identity, key_of, members_key, windows_key};
pub use memory::frame_bytes;
pub use runs::{ArchiveRef, MemberRef, Run};
pub use stages::{
    ConvertBlock, ConvertShared, FreezeBlock, FreezeOutput, FreezeShared, IndexBlock, IndexOutput,
    IndexShared, PartitionBlock, SCHEMA_KEY, SampleBlock, SampleFailure, SampleOutput, SampleShared, Stage,
};
