//! From values to text: errors, tables, numbers with units. Pure.

mod frame;
mod look;
mod problem;
mod quantity;
mod table;
mod text;

pub(crate) use frame::Frame;
pub(crate) use look::{Look, Paint, Style};
pub(crate) use problem::{failure, spec_problem};
pub(crate) use quantity::{bytes, count, counted, duration_ms, megabytes_per_second, percent, rate, rows};
pub(crate) use table::{Align, Table};
pub(crate) use text::{Pairs, head, quoted, visible, wrap};
