//! What a slot needs for a decoded member: the planner states it, the worker keeps to it.

/// What the smallest members may become.
const FRAME_BYTES_MIN: u64 = 4 << 20;

/// Bytes planned for one decoded member as Arrow data and for its conformed copy, where the largest body has so many bytes.
/// What becomes larger (compressed data does) is held to what the slot has.
pub fn frame_bytes(largest_member: u64) -> u64 {
    2 * largest_member.max(FRAME_BYTES_MIN)
}
