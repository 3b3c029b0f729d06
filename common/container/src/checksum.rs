//! The checksum that an index keeps of every body and window.

use crc_fast::{CrcAlgorithm, Digest};

/// CRC-32C (Castagnoli) of bytes at hand.
pub fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = Crc::castagnoli();
    crc.update(bytes);
    crc.value()
}

/// A CRC of 32 bits, of bytes that come piece by piece.
#[derive(Clone, Debug)]
pub(crate) struct Crc(Digest);

impl Crc {
    /// CRC-32C, which indexes keep.
    pub(crate) fn castagnoli() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc32Iscsi))
    }

    /// CRC-32 (IEEE), which gzip and zip keep.
    pub(crate) fn ieee() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc32IsoHdlc))
    }

    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn value(&self) -> u32 {
        u32::try_from(self.0.finalize()).expect("a CRC of 32 bits")
    }
}
