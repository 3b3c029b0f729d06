//! Harness, end-to-end and fault tests.
//!
//! The binary under test, places to run it in, what it holds of memory, and the Python that judges it. What tests of every crate need is in
//! `tarquet-kit`.

pub mod binary;
pub mod confine;
pub mod peak;
pub mod python;
