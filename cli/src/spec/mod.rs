//! Specs on the command line: reading a file or flags into one, and describing the format.

mod keys;
mod schema;
mod source;

pub(crate) use schema::json_schema;
pub(crate) use source::{of_flags, read};
