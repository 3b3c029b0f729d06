//! The memory contract: what a slot holds, stated by planners before anything runs and kept by workers.
//!
//! ```text
//! slot = fetch + ring + decoded + row group + upload parts        each term is a cap
//! ```
//!
//! Every number of it stands here. A planner adds the terms up with [`SlotParts`]; a worker fetches, fills its ring and
//! sends parts with the settings below, and nothing else.

/// How far ahead of need an attempt reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchSettings {
    /// Bytes of one GET, at most.
    pub chunk_bytes: u64,
    /// Bytes ahead of need, at most; one GET at least.
    pub ahead_bytes: u64,
    /// GETs in flight, at most.
    pub in_flight: usize,
}

impl FetchSettings {
    /// A shard's input, read from its beginning to its end.
    pub const SHARD: Self = Self { chunk_bytes: CHUNK_BYTES, ahead_bytes: 3 * CHUNK_BYTES, in_flight: 16 };
    /// An object read whole by a stage that holds nothing else, so it may read far ahead.
    pub const WHOLE: Self = Self { chunk_bytes: CHUNK_BYTES, ahead_bytes: 4 * CHUNK_BYTES, in_flight: 4 };
    /// Items that lie apart: small GETs, so that little more is read than what they need.
    pub const SCATTERED: Self = Self { chunk_bytes: 128 << 10, ahead_bytes: 256 << 10, in_flight: 1 };
}

/// How what was made is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadSettings {
    /// Bytes of one part; at least 5 MiB.
    pub part_bytes: usize,
    /// Parts in flight.
    pub in_flight: usize,
}

impl UploadSettings {
    /// Parts of a dataset: two on their way while the next is being filled.
    pub const PARTS: Self = Self { part_bytes: PART_BYTES, in_flight: 2 };
    /// Small objects beside the dataset.
    pub const SIDES: Self = Self { part_bytes: PART_BYTES, in_flight: 1 };
}

/// Bytes of one ranged GET.
const CHUNK_BYTES: u64 = 8 << 20;
/// Bytes of one upload part.
const PART_BYTES: usize = 8 << 20;
/// What a decompressor holds besides the chunk at hand.
const UNPACK_BYTES: u64 = 8 << 20;
/// Segments of a ring: one is filled while the other is read.
pub const RING_SEGMENTS: usize = 2;
/// Segments are rounded up to this.
const SEGMENT_STEP: u64 = 1 << 20;
/// Segments grow to this where there are items enough to fill them.
const SEGMENT_BYTES_USUAL: u64 = 8 << 20;
/// What the smallest items may become when they are decoded.
const DECODED_BYTES_MIN: u64 = 4 << 20;

/// Bytes of failure records that an attempt holds, at most: more are written out. They are beside the terms of a slot, as is
/// what a process needs for itself; while they are encoded they are there about three times.
pub const QUARANTINE_BYTES: u64 = 4 << 20;
/// Bytes of one text of a failure record, at most: a name or a message that a file made longer is cut.
pub const QUARANTINE_TEXT_BYTES: usize = 16 << 10;

/// Bytes of one segment of a ring, for items of at most `largest` bytes that take `all` bytes together.
pub fn segment_bytes(largest: u64, all: u64) -> u64 {
    largest.max(all.min(SEGMENT_BYTES_USUAL)).max(1).next_multiple_of(SEGMENT_STEP)
}

/// Bytes planned for one decoded item as Arrow data and for its conformed copy, where the largest has so many bytes. What
/// becomes larger (compressed data does) is held to what the slot has.
pub fn decoded_bytes(largest: u64) -> u64 {
    2 * largest.max(DECODED_BYTES_MIN)
}

/// The terms of a slot, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotParts {
    /// Chunks fetched ahead, and what the decompressor holds.
    pub fetch: u64,
    /// Scratch segments; each holds at least the largest item.
    pub ring: u64,
    /// One decoded item, and its conformed copy.
    pub decoded: u64,
    /// A row group being encoded.
    pub row_group: u64,
    /// Upload parts: those in flight and the one that is being filled.
    pub parts: u64,
}

impl SlotParts {
    /// What a slot needs for items of at most `largest` bytes and row groups of at most `row_group` bytes.
    pub fn of(largest: u64, row_group: u64) -> Self {
        let parts = UploadSettings::PARTS;
        Self {
            fetch: FetchSettings::SHARD.ahead_bytes + UNPACK_BYTES,
            ring: RING_SEGMENTS as u64 * segment_bytes(largest, u64::MAX),
            decoded: decoded_bytes(largest),
            row_group,
            parts: (parts.in_flight as u64 + 1) * parts.part_bytes as u64,
        }
    }

    /// Their sum.
    pub fn total(&self) -> u64 {
        self.fetch + self.ring + self.decoded + self.row_group + self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_never_takes_a_larger_ring_than_was_planned() {
        for largest in [0, 1, 1 << 20, 9 << 20, (256 << 20) + 1] {
            let planned = SlotParts::of(largest, 0).ring;
            for all in [largest, 2 * largest, 100 << 20, u64::MAX] {
                assert!(RING_SEGMENTS as u64 * segment_bytes(largest, all) <= planned, "{largest} of {all}");
                assert!(segment_bytes(largest, all) >= largest);
            }
        }
    }

    #[test]
    fn the_sum_is_what_plans_have_always_stated() {
        let slot = SlotParts::of(20 << 20, 128 << 20);
        assert_eq!((slot.fetch, slot.ring, slot.decoded), (32 << 20, 40 << 20, 40 << 20));
        assert_eq!((slot.parts, slot.total()), (24 << 20, 264 << 20));
        assert_eq!(SlotParts::of(0, 0).total(), (32 + 16 + 8 + 24) << 20);
    }
}
