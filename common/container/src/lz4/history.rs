//! The output buffer: blocks are decoded next to each other, so that linked blocks find the 64 KiB before
//! them without copying; only when the buffer is full are the last 64 KiB moved to its front.

use lz4_flex::block::{DecompressError, decompress_into, decompress_into_with_dict};

/// Room for blocks behind the window, so that small blocks wrap rarely and yet stay in the core's cache.
const RUN_LEN: usize = 512 * 1024;

/// Decoded bytes, as far back as a block may refer.
#[derive(Debug, Default)]
pub(super) struct History {
    buf: Vec<u8>,
    /// End of the decoded bytes; those in front of it belong to the present frame.
    pos: usize,
}

impl History {
    /// Begins a frame: nothing is behind its first block.
    pub(super) fn begin(&mut self, block_max: usize) {
        let len = WINDOW_LEN + block_max.max(RUN_LEN);
        if self.buf.len() < len {
            self.buf.resize(len, 0);
        }
        self.pos = 0;
    }

    /// Begins in the middle of a frame, behind `window`.
    pub(super) fn resume(&mut self, block_max: usize, window: &[u8]) {
        self.begin(block_max);
        self.buf[..window.len()].copy_from_slice(window);
        self.pos = window.len();
    }

    /// The window of the next block, if there are 64 KiB behind it.
    pub(super) fn window(&self) -> Option<&[u8]> {
        self.pos.checked_sub(WINDOW_LEN).map(|start| &self.buf[start..self.pos])
    }

    /// Appends a stored block.
    pub(super) fn store(&mut self, block: &[u8], linked: bool) -> &[u8] {
        let start = self.make_room(block.len(), linked);
        self.buf[start..start + block.len()].copy_from_slice(block);
        self.pos = start + block.len();
        &self.buf[start..self.pos]
    }

    /// Appends what a block expands to, at most `block_max` bytes.
    pub(super) fn decode(
        &mut self,
        block: &[u8],
        block_max: usize,
        linked: bool,
    ) -> Result<&[u8], DecompressError> {
        let start = self.make_room(block_max, linked);
        let (behind, ahead) = self.buf.split_at_mut(start);
        let out = &mut ahead[..block_max];
        let len = if linked {
            let dict = &behind[start.saturating_sub(WINDOW_LEN)..];
            decompress_into_with_dict(block, out, dict)?
        } else {
            decompress_into(block, out)?
        };
        self.pos = start + len;
        Ok(&self.buf[start..self.pos])
    }

    /// Where the next block of at most `len` bytes goes.
    fn make_room(&mut self, len: usize, linked: bool) -> usize {
        if !linked {
            self.pos = 0;
        } else if self.pos + len > self.buf.len() {
            let keep = self.pos.min(WINDOW_LEN);
            self.buf.copy_within(self.pos - keep..self.pos, 0);
            self.pos = keep;
        }
        self.pos
    }
}
use tarquet_common::archive::WINDOW_LEN;
