//! The job spec: what a user asks for, in TOML or JSON.
//!
//! A [`Spec`] is one of as many types as there are [kinds](Kind): `kind` is read first, then that kind's own struct, in
//! which a key that it does not have is an error with the right key beside it. Here is what all of them are made of; what
//! belongs to one kind is in [`kinds`](crate::kinds). Specs are serde data and their `Default`s are the documentation.
//! [`parse`] turns text into a `Spec` or into a [`SpecError`] that names the place; [`check`] finds what types cannot say.
//! Both are offline: what a store must be asked for is asked by planning.

mod check;
mod error;
mod kind;
mod limits;
mod output;
mod parse;
mod schema;

pub use check::{check, check_globs, check_inputs, check_outside, parse_uri};
pub use error::SpecError;
pub use kind::{Kind, Spec, UnknownKind};
pub use limits::{ErrorAction, Errors, Limits};
pub use output::{Compression, Exists, IndexMode, Objects, Place, Profile, Publish, RowGroup, Timestamps};
pub use parse::parse;
pub use schema::{OnExtra, OnMissing, Schema, SchemaMode};
