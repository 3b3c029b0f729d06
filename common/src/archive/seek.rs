//! Seek points: where decompression can start.
//!
//! A **point** pairs a compressed with an uncompressed offset and says how to enter there. Some points
//! (inside LZ4 frames with linked blocks) need the 64 KiB of output before them, their **window**; windows
//! are kept in `windows.bin`, window `i` in bytes `i × 65,536` and on.

use serde::{Deserialize, Serialize};

/// Bytes of a window: as far back as an LZ4 match can reach.
pub const WINDOW_LEN: usize = 64 * 1024;

/// How decompression starts at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A frame (or gzip member) begins here, or the container is not compressed.
    Frame,
    /// An LZ4 block begins here, inside a frame with these FLG and BD bytes.
    Block {
        /// The frame's FLG byte.
        flg: u8,
        /// The frame's BD byte.
        bd: u8,
        /// The window that is needed; `None` where none is.
        window: Option<Window>,
    },
}

/// A window, by reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its number in `windows.bin`.
    pub index: u32,
    /// CRC-32C of its [`WINDOW_LEN`] bytes.
    pub crc32c: u32,
}

impl Window {
    /// Its bytes in `windows.bin`.
    pub fn range(self) -> std::ops::Range<u64> {
        let start = u64::from(self.index) * WINDOW_LEN as u64;
        start..start + WINDOW_LEN as u64
    }
}

/// A place where decompression can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeekPoint {
    /// Offset in the object.
    pub compressed: u64,
    /// Offset in the bytes it expands to.
    pub uncompressed: u64,
    /// How to enter.
    pub entry: Entry,
}

impl SeekPoint {
    /// The start of any container.
    pub const START: Self = Self { compressed: 0, uncompressed: 0, entry: Entry::Frame };

    /// The window needed, if one is.
    pub fn window(&self) -> Option<Window> {
        match self.entry {
            Entry::Frame => None,
            Entry::Block { window, .. } => window,
        }
    }
}
