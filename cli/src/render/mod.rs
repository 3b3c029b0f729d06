//! From values to text: errors, tables, numbers with units. Pure.

mod paint;
mod problem;
mod quantity;
mod table;

pub(crate) use paint::{Paint, Style};
pub(crate) use problem::{failure, spec_problem, visible};
pub(crate) use quantity::{bytes, count, counted, duration_ms, percent, rate, rows};
pub(crate) use table::{Align, Table};
