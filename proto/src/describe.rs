//! What may be said: the services by their descriptors, and how large a message may be.

use prost::{DecodeError, Message};
use prost_types::FileDescriptorSet;

/// Largest message either side accepts, in bytes. Lists are paged, receipts are below 1 MiB.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The descriptors of every message and service, for the reflection service.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tarquet.bin"));

/// Every method of every service in an encoded descriptor set, as the path that a call of it has:
/// `/tarquet.v2.JobService/Submit`.
pub fn methods(descriptors: &[u8]) -> Result<Vec<String>, DecodeError> {
    let mut paths = Vec::new();
    for file in FileDescriptorSet::decode(descriptors)?.file {
        let package = file.package().to_owned();
        for service in &file.service {
            let of = |m: &prost_types::MethodDescriptorProto| {
                format!("/{package}.{}/{}", service.name(), m.name())
            };
            paths.extend(service.method.iter().map(of));
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_services_are_found() {
        let found = methods(DESCRIPTORS).unwrap();
        for path in ["/tarquet.v2.WorkerService/Acquire", "/tarquet.v2.JobService/WatchJob"] {
            assert!(found.iter().any(|m| m == path), "{found:?}");
        }
        assert!(methods(b"\xff").is_err());
    }
}
