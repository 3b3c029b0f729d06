//! The contract on S3 and what speaks its language: the one door of `aws_sdk_s3`.
//!
//! A verb is one call of the SDK, which retries passing faults with growing, jittered pauses; what the SDK does not
//! repeat (a body that breaks off, a conditional write without a clear answer) is repeated here. Nothing waits without
//! end: see [`client`] for the limits.

mod client;
mod errors;
mod guard;
mod imp;
mod lifecycle;
mod reads;
mod uploads;
mod writes;

pub(crate) use client::{Clients, Keys};
pub use imp::S3Store;
