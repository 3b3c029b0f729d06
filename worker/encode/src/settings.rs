//! What a user tunes: the schema's rules and the output's shape. `Default` is the documentation.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use tarquet_common::units::Bytes;

/// How members with other columns, types or indexes are treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SchemaRules {
    /// Where the schema comes from.
    pub mode: SchemaMode,
    /// A column that the frozen schema does not have.
    pub on_extra_column: OnExtraColumn,
    /// A column of the frozen schema that a member lacks.
    pub on_missing_column: OnMissingColumn,
    /// Whether types may widen, and values be converted where that loses nothing.
    pub widen: bool,
    /// What becomes of the row index.
    pub index: IndexMode,
    /// What becomes of timestamps.
    pub timestamps: Timestamps,
    /// Whether a column says which member a row came from.
    pub provenance: bool,
}

impl Default for SchemaRules {
    fn default() -> Self {
        Self {
            mode: SchemaMode::Infer,
            on_extra_column: OnExtraColumn::Quarantine,
            on_missing_column: OnMissingColumn::Null,
            widen: true,
            index: IndexMode::Auto,
            timestamps: Timestamps::Keep,
            provenance: false,
        }
    }
}

/// Where the schema comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaMode {
    /// A sample of the members, then frozen.
    #[default]
    Infer,
    /// Every member's header.
    Scan,
    /// A file of the user's.
    Pinned,
}

/// What to do with a column that the frozen schema does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExtraColumn {
    /// Set the member aside.
    #[default]
    Quarantine,
    /// Leave the column out, and say so in the report.
    Drop,
    /// Freeze every column seen anywhere in the sample; later ones set the member aside.
    Add,
}

/// What to do with a column that a member lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissingColumn {
    /// Write missing values.
    #[default]
    Null,
    /// Set the member aside.
    Quarantine,
}

/// What becomes of the row index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexMode {
    /// Left out if every sampled member has 0..n-1, kept otherwise.
    #[default]
    Auto,
    /// Written for every member.
    Keep,
    /// Left out.
    Drop,
}

/// What becomes of timestamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timestamps {
    /// They keep their unit (seconds become milliseconds, which Parquet has).
    #[default]
    Keep,
    /// All become microseconds; a value that would lose digits sets its member aside.
    Us,
}

/// A set of encodings and a compression, chosen by who must read the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Every reader, Athena and fastparquet included.
    #[default]
    Portable,
    /// DuckDB, Polars, pyarrow, newest Spark; not Trino or Athena.
    Fast,
    /// Smallest.
    Compact,
}

/// How pages are compressed. Written `none`, `snappy`, `lz4_raw`, `zstd:3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    None,
    /// Snappy.
    Snappy,
    /// LZ4 blocks.
    Lz4Raw,
    /// Zstandard at a level from 1 to 22.
    Zstd(i32),
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("{s:?} is not a compression; write none, snappy, lz4_raw or zstd:1 to zstd:22");
        match s {
            "none" => Ok(Self::None),
            "snappy" => Ok(Self::Snappy),
            "lz4_raw" => Ok(Self::Lz4Raw),
            "zstd" => Ok(Self::Zstd(3)),
            _ => {
                let level = s.strip_prefix("zstd:").and_then(|l| l.parse().ok());
                level.filter(|l| (1..=22).contains(l)).map(Self::Zstd).ok_or_else(bad)
            }
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Snappy => f.write_str("snappy"),
            Self::Lz4Raw => f.write_str("lz4_raw"),
            Self::Zstd(level) => write!(f, "zstd:{level}"),
        }
    }
}

impl Serialize for Codec {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Codec {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where row groups are cut. Written `"128 MiB"` or `"one"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowGroup {
    /// At the first row where so many Arrow bytes are reached, or at 1,048,576 rows.
    Bytes(Bytes),
    /// One row group for the whole file.
    One,
}

impl Default for RowGroup {
    fn default() -> Self {
        Self::Bytes(Bytes::mib(128))
    }
}

impl Serialize for RowGroup {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bytes(bytes) => bytes.serialize(s),
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
        let bytes = match Raw::deserialize(d)? {
            Raw::Text(text) if text == "one" => return Ok(Self::One),
            Raw::Text(text) => text.parse().map_err(serde::de::Error::custom)?,
            Raw::Number(n) => Bytes(n),
        };
        if bytes.0 == 0 {
            return Err(serde::de::Error::custom("a row group of 0 bytes cannot hold a row"));
        }
        Ok(Self::Bytes(bytes))
    }
}

/// Everything that decides an output file's bytes besides schema and rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputSettings {
    /// Encodings and compression.
    pub profile: Profile,
    /// Another compression than the profile's.
    pub compression: Option<Codec>,
    /// Where row groups are cut.
    pub row_group: RowGroup,
    /// Name and version of the writing program, put into every file.
    pub created_by: String,
}

impl Default for OutputSettings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            compression: None,
            row_group: RowGroup::default(),
            created_by: concat!("tarquet version ", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}

impl OutputSettings {
    /// The compression that holds: the override, or the profile's.
    pub fn codec(&self) -> Codec {
        self.compression.unwrap_or(match self.profile {
            Profile::Portable => Codec::Snappy,
            Profile::Fast => Codec::Lz4Raw,
            Profile::Compact => Codec::Zstd(3),
        })
    }

    /// Well-known readers that cannot read files written so, with the reason; for `plan`.
    pub fn unreadable_by(&self) -> Vec<&'static str> {
        let mut readers = Vec::new();
        if self.codec() == Codec::Lz4Raw {
            readers.push("Trino and Athena (LZ4_RAW)");
            readers.push("DuckDB before 0.10.3 (LZ4_RAW)");
        }
        if self.profile != Profile::Portable {
            readers.push("fastparquet (BYTE_STREAM_SPLIT)");
            readers.push("Spark before 3.3 (BYTE_STREAM_SPLIT)");
        }
        readers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_and_print() {
        for text in ["none", "snappy", "lz4_raw", "zstd:19"] {
            assert_eq!(text.parse::<Codec>().unwrap().to_string(), text);
        }
        assert!("zstd:23".parse::<Codec>().is_err());
        assert!("gzip".parse::<Codec>().is_err());
        assert_eq!(serde_json::from_str::<RowGroup>(r#""one""#).unwrap(), RowGroup::One);
        assert_eq!(serde_json::from_str::<RowGroup>(r#""64 MiB""#).unwrap(), RowGroup::Bytes(Bytes::mib(64)));
        assert!(serde_json::from_str::<RowGroup>("0").is_err());
        assert_eq!(serde_json::from_str::<SchemaRules>("{}").unwrap(), SchemaRules::default());
        assert!(serde_json::from_str::<SchemaRules>(r#"{"widden":true}"#).is_err());
    }

    #[test]
    fn profiles_choose_the_codec() {
        let mut settings = OutputSettings::default();
        assert_eq!(settings.codec(), Codec::Snappy);
        assert!(settings.unreadable_by().is_empty());
        settings.profile = Profile::Fast;
        assert_eq!(settings.codec(), Codec::Lz4Raw);
        assert!(settings.unreadable_by()[0].contains("Athena"));
        settings.compression = Some(Codec::None);
        assert_eq!(settings.codec(), Codec::None);
    }
}
