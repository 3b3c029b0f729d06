//! Generated messages, clients and servers of the package `tarquet.v1`.
#![expect(clippy::allow_attributes_without_reason, reason = "generated")]

include!(concat!(env!("OUT_DIR"), "/tarquet.v1.rs"));
