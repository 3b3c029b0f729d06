//! Ranges of an object, and the little-endian fields in them.

use std::{io, ops::Range};

/// An object of which any range can be had.
pub trait RangedReader {
    /// Bytes of the object.
    fn size(&self) -> u64;

    /// The `len` bytes from `offset` on; all of them.
    ///
    /// # Errors
    /// They cannot be had.
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>>;
}

impl RangedReader for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(len);
        self.get(range).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// The compressed bytes of the object that certainly hold a member: local header, and body behind a name
/// and extra field of any length.
pub fn member_range(offset: u64, stored_size: u64, object_size: u64) -> Range<u64> {
    let longest = LOCAL_HEADER_LEN as u64 + 2 * u64::from(u16::MAX);
    offset..offset.saturating_add(longest).saturating_add(stored_size).min(object_size)
}

/// Bytes of a local header before name and extra field.
pub(crate) const LOCAL_HEADER_LEN: usize = 30;

/// A field of two bytes, which a caller has made sure are there.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

/// A field of four bytes.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// A field of eight bytes.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
