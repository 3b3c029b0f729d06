//! What a user tunes, gathered for those who need it: the schema's rules and the output's shape. The words are the
//! spec's own ([`tarquet_common::spec`]). `Default` is the documentation.

use serde::{Deserialize, Serialize};
use tarquet_common::spec::{
    Compression, IndexMode, OnExtra, OnMissing, Profile, RowGroup, SchemaMode, Timestamps,
};

/// How members with other columns, types or indexes are treated. Stands in every frozen schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SchemaRules {
    /// Where the schema comes from.
    pub mode: SchemaMode,
    /// A column that the frozen schema does not have.
    pub on_extra_column: OnExtra,
    /// A column of the frozen schema that a member lacks.
    pub on_missing_column: OnMissing,
    /// Whether types may widen, and values be converted where that loses nothing.
    pub widen: bool,
    /// What becomes of the row index.
    pub index: IndexMode,
    /// What becomes of timestamps: `keep` turns seconds into milliseconds, which Parquet has.
    pub timestamps: Timestamps,
    /// Whether a column says which member a row came from.
    pub provenance: bool,
}

impl Default for SchemaRules {
    fn default() -> Self {
        Self {
            mode: SchemaMode::Infer,
            on_extra_column: OnExtra::Quarantine,
            on_missing_column: OnMissing::Null,
            widen: true,
            index: IndexMode::Auto,
            timestamps: Timestamps::Keep,
            provenance: false,
        }
    }
}

/// Everything that decides an output file's bytes besides its layout and its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSettings {
    /// Encodings and compression.
    pub profile: Profile,
    /// Another compression than the profile's.
    pub compression: Option<Compression>,
    /// Where row groups are cut: at the first row where so many Arrow bytes are reached, or at 1,048,576 rows; or
    /// nowhere.
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
    pub fn codec(&self) -> Compression {
        self.compression.unwrap_or(match self.profile {
            Profile::Portable => Compression::Snappy,
            Profile::Fast => Compression::Lz4,
            Profile::Compact => Compression::Zstd(3),
        })
    }

    /// Well-known readers that cannot read files written so, with the reason; for `plan`.
    pub fn unreadable_by(&self) -> Vec<&'static str> {
        let mut readers = Vec::new();
        if self.codec() == Compression::Lz4 {
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
    fn rules_may_be_left_out_and_not_be_made_up() {
        assert_eq!(serde_json::from_str::<SchemaRules>("{}").unwrap(), SchemaRules::default());
        assert!(serde_json::from_str::<SchemaRules>(r#"{"widden":true}"#).is_err());
    }

    #[test]
    fn profiles_choose_the_codec() {
        let mut settings = OutputSettings::default();
        assert_eq!(settings.codec(), Compression::Snappy);
        assert!(settings.unreadable_by().is_empty());
        settings.profile = Profile::Fast;
        assert_eq!(settings.codec(), Compression::Lz4);
        assert!(settings.unreadable_by()[0].contains("Athena"));
        settings.compression = Some(Compression::None);
        assert_eq!(settings.codec(), Compression::None);
    }
}
