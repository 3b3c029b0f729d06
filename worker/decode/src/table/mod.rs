//! pandas' `table` layout: one compound dataset `table`, a row of it per row of the frame.
//!
//! A **field** of the compound is the index, a **block** of columns of one type (`values_block_{i}`, an
//! array per row) or one **data column**. Which columns a block holds stands in the table's attribute
//! `{field}_kind`, their order in the frame in the group's `non_index_axes`, never in the compound. Levels of a
//! MultiIndex are columns named by `levels`. Categories stand under `meta/{field}/meta`, as a table of their own.
//! (Source: pandas `io/pytables.py`, `Table`, `IndexCol`, `DataCol`, `AppendableFrameTable` and its kin.)

mod categories;
mod fields;
mod frame;
mod meta;

pub(crate) use frame::read;
