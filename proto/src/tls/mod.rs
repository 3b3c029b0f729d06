//! TLS for both ends of a connection: certificates and keys are PEM files, read when they are needed.
//!
//! Only TLS 1.3, only the `ring` provider, no session resumption: each connection shows its certificate again, so a
//! certificate that expired or was replaced is noticed at the next one.

mod client;
mod pem;
mod server;

pub use client::{ClientFiles, client_config, name_of, refusal};
pub use pem::contents;
pub use server::{ServerFiles, server_config};

/// The protocol of gRPC, as TLS names it (RFC 9113, section 3.2).
pub const ALPN_H2: &[u8] = b"h2";
/// The protocol of the HTTP port.
pub const ALPN_HTTP1: &[u8] = b"http/1.1";
