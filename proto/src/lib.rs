//! The wire between coordinator, workers and the command line.
//!
//! [`v1`] is generated from `tarquet/v1/*.proto`, whose comments say who sends each message, when, and what a
//! repeat means. [`convert`] turns messages into the domain types of `tarquet-common` and back; nothing else
//! of ours names a generated type but the services and the transports. [`status`] carries a typed failure
//! inside a gRPC status, and back. [`client`] is the way to a coordinator, [`tls`] what protects it.

pub mod client;
pub mod convert;
mod describe;
pub mod status;
pub mod tls;
pub mod v1;

pub use describe::methods;

/// Largest message either side accepts, in bytes. Lists are paged, receipts are below 1 MiB.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The descriptors of every message and service, for the reflection service.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tarquet.bin"));
