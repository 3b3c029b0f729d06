//! What specs are made of, whatever the kind: the sections that several have, what is wrong with one, and where.

mod check;
mod error;
mod kind_spec;
mod limits;
mod output;
mod schema;

pub use check::{check_globs, check_inputs, check_outside, check_store, parse_uri};
pub use error::SpecError;
pub use kind_spec::KindSpec;
pub use limits::{ErrorAction, Errors, HoldWhen, Limits};
pub use output::{Compression, Exists, IndexMode, Objects, Place, Profile, Publish, RowGroup, Timestamps};
pub use schema::{OnExtra, OnMissing, Schema, SchemaMode};
