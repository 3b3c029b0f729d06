//! The wire between coordinator, workers and the command line.
//!
//! [`v2`] is generated from `tarquet/v2/*.proto`, whose comments say who sends each message, when, and what a
//! repeat means. [`convert`] turns messages into the domain types of `tarquet-common` and back; nothing else
//! of ours names a generated type but the services and the transports. [`status`] carries a typed failure
//! inside a gRPC status, and back, [`secret`] what a worker proves itself by. [`client`] is the way to a coordinator, [`tls`] what protects it.

pub mod client;
pub mod convert;
mod describe;
pub mod secret;
pub mod status;
pub mod tls;

/// Generated messages, clients and servers of the package `tarquet.v2`.
pub mod v2 {
    #![expect(clippy::allow_attributes_without_reason, reason = "generated")]
    include!(concat!(env!("OUT_DIR"), "/tarquet.v2.rs"));
}

pub use describe::{DESCRIPTORS, MESSAGE_BYTES_MAX, methods};
