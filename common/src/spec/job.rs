//! One job, as the user asks for it.

use super::{Errors, Input, Limits, Output, Schema};
use serde::{Deserialize, Serialize};

/// What kind of work a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Archives of pandas HDF5 frames become Parquet partitions.
    Convert,
}

impl Kind {
    /// The word for it, the same everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Convert => "convert",
        }
    }
}

/// One job, as the user asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Version of this format: 1.
    pub version: u32,
    /// What kind of work.
    pub kind: Kind,
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

impl Spec {
    /// The spec of `tarquet run --input … --output …`.
    pub fn convert(uris: Vec<String>, output_uri: String) -> Self {
        Self {
            version: 1,
            kind: Kind::Convert,
            name: None,
            input: Input { uris, ..Input::default() },
            schema: Schema::default(),
            output: Output { uri: output_uri, ..Output::default() },
            errors: Errors::default(),
            limits: Limits::default(),
        }
    }

    /// The job's name for people.
    pub fn display_name(&self) -> &str {
        let last = || self.output.uri.trim_end_matches('/').rsplit('/').next().unwrap_or("job");
        self.name.as_deref().unwrap_or_else(last)
    }
}
