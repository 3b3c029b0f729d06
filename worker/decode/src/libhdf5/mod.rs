//! The door to libhdf5: the only folder that names its bindings. Compiled with the feature `libhdf5`.
//!
//! It is the oracle of the differential tests. libhdf5 is not safe on hostile files (some crash it), so nothing
//! decodes members with it in the worker's own process. External storage, external links and virtual
//! datasets are refused here as in the other door, and no filter plugin is ever loaded.
//!
//! **door** answers what the decoder asks, **types** puts datatypes in our words, **handle** closes what is open.

mod door;
mod handle;
mod types;

pub(crate) use door::open;
