//! What a slot needs in memory, stated before anything runs.
//!
//! Slot bytes = fetch + ring + frame + row group + upload parts. Each term is a cap that the worker keeps to.

use tarquet_convert::frame_bytes;

/// The terms, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotParts {
    /// Chunks fetched ahead, and the decompressor's block.
    pub fetch: u64,
    /// Scratch segments; each holds at least the largest member.
    pub ring: u64,
    /// One decoded member as Arrow data, and its conformed copy.
    pub frame: u64,
    /// A row group being encoded.
    pub row_group: u64,
    /// Upload parts: two in flight and the one that is being filled.
    pub parts: u64,
}

impl SlotParts {
    /// Their sum.
    pub fn total(&self) -> u64 {
        self.fetch + self.ring + self.frame + self.row_group + self.parts
    }
}

/// Bytes of one ranged GET.
pub(super) const FETCH_BYTES: u64 = 8 << 20;
/// GETs ahead of need, the one being read included.
pub(super) const FETCH_AHEAD: u64 = 3;
/// Bytes of one upload part.
pub const PART_BYTES: u64 = 8 << 20;
/// Segments of a ring.
pub(super) const RING_SEGMENTS: u64 = 2;
/// Smallest segment.
pub(super) const SEGMENT_BYTES_MIN: u64 = 8 << 20;

/// What a slot needs for members of at most `largest_member` bytes and row groups of at most `row_group` bytes.
pub fn slot_bytes(largest_member: u64, row_group: u64) -> SlotParts {
    SlotParts {
        fetch: FETCH_AHEAD * FETCH_BYTES + (8 << 20),
        ring: RING_SEGMENTS * largest_member.max(SEGMENT_BYTES_MIN).next_multiple_of(1 << 20),
        frame: frame_bytes(largest_member),
        row_group,
        parts: 3 * PART_BYTES,
    }
}
