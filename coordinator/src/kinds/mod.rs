//! The kinds of jobs that this build knows: one folder each, and the registry that names them.

pub mod convert;
mod registry;

pub use registry::{AllKinds, of, outlook, preflight};
