//! Arrow arrays from bytes and pickled objects.
//!
//! **rows** are elements of one type standing in bytes, and **gather** takes them out column by column: **words** makes numbers
//! of them, **layouts** those whose bits stand otherwise, **named** the names of an enum's values, **text** texts.
//! **cells** are the scalars of a pickled array, **objects** infers what they are, **typed** makes arrays of them.

mod cells;
mod gather;
mod layouts;
mod named;
pub(crate) mod objects;
mod rows;
pub(crate) mod text;
mod typed;
pub(crate) mod words;

pub(crate) use cells::Objects;
pub(crate) use named::named;
pub(crate) use rows::{Make, Rows};
pub(crate) use typed::dates_from_ordinals;
pub(crate) use words::{checked_codes, is_bool, numbers};
