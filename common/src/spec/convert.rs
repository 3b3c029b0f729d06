//! `[schema]`, `[errors]` and `[limits]`: what members may be, and what happens when they are not.

use crate::units::{Budget, Bytes};
use serde::{Deserialize, Serialize};

/// `schema.mode`: where the schema comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemaMode {
    /// From a sample of members, then frozen.
    #[default]
    Infer,
    /// From every member.
    Scan,
    /// From a file, `schema.file`. Nothing is sampled.
    Pinned,
}

/// `schema.on_extra_column`: a member has a column that the frozen schema has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnExtra {
    /// The member is quarantined.
    #[default]
    Quarantine,
    /// The column is dropped, and the report says so.
    Drop,
    /// Columns seen anywhere in the sample belong to the schema; later ones are quarantined.
    Add,
}

/// `schema.on_missing_column`: a member lacks a column of the frozen schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// Its rows get nulls there.
    #[default]
    Null,
    /// The member is quarantined.
    Quarantine,
}

/// `[schema]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// Where the schema comes from.
    pub mode: SchemaMode,
    /// The file under `pinned`: the `schema.json` of an earlier job, or one like it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Members to sample under `infer`, spread over all archives.
    pub sample: u32,
    /// What a column too many means.
    pub on_extra_column: OnExtra,
    /// What a column too few means.
    pub on_missing_column: OnMissing,
    /// Whether types may widen without loss; never to text.
    pub widen: bool,
}

impl Default for Schema {
    fn default() -> Self {
        Self {
            mode: SchemaMode::default(),
            file: None,
            sample: 64,
            on_extra_column: OnExtra::default(),
            on_missing_column: OnMissing::default(),
            widen: true,
        }
    }
}

/// `output.index`: what becomes of the row index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexMode {
    /// Dropped when every sampled member has a default index, kept otherwise.
    #[default]
    Auto,
    /// Always written.
    Keep,
    /// Never written.
    Drop,
}

/// `output.timestamps`: their unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Timestamps {
    /// As they are.
    #[default]
    Keep,
    /// Microseconds; a value that would lose digits fails its member.
    Us,
}

/// `errors.action`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorAction {
    /// Members that fail are set aside.
    #[default]
    Quarantine,
    /// The first one fails the job.
    Fail,
}

/// `[errors]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Errors {
    /// What a failing member means.
    pub action: ErrorAction,
    /// How many may fail before the job is held: a count, or a percentage of planned members rounded up.
    pub max_failed: Budget,
    /// How often a shard is tried again after its surroundings failed.
    pub retries: u32,
}

impl Default for Errors {
    fn default() -> Self {
        Self { action: ErrorAction::default(), max_failed: Budget::default(), retries: 4 }
    }
}

/// `[limits]`: caps on what an input may claim. They stand in the plan: the same on every worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest member body. A slot's ring must hold one.
    pub max_member_bytes: Bytes,
    /// How many bytes one member may become in memory, per byte of its body. 16 MiB are always allowed.
    pub max_ratio: u32,
    /// How many bytes one member may become in memory.
    pub max_decoded_bytes: Bytes,
    /// Members in one archive.
    pub max_members: u64,
}

impl Limits {
    /// What any member may become in memory, however small it is.
    const DECODED_BYTES_FREE: u64 = 16 << 20;

    /// How many bytes a member with a body of `size` bytes may become in memory.
    pub fn decoded_bytes(&self, size: u64) -> u64 {
        let by_ratio = size.saturating_mul(self.max_ratio.into()).max(Self::DECODED_BYTES_FREE);
        by_ratio.min(self.max_decoded_bytes.0)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_member_bytes: Bytes::mib(256),
            max_ratio: 200,
            max_decoded_bytes: Bytes::mib(1024),
            max_members: 100_000_000,
        }
    }
}
