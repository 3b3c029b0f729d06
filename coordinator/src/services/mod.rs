//! The coordinator on the network: gRPC for workers and the command line, HTTP for browsers, probes and scripts.
//!
//! ```text
//! port ─▶ TLS (conn) ─▶ crowd ─▶ guard ─▶ budget ─▶ services
//!           fresh: certificates and tokens, read again when their files change
//! ```
//!
//! Generated types stop here: services turn messages into domain types, ask the
//! [`CoordinatorHandle`](crate::CoordinatorHandle), and turn the answer into a message.

mod budget;
mod conn;
mod crowd;
mod fresh;
mod guard;
mod http;
mod jobs;
mod limits;
mod port;
mod serve;
mod worker;

pub use serve::{Serving, serve};
