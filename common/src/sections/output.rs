//! What `[input]` and `[output]` may say, whatever the kind: what is read, where the dataset goes, how its files are made.

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

/// Which objects a job reads: what the engine knows of any kind's `[input]`.
#[derive(Clone, Copy, Debug)]
pub struct Objects<'a> {
    /// `s3://` URIs or file paths; globs with `*`, `?`, `[…]`, `{…}` and `**`.
    pub uris: &'a [String],
    /// Globs of objects to leave out, matched against the whole URI.
    pub exclude: &'a [String],
    /// How to reach the inputs' store.
    pub store: &'a StoreSettings,
}

/// Where a job's output goes: what the engine knows of any kind's `[output]`.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The dataset's root. Only part files will be in it.
    pub uri: &'a str,
    /// Where the job keeps its objects, when not in `<output>.tarquet/`.
    pub job_uri: Option<&'a str>,
    /// When parts become visible.
    pub publish: Publish,
    /// How to reach the output's store.
    pub store: &'a StoreSettings,
}

impl<'a> Place<'a> {
    /// Prefix of everything that is not the dataset: `<output>.tarquet/`, or `job_uri`.
    pub fn home(&self) -> String {
        match self.job_uri {
            Some(uri) => format!("{}/", uri.trim_end_matches('/')),
            None => format!("{}.tarquet/", self.uri.trim_end_matches('/')),
        }
    }

    /// The last segment of the root, which a job without a name is called by.
    pub fn last_segment(&self) -> &'a str {
        self.uri.trim_end_matches('/').rsplit('/').next().unwrap_or("job")
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
