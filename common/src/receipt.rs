//! Proof of a finished attempt.
//!
//! A receipt says what an attempt made and how to make it visible; the object that holds it in the job
//! prefix is the commit (one per shard and round, written with `If-None-Match: *`). Everything here is
//! about any kind of job; what only one kind understands is in `output`.

use crate::ids::{AttemptId, ShardId, WorkerId};
use serde::{Deserialize, Serialize};

/// One part of an upload, as the store acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Part number, from 1.
    pub number: u32,
    /// The store's tag for it.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// CRC-64/NVME of the bytes, hexadecimal.
    pub crc64: String,
}

/// One output object that waits in an upload nobody has completed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Partition number of the dataset.
    pub partition: u32,
    /// Final key, relative to the output root: `part-00017.parquet`.
    pub name: String,
    /// The store's name for the upload.
    pub upload_id: String,
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// Bytes of the whole object.
    pub bytes: u64,
    /// CRC-64/NVME of the whole object, hexadecimal.
    pub crc64: String,
    /// Rows in it.
    pub rows: u64,
}

/// A small object already written to the job prefix, such as a quarantine file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideObject {
    /// Key, relative to the job prefix.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// CRC-64/NVME of the bytes, hexadecimal.
    pub crc64: String,
}

/// What an attempt counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Members seen to their end, converted or quarantined.
    pub members: u64,
    /// Members in the quarantine file.
    pub quarantined: u64,
    /// Members whose frame has no columns: counted, not written.
    pub without_columns: u64,
    /// Rows written.
    pub rows: u64,
    /// Bytes fetched from the store.
    pub bytes_fetched: u64,
    /// Bytes of member bodies.
    pub bytes_members: u64,
    /// Bytes of Arrow data handed to the encoder.
    pub bytes_arrow: u64,
    /// Bytes of artifacts.
    pub bytes_written: u64,
    /// Columns dropped because the spec said `drop`, summed over members.
    pub columns_dropped: u64,
}

impl Counts {
    /// Adds another attempt's counts.
    pub fn add(&mut self, other: &Self) {
        self.members += other.members;
        self.quarantined += other.quarantined;
        self.without_columns += other.without_columns;
        self.rows += other.rows;
        self.bytes_fetched += other.bytes_fetched;
        self.bytes_members += other.bytes_members;
        self.bytes_arrow += other.bytes_arrow;
        self.bytes_written += other.bytes_written;
        self.columns_dropped += other.columns_dropped;
    }
}

/// Proof of a finished attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The shard.
    pub shard: ShardId,
    /// The round it was leased in.
    pub round: u32,
    /// The attempt that finished.
    pub attempt: AttemptId,
    /// Who did it.
    pub worker: WorkerId,
    /// Uploads to complete at publish.
    pub artifacts: Vec<Artifact>,
    /// What it counted.
    pub counts: Counts,
    /// Records of the members that failed: Parquet, in the job prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<SideObject>,
    /// Members that were not tried because they kill the decoder: their places in the shard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<u32>,
    /// What only the kind understands: index pointers, a sampled schema. At most 1 MiB as JSON.
    #[serde(default)]
    pub output: serde_json::Value,
}
