//! `[input]`: which objects, and which of their members.

use crate::store::StoreSettings;
use serde::{Deserialize, Serialize};

/// Members that count when the spec has no filter.
pub const DEFAULT_MEMBERS: [&str; 2] = ["**/*.h5", "**/*.hdf5"];
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
