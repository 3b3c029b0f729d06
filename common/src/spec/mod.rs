//! The job spec: what a user asks for, in TOML or JSON.
//!
//! [`Spec`] is serde data and its `Default`s are the documentation. [`parse`] turns text into a `Spec` or into a
//! [`SpecError`] that names the place; [`check`] finds what types cannot say. Both are offline: what a store
//! must be asked for is asked by planning.

mod check;
mod convert;
mod error;
mod input;
mod job;
mod output;
mod parse;

pub use check::check;
pub use convert::{
    ErrorAction, Errors, IndexMode, Limits, OnExtra, OnMissing, Schema, SchemaMode, Timestamps,
};
pub use error::SpecError;
pub use input::{DEFAULT_MEMBERS, Hdf5, Input, Members, SKIPPED_MEMBERS};
pub use job::{Kind, Spec};
pub use output::{Compression, Exists, Output, Profile, Publish, RowGroup};
pub use parse::parse;
