//! The spec of a `convert` job.

use crate::{
    sections::{
        Compression, Errors, Exists, IndexMode, Limits, Objects, Place, Profile, Publish, RowGroup, Schema,
        Timestamps,
    },
    store::StoreSettings,
    units::Bytes,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

/// Archives of pandas HDF5 frames become Parquet partitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertSpec {
    /// Version of this format: 1.
    pub version: u32,
    /// Read before everything else; it has chosen this type.
    #[serde(default, skip_serializing)]
    kind: IgnoredAny,
    /// A name for people; the default is the output's last segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What to read.
    pub input: Input,
    /// What the columns may be.
    #[serde(default)]
    pub schema: Schema,
    /// What to write.
    pub output: Output,
    /// What to do about members that fail.
    #[serde(default)]
    pub errors: Errors,
    /// Caps that decide output, so they stand in the plan.
    #[serde(default)]
    pub limits: Limits,
}

impl ConvertSpec {
    /// The spec of `tarquet run --input … --output …`.
    pub fn new(uris: Vec<String>, output_uri: String) -> Self {
        Self {
            version: 1,
            kind: IgnoredAny,
            name: None,
            input: Input { uris, ..Input::default() },
            schema: Schema::default(),
            output: Output { uri: output_uri, ..Output::default() },
            errors: Errors::default(),
            limits: Limits::default(),
        }
    }
}

/// Members that count when the spec has no filter.
pub const DEFAULT_MEMBERS: [&str; 4] = ["**/*.h5", "**/*.hdf5", "**/*.hdf", "**/*.he5"];
/// Members skipped when the spec has no filter: what macOS leaves beside files.
pub const SKIPPED_MEMBERS: [&str; 2] = ["**/._*", "._*"];

/// `[input]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// `s3://` URIs or file paths; globs with `*`, `?`, `[…]`, `{…}` and `**`.
    pub uris: Vec<String>,
    /// Globs of objects to leave out, matched against the whole URI.
    pub exclude: Vec<String>,
    /// Which members of an archive count.
    pub members: Members,
    /// How to read HDF5.
    pub hdf5: Hdf5,
    /// How to reach the inputs' store.
    pub store: StoreSettings,
}

impl Input {
    /// Which objects are read, as the engine sees it.
    pub fn objects(&self) -> Objects<'_> {
        Objects { uris: &self.uris, exclude: &self.exclude, store: &self.store }
    }
}

/// `input.members`: globs over member names. Empty `include` means [`DEFAULT_MEMBERS`] without
/// [`SKIPPED_MEMBERS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Members {
    /// A member counts when one of these matches.
    pub include: Vec<String>,
    /// …and none of these.
    pub exclude: Vec<String>,
}

/// `input.hdf5`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hdf5 {
    /// Key of the frame inside a file; `auto` takes the only one there is.
    pub key: String,
}

impl Default for Hdf5 {
    fn default() -> Self {
        Self { key: "auto".into() }
    }
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

    /// Where it goes, as the engine sees it.
    pub fn place(&self) -> Place<'_> {
        Place { uri: &self.uri, job_uri: self.job_uri.as_deref(), publish: self.publish, store: &self.store }
    }

    /// Prefix of the indexes.
    pub fn index_uri(&self) -> String {
        match &self.index_uri {
            Some(uri) => format!("{}/", uri.trim_end_matches('/')),
            None => format!("{}index/", self.place().home()),
        }
    }
}
