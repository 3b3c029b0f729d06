//! `[schema]`: what the columns may be.

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
