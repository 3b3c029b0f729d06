//! From values to text: errors, tables, numbers with units. Pure.

mod frame;
mod paint;
mod problem;
mod quantity;
mod table;
mod wrap;

pub(crate) use frame::{Frame, Size};
pub(crate) use paint::{Paint, Style};
pub(crate) use problem::{failure, quoted, spec_problem, visible};
pub(crate) use quantity::{bytes, count, counted, duration_ms, megabytes_per_second, percent, rate, rows};
pub(crate) use table::{Align, Table};
pub(crate) use wrap::{Pairs, head, wrap};
