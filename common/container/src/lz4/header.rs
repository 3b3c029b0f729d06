//! Frame descriptors and block headers, as pure functions of their bytes.

use crate::fault;
use tarquet_common::failure::Failure;
use xxhash_rust::xxh32::xxh32;

/// What a frame's FLG and BD bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameParams {
    /// The FLG byte.
    pub(crate) flg: u8,
    /// The BD byte.
    pub(crate) bd: u8,
}

impl FrameParams {
    /// Reads the two bytes; `offset` is the frame's, for the failure.
    pub(crate) fn read(flg: u8, bd: u8, offset: u64) -> Result<Self, Failure> {
        let params = Self { flg, bd };
        if flg >> 6 != 1 {
            return Err(fault::refused(&format!("LZ4 frame version {}", flg >> 6), offset));
        }
        if flg & 0b10 != 0 || bd & 0b1000_1111 != 0 || bd >> 4 < 4 {
            return Err(fault::damaged("an LZ4 frame header", offset).expected(
                "reserved bits 0 and a block size id of 4 to 7",
                format!("FLG {flg:02x} BD {bd:02x}"),
            ));
        }
        if flg & 1 != 0 {
            return Err(fault::refused("an LZ4 frame that needs a dictionary", offset));
        }
        Ok(params)
    }

    pub(crate) fn linked(self) -> bool {
        self.flg & 0x20 == 0
    }

    pub(crate) fn block_checksums(self) -> bool {
        self.flg & 0x10 != 0
    }

    pub(crate) fn has_content_size(self) -> bool {
        self.flg & 0x08 != 0
    }

    pub(crate) fn content_checksum(self) -> bool {
        self.flg & 0x04 != 0
    }

    /// The most a block expands to: 64 KiB, 256 KiB, 1 MiB or 4 MiB.
    pub(crate) fn block_max(self) -> usize {
        1 << (8 + 2 * usize::from(self.bd >> 4))
    }

    /// Bytes of the descriptor behind FLG and BD: content size and header checksum.
    pub(crate) fn rest_len(self) -> usize {
        if self.has_content_size() { 9 } else { 1 }
    }

    /// Proves the descriptor and gives the content size it declares.
    pub(crate) fn check(self, rest: &[u8], offset: u64) -> Result<Option<u64>, Failure> {
        let (fields, sum) = rest.split_at(rest.len() - 1);
        let descriptor = [&[self.flg, self.bd][..], fields].concat();
        let found = xxh32(&descriptor, 0).to_le_bytes()[1];
        if found != sum[0] {
            return Err(fault::checksum("an LZ4 frame header", offset, u32::from(sum[0]), u32::from(found)));
        }
        Ok(fields.try_into().ok().map(u64::from_le_bytes))
    }
}

/// What stands where a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockHeader {
    /// No block: the frame ends.
    End,
    /// A block of so many bytes.
    Block {
        /// Bytes of it in the stream, without its checksum.
        len: usize,
        /// It is stored as it is.
        stored: bool,
    },
}

pub(crate) fn block_header(bytes: [u8; 4], params: FrameParams, offset: u64) -> Result<BlockHeader, Failure> {
    let word = u32::from_le_bytes(bytes);
    if word == 0 {
        return Ok(BlockHeader::End);
    }
    let len = (word & 0x7fff_ffff) as usize;
    if len > params.block_max() {
        return Err(fault::damaged("an LZ4 block header", offset)
            .expected(format!("at most {} bytes", params.block_max()), len));
    }
    Ok(BlockHeader::Block { len, stored: word >> 31 == 1 })
}
