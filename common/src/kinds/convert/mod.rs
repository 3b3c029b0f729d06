//! `convert`: archives of pandas HDF5 frames become Parquet partitions.
//!
//! Its spec, the words of its stages, and what its planner and its workers tell each other. Stages: **index** reads each
//! archive once and makes it seekable; **sample** decodes a few members; **freeze** decides the schema; **convert** turns
//! runs of members into partitions; **publish** is the coordinator's.

mod check;
mod messages;
mod spec;
mod stages;

pub use messages::{
    ConvertBlock, ConvertShared, FreezeBlock, FreezeOutput, FreezeShared, IndexBlock, IndexOutput,
    IndexShared, PartitionBlock, SCHEMA_KEY, SampleBlock, SampleFailure, SampleOutput, SampleShared,
};
pub use spec::{ConvertSpec, DEFAULT_MEMBERS, Hdf5, Input, Members, Output, SKIPPED_MEMBERS};
pub use stages::{
    BYTES_ARROW, BYTES_MEMBERS, COLUMNS_DROPPED, DECODE, DECOMPRESS, ITEM, STAGES, Stage, WITHOUT_COLUMNS,
};
