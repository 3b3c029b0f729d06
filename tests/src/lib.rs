//! Harness, end-to-end and fault tests.
//!
//! The binary under test, places to run it in, and the Python that judges it. What tests of every crate need is in
//! `tarquet-kit`.

pub mod binary;
pub mod confine;
pub mod python;
