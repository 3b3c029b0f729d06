//! The spec's words in the encoder's.

use tarquet_common::{
    kinds::convert::{ConvertShared, FreezeShared},
    spec,
};
use tarquet_encode::{
    Codec, IndexMode, OnExtraColumn, OnMissingColumn, OutputSettings, Profile, RowGroup, SchemaMode,
    SchemaRules, Timestamps,
};

/// What members are held to.
pub(super) fn schema_rules(shared: &FreezeShared) -> SchemaRules {
    SchemaRules {
        mode: match shared.schema.mode {
            spec::SchemaMode::Infer => SchemaMode::Infer,
            spec::SchemaMode::Scan => SchemaMode::Scan,
            spec::SchemaMode::Pinned => SchemaMode::Pinned,
        },
        on_extra_column: match shared.schema.on_extra_column {
            spec::OnExtra::Quarantine => OnExtraColumn::Quarantine,
            spec::OnExtra::Drop => OnExtraColumn::Drop,
            spec::OnExtra::Add => OnExtraColumn::Add,
        },
        on_missing_column: match shared.schema.on_missing_column {
            spec::OnMissing::Null => OnMissingColumn::Null,
            spec::OnMissing::Quarantine => OnMissingColumn::Quarantine,
        },
        widen: shared.schema.widen,
        index: match shared.index {
            spec::IndexMode::Auto => IndexMode::Auto,
            spec::IndexMode::Keep => IndexMode::Keep,
            spec::IndexMode::Drop => IndexMode::Drop,
        },
        timestamps: match shared.timestamps {
            spec::Timestamps::Keep => Timestamps::Keep,
            spec::Timestamps::Us => Timestamps::Us,
        },
        provenance: shared.provenance,
    }
}

/// What decides a file's encodings.
pub(super) fn output_settings(
    profile: spec::Profile,
    compression: Option<spec::Compression>,
) -> OutputSettings {
    OutputSettings {
        profile: match profile {
            spec::Profile::Portable => Profile::Portable,
            spec::Profile::Fast => Profile::Fast,
            spec::Profile::Compact => Profile::Compact,
        },
        compression: compression.map(|c| match c {
            spec::Compression::None => Codec::None,
            spec::Compression::Snappy => Codec::Snappy,
            spec::Compression::Lz4 => Codec::Lz4Raw,
            spec::Compression::Zstd(level) => Codec::Zstd(i32::from(level)),
        }),
        ..OutputSettings::default()
    }
}

/// Everything that decides a file besides schema and rows.
pub(super) fn file_settings(shared: &ConvertShared) -> OutputSettings {
    OutputSettings {
        row_group: match shared.row_group {
            spec::RowGroup::Bytes(bytes) => RowGroup::Bytes(bytes),
            spec::RowGroup::One => RowGroup::One,
        },
        created_by: shared.created_by.clone(),
        ..output_settings(shared.profile, shared.compression)
    }
}
