//! An S3 server for tests, with injected faults and byte counts.
//!
//! It keeps S3's promises (conditional writes with one winner, verified checksums, atomic overwrites, multipart
//! uploads that nobody sees until they are completed) so that a test that passes against it says something, and it
//! breaks them where a test asks for that: a **fault** names an operation, a key pattern and an effect. Every request
//! is logged with its bytes.
//!
//! ```text
//! connection ─ http (counts bytes, injects faults, drains bodies) ─ s3s (HTTP, SigV4, XML) ─ service ─ state
//!                                                                                              └ blob: memory or files
//! ```
//!
//! [`Server::start`] runs one on a thread of its own; the binary `tarquet-s3server` runs one by hand. Nothing is kept
//! when it ends.

mod blob;
mod bodies;
mod faults;
mod http_layer;
mod listing;
mod objects;
mod operation;
mod server;
mod service;
mod state;
mod stats;
mod sums;
mod uploads;

pub use faults::{BadFault, Effect, Fault, FaultHandle};
pub use server::{Conditions, Config, Server};
pub use stats::{Entry, Stats, Totals};
