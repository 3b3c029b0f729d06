//! Whether this machine, these stores and this spec will do.
//!
//! **Facts** are read first, all of them; **judging** them is pure and gives **findings**, each with a verdict and,
//! where something is wrong, what to do.

mod facts;
mod finding;
mod judge;
mod stores;

pub(crate) use facts::{Machine, Space, machine_memory};
pub(crate) use finding::{Finding, Verdict};
pub(crate) use judge::{machine, scratch, space};
pub(crate) use stores::{inputs, lifecycle, output, probe};
