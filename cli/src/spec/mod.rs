//! Specs on the command line: reading a file or flags into one, and describing the formats.

mod flags;
mod schema;
mod source;

pub(crate) use flags::{JobFlags, of_flags};
pub(crate) use schema::json_schema;
pub(crate) use source::read;
