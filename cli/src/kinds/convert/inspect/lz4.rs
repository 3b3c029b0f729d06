//! How an LZ4 frame is cut, from the first bytes of an object ("LZ4 Frame Format Description" 1.6.4).

/// What a frame's header says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct FrameFacts {
    /// Blocks refer to the one before; decoding starts at windows, not at blocks.
    pub linked: bool,
    /// Largest block, in bytes.
    pub block_bytes: u64,
    /// Each block has a checksum.
    pub block_checksums: bool,
    /// The whole content has one.
    pub content_checksum: bool,
}

impl FrameFacts {
    /// Reads the first frame's header; `None` if the object does not begin with a frame.
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let [0x04, 0x22, 0x4D, 0x18, flg, bd, ..] = *head else { return None };
        let block_bytes = match bd >> 4 & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return None,
        };
        Some(Self {
            linked: flg & 0x20 == 0,
            block_bytes,
            block_checksums: flg & 0x10 != 0,
            content_checksum: flg & 0x04 != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_usual_writers_are_told_apart() {
        let python = FrameFacts::read(&[4, 0x22, 0x4D, 0x18, 0x40, 0x40, 0xC0]).unwrap();
        assert_eq!((python.linked, python.block_bytes, python.content_checksum), (true, 64 << 10, false));
        let cli = FrameFacts::read(&[4, 0x22, 0x4D, 0x18, 0x64, 0x70, 0xB9]).unwrap();
        assert_eq!((cli.linked, cli.block_bytes, cli.content_checksum), (false, 4 << 20, true));
        assert_eq!(FrameFacts::read(b"\x1f\x8b"), None);
    }
}
