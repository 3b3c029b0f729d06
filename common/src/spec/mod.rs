//! The job spec: what a user asks for, in TOML or JSON.
//!
//! A [`Spec`] is one of as many types as there are [kinds](Kind): `kind` is read first, then that kind's own struct, in
//! which a key that it does not have is an error with the right key beside it. What belongs to one kind is in
//! [`kinds`](crate::kinds), what several are made of in `sections`; both are seen from here. Specs are serde data and
//! their `Default`s are the documentation. [`parse`] turns text into a `Spec` or into a [`SpecError`] that names the place;
//! [`check`] finds what types cannot say. Both are offline: what a store must be asked for is asked by planning.
//!
//! ```text
//! sections ◀── kinds/<kind>: its spec ◀── spec: the registry, from text to a spec
//! ```

mod kind;
mod parse;

pub use crate::sections::{
    Compression, ErrorAction, Errors, Exists, HoldWhen, IndexMode, KindSpec, Limits, Objects, OnExtra,
    OnMissing, Place, Profile, Publish, RowGroup, Schema, SchemaMode, SpecError, Timestamps, check_globs,
    check_inputs, check_outside, check_store, parse_uri,
};
pub use kind::{Kind, Spec, UnknownKind};
pub use parse::{check, parse};
