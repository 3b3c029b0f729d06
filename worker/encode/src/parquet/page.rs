//! Where pages end, and what it takes to make one.

use super::compress::Compressor;
use tarquet_common::failure::Failure;

/// Rows in a page at most. A page of 8-byte values is then 256 KiB, which stays in a core's own cache while it is
/// split, compressed and measured.
pub(crate) const PAGE_ROWS: usize = 32_768;

/// A page of text ends at the row with which its plain bytes reach this.
pub(crate) const PAGE_TEXT_BYTES: usize = 1 << 20;

/// A dictionary that would grow beyond this is given up from the row on that would make it.
pub(crate) const DICTIONARY_BYTES: usize = 1 << 20;

/// Compressed and uncompressed sizes are 32-bit in the format; no page of ours may come near.
pub(crate) const PAGE_BYTES_MAX: usize = i32::MAX as usize;

/// Unfinished pages of all columns together hold about this at most, unless that would make them tiny.
const OPEN_PAGES_BYTES: usize = 32 << 20;

/// Rows in a page of a table whose rows are so many bytes wide: fewer where there are many columns, because each has
/// an unfinished page in memory.
pub(crate) fn page_rows(row_bytes: usize) -> usize {
    const STEP: usize = 1024;
    (OPEN_PAGES_BYTES / row_bytes.max(1) / STEP * STEP).clamp(2 * STEP, PAGE_ROWS)
}

/// What every page needs for a moment, shared by all columns of a file.
pub(crate) struct PageTools {
    /// The codec.
    pub(crate) compressor: Compressor,
    /// The page as it is before compression.
    pub(crate) body: Vec<u8>,
    /// The page after it.
    pub(crate) compressed: Vec<u8>,
}

impl PageTools {
    /// Tools for a codec.
    pub(crate) fn new(compressor: Compressor) -> Self {
        Self { compressor, body: Vec::new(), compressed: Vec::new() }
    }

    /// Compresses the body.
    pub(crate) fn compress(&mut self) -> Result<(), Failure> {
        self.compressor.compress(&self.body, &mut self.compressed)
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.body.capacity() + self.compressed.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_tables_have_shorter_pages() {
        assert_eq!(page_rows(56), PAGE_ROWS);
        assert_eq!(page_rows(8_000), 4 * 1024);
        assert_eq!(page_rows(1 << 30), 2 * 1024);
    }
}
