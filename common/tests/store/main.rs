//! The object store: one contract, every implementation, and what happens when S3 misbehaves.

mod codes;
mod contract;
mod faults;
mod local;
mod s3;
