//! `[output]`: where the dataset goes and how it is shaped.

use super::{IndexMode, Timestamps};
use crate::{store::StoreSettings, units::Bytes};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// `output.profile`: for which readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Every reader.
    #[default]
    Portable,
    /// Readers that know `BYTE_STREAM_SPLIT` and `LZ4_RAW`.
    Fast,
    /// Small files.
    Compact,
}

/// `output.compression`: overrides the profile's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// None.
    None,
    /// Snappy.
    Snappy,
    /// `LZ4_RAW`.
    Lz4,
    /// Zstandard at a level from 1 to 22.
    Zstd(u8),
}

/// `output.row_group`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowGroup {
    /// So many bytes of Arrow data.
    Bytes(Bytes),
    /// One row group a partition.
    One,
}

impl Default for RowGroup {
    fn default() -> Self {
        Self::Bytes(Bytes::mib(128))
    }
}

/// `output.exists`: what a target that is not empty means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exists {
    /// It is refused.
    #[default]
    Error,
}

/// `output.publish`: when parts become visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Publish {
    /// All or nothing.
    #[default]
    Job,
    /// As shards finish.
    Shard,
}

/// `[output]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// The dataset's root: an `s3://` prefix or a folder. Only part files will be in it.
    pub uri: String,
    /// How many partitions; fewer when there are fewer places to cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u32>,
    /// …or how many member bytes one should hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_bytes: Option<Bytes>,
    /// Size of row groups.
    pub row_group: RowGroup,
    /// For which readers.
    pub profile: Profile,
    /// Overrides the profile's compression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// What becomes of the row index.
    pub index: IndexMode,
    /// Unit of timestamps.
    pub timestamps: Timestamps,
    /// What a target that is not empty means.
    pub exists: Exists,
    /// When parts become visible.
    pub publish: Publish,
    /// Whether two columns say where each row comes from.
    pub provenance: bool,
    /// Where the job keeps its objects, when not in `<output>.tarquet/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_uri: Option<String>,
    /// Where indexes are kept for reuse, when not in `<output>.tarquet/index/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_uri: Option<String>,
    /// How to reach the output's store.
    pub store: StoreSettings,
}

impl Output {
    /// Member bytes a partition aims at when the spec names neither a count nor a size.
    pub const DEFAULT_PARTITION_BYTES: Bytes = Bytes::mib(512);

    /// Prefix of everything that is not the dataset: `<output>.tarquet/`, or `job_uri`.
    pub fn side_uri(&self) -> String {
        match &self.job_uri {
            Some(uri) => format!("{}/", uri.trim_end_matches('/')),
            None => format!("{}.tarquet/", self.uri.trim_end_matches('/')),
        }
    }

    /// Prefix of the indexes.
    pub fn index_uri(&self) -> String {
        match &self.index_uri {
            Some(uri) => format!("{}/", uri.trim_end_matches('/')),
            None => format!("{}index/", self.side_uri()),
        }
    }
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("{s:?} is not a compression; write none, snappy, lz4 or zstd:1 to zstd:22");
        match s {
            "none" => Ok(Self::None),
            "snappy" => Ok(Self::Snappy),
            "lz4" => Ok(Self::Lz4),
            "zstd" => Ok(Self::Zstd(3)),
            _ => {
                let level =
                    s.strip_prefix("zstd:").and_then(|l| l.parse().ok()).filter(|l| (1..=22).contains(l));
                level.map(Self::Zstd).ok_or_else(bad)
            }
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Snappy => f.write_str("snappy"),
            Self::Lz4 => f.write_str("lz4"),
            Self::Zstd(level) => write!(f, "zstd:{level}"),
        }
    }
}

impl Serialize for Compression {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Compression {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for RowGroup {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bytes(b) => b.serialize(s),
            Self::One => s.serialize_str("one"),
        }
    }
}

impl<'de> Deserialize<'de> for RowGroup {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(u64),
            Text(String),
        }
        match Raw::deserialize(d)? {
            Raw::Number(n) => Ok(Self::Bytes(Bytes(n))),
            Raw::Text(t) if t == "one" => Ok(Self::One),
            Raw::Text(t) => t.parse().map(Self::Bytes).map_err(serde::de::Error::custom),
        }
    }
}
