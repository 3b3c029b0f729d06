//! What a plan says of schema and output, gathered as the encoder takes it.

use tarquet_common::{
    kinds::convert::{ConvertShared, FreezeShared},
    spec::{Compression, Profile},
};
use tarquet_encode::{OutputSettings, SchemaRules};

/// What members are held to.
pub(super) fn schema_rules(shared: &FreezeShared) -> SchemaRules {
    SchemaRules {
        mode: shared.schema.mode,
        on_extra_column: shared.schema.on_extra_column,
        on_missing_column: shared.schema.on_missing_column,
        widen: shared.schema.widen,
        index: shared.index,
        timestamps: shared.timestamps,
        provenance: shared.provenance,
    }
}

/// What decides a file's encodings.
pub(super) fn output_settings(profile: Profile, compression: Option<Compression>) -> OutputSettings {
    OutputSettings { profile, compression, ..OutputSettings::default() }
}

/// Everything that decides a file besides schema and rows.
pub(super) fn file_settings(shared: &ConvertShared) -> OutputSettings {
    OutputSettings {
        profile: shared.profile,
        compression: shared.compression,
        row_group: shared.row_group,
        created_by: shared.created_by.clone(),
    }
}
