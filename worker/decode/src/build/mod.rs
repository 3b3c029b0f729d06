//! Arrow arrays from bytes and pickled objects.
//!
//! **rows** are elements of one type standing in bytes, **words** makes numbers of them, **text** makes texts.
//! **cells** are the scalars of a pickled array, **objects** infers what they are, **typed** makes arrays of them.

mod cells;
pub(crate) mod objects;
mod rows;
pub(crate) mod text;
mod typed;
pub(crate) mod words;

pub(crate) use cells::Objects;
pub(crate) use rows::{Make, Rows};
pub(crate) use typed::dates_from_ordinals;
pub(crate) use words::{checked_codes, numbers};
