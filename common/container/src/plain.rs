//! Containers that are not compressed.

use crate::unpack::Sink;
use tarquet_common::failure::Failure;

/// Hands bytes on as they are.
#[derive(Debug)]
pub struct Plain {
    offset: u64,
}

impl Plain {
    /// Starts at any offset.
    pub fn new(offset: u64) -> Self {
        Self { offset }
    }

    /// Hands the chunk on.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        self.offset += chunk.len() as u64;
        sink.bytes(chunk)
    }

    /// Offset of the next byte.
    pub fn uncompressed(&self) -> u64 {
        self.offset
    }
}
