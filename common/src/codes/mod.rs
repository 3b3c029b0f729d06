//! The one table of codes. `tarquet explain CODE`, the docs and every failure record read it.
//!
//! Codes are append-only and grouped by hundreds: 01 spec, 02 plan, 03 archive, 04 format, 05 schema,
//! 06 store, 07 cluster, 08 publish, 09 ourselves. A code never changes its meaning; one that falls
//! out of use stays in the table. Each code has a test that produces it.

pub mod archive;
pub mod cluster;
mod code;
pub mod format;
pub mod ourselves;
pub mod plan;
pub mod publish;
pub mod schema;
pub mod spec;
pub mod store;
mod table;

pub(crate) use code::codes;
pub use code::{Class, Code, Info};
pub use table::{TABLE, UnknownCode};
