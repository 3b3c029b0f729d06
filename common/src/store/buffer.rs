//! Buffers that a disk can be written from.

use bytes::{Buf, BytesMut};

/// Whole blocks of any device and page size in use. See `open(2)`, `O_DIRECT`.
pub(super) const BLOCK_BYTES: usize = 4096;

/// An empty buffer for `len` bytes, aligned to a block: [`LocalStore`](super::LocalStore) writes such parts past the page
/// cache. To other stores it is a buffer like any other.
pub fn aligned_buffer(len: usize) -> BytesMut {
    let mut buffer = BytesMut::with_capacity(len + BLOCK_BYTES);
    let before = buffer.as_ptr().align_offset(BLOCK_BYTES);
    buffer.resize(before, 0);
    buffer.advance(before);
    buffer
}
