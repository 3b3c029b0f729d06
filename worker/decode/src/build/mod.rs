//! Arrow arrays from bytes and pickled objects.

pub(crate) mod objects;
mod rows;
pub(crate) mod text;
pub(crate) mod words;

pub(crate) use rows::{Make, Rows, numbers};
