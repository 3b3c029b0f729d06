//! Harness, end-to-end and fault tests.
//!
//! What lies outside the repository (fixtures, corpus, tools) and outside Rust (Python with pandas) is
//! found through the environment. Without it a test says `skipped: …` and passes; where `CI` is `true`
//! it fails instead, so that nothing is skipped unseen.

pub mod binary;
pub mod confine;
pub mod environment;
pub mod python;
