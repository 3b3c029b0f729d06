//! The kinds of jobs that this build knows. The deciding is in `tarquet-core`; what needs stores is here.

mod all;
pub mod convert;

pub use all::{AllKinds, preflight};
