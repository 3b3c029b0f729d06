//! What the planner and the workers tell each other: the stages' shared parts, blocks and outputs.
//!
//! The engine never looks inside: these are the `shared` part and the blocks of a
//! [stage plan](crate::stage_plan), and the `output` of a receipt.

use crate::{
    archive::{ArchiveRef, Run},
    failure::Failure,
    sections::{Compression, ErrorAction, IndexMode, Limits, Profile, RowGroup, Schema, Timestamps},
    store::StoreSettings,
    units::Bytes,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What every index shard needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexShared {
    /// The inputs' store.
    pub store: StoreSettings,
    /// Where indexes go.
    pub index_uri: String,
    /// How to reach that place.
    pub index_store: StoreSettings,
    /// Bytes of output between windows of linked blocks.
    pub window_spacing: Bytes,
    /// Caps.
    pub limits: Limits,
}

/// One archive to index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexBlock {
    /// The archive.
    pub archive: ArchiveRef,
    /// Key of the index to be written.
    pub index_key: String,
}

/// What an index shard found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexOutput {
    /// The archive's URI.
    pub uri: String,
    /// Key of its index.
    pub index_key: String,
    /// Members of any kind.
    pub members: u64,
    /// What is no regular file, by type: links, devices, folders.
    #[serde(default)]
    pub ignored: BTreeMap<String, u64>,
    /// Members whose name another member has too.
    pub duplicates: u64,
    /// Bytes of the uncompressed stream.
    pub uncompressed: u64,
}

/// What every sample shard needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleShared {
    /// The inputs' store.
    pub store: StoreSettings,
    /// Where indexes are.
    pub index_uri: String,
    /// How to reach that place.
    pub index_store: StoreSettings,
    /// Key of the frame inside a file, or `auto`.
    pub hdf5_key: String,
    /// Caps.
    pub limits: Limits,
}

/// Members to sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleBlock {
    /// Runs of the sampled members.
    pub runs: Vec<Run>,
}

/// A sampled member that failed. It will be quarantined when its turn comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleFailure {
    /// Its archive.
    pub uri: String,
    /// Its name, for people.
    pub member: String,
    /// Why.
    pub failure: Failure,
}

/// What a sample shard found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleOutput {
    /// Members sampled.
    pub members: u64,
    /// Those that failed.
    pub failed: u64,
    /// What the others say together, in the schema's own encoding; `None` when all failed.
    pub joined: Option<serde_json::Value>,
    /// The first few that failed.
    pub failures: Vec<SampleFailure>,
}

/// What freezing needs besides the sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FreezeShared {
    /// What later members are held to.
    pub schema: Schema,
    /// What becomes of the row index.
    pub index: IndexMode,
    /// Unit of timestamps.
    pub timestamps: Timestamps,
    /// Whether a column says where each row comes from.
    pub provenance: bool,
    /// For which readers.
    pub profile: Profile,
    /// Overrides the profile's compression.
    pub compression: Option<Compression>,
    /// Members planned.
    pub planned: u64,
    /// The schema that the user has pinned, in the schema's own encoding: nothing is inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<serde_json::Value>,
}

/// Where the freeze stage keeps the schema for people, relative to the job prefix: what `schema.file` takes.
pub const SCHEMA_KEY: &str = "schema.json";

/// What the sample shards found, in order of their shards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeBlock {
    /// [`SampleOutput`]s, as JSON.
    pub sampled: Vec<Vec<u8>>,
}

/// What freezing decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FreezeOutput {
    /// The frozen schema, in the schema's own encoding. `None` when every member there is failed in the sample.
    pub schema: Option<serde_json::Value>,
    /// For people.
    pub warnings: Vec<String>,
    /// How many members were sampled, in words: `64 of 1,000,000 sampled`.
    pub sample: String,
}

/// What every convert shard needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvertShared {
    /// The inputs' store.
    pub store: StoreSettings,
    /// The output's store.
    pub output_store: StoreSettings,
    /// Where indexes are.
    pub index_uri: String,
    /// Key of the frame inside a file, or `auto`.
    pub hdf5_key: String,
    /// Caps.
    pub limits: Limits,
    /// The frozen schema, in the schema's own encoding. `None` when every member there is failed in the sample: all
    /// of them go to quarantine, each with its own reason, and nothing is written.
    pub schema: Option<serde_json::Value>,
    /// For which readers.
    pub profile: Profile,
    /// Overrides the profile's compression.
    pub compression: Option<Compression>,
    /// Size of row groups.
    pub row_group: RowGroup,
    /// Whether two columns say where each row comes from.
    pub provenance: bool,
    /// Digits of a partition's number in its name.
    pub part_digits: u32,
    /// What a failing member means.
    pub action: ErrorAction,
    /// Written into every file.
    pub created_by: String,
}

/// Partitions to make. Members stream in the order of the runs; each partition takes the next so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvertBlock {
    /// Number of its first member in plan order.
    pub first: u64,
    /// Members, in order.
    pub runs: Vec<Run>,
    /// The partitions; more than one only where they share an archive that cannot be entered in the middle.
    pub partitions: Vec<PartitionBlock>,
}

/// One partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionBlock {
    /// Its number.
    pub number: u32,
    /// How many members it takes.
    pub members: u64,
}
