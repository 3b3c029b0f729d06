//! The coordinator on the network: gRPC for workers and the command line, HTTP for browsers, probes and scripts.
//!
//! Generated types stop here: services turn messages into domain types, ask the
//! [`CoordinatorHandle`](crate::CoordinatorHandle), and turn the answer into a message.

mod http;
mod jobs;
mod serve;
mod worker;

pub use serve::{Serving, serve};
