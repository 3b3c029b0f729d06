//! A tar of members inside one LZ4 frame.

use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use std::io::{self, Write};

/// How an LZ4 frame is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Blocks {
    /// 64 KiB blocks that each need the one before, as Python's `lz4.frame` writes
    Linked,
    /// 4 MiB blocks that stand alone, with a content checksum, as the `lz4` command writes
    Independent,
}

/// Writes members into one archive.
pub(super) struct Archive<W: Write> {
    tar: tar::Builder<FrameEncoder<W>>,
}

impl<W: Write> Archive<W> {
    /// An empty archive on `sink`.
    pub(super) fn new(sink: W, blocks: Blocks) -> Self {
        let info = match blocks {
            Blocks::Linked => FrameInfo::new().block_mode(BlockMode::Linked).block_size(BlockSize::Max64KB),
            Blocks::Independent => FrameInfo::new()
                .block_mode(BlockMode::Independent)
                .block_size(BlockSize::Max4MB)
                .content_checksum(true),
        };
        Self { tar: tar::Builder::new(FrameEncoder::with_frame_info(info, sink)) }
    }

    /// Appends a member. The header depends on the arguments alone.
    pub(super) fn append(&mut self, name: &str, number: u64, body: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_600_000_000 + number);
        self.tar.append_data(&mut header, name, body)
    }

    /// Writes what ends an archive; hands the sink back.
    pub(super) fn finish(self) -> io::Result<W> {
        let encoder = self.tar.into_inner()?;
        encoder.finish().map_err(io::Error::other)
    }
}
