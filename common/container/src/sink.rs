//! What decompressors hand on: bytes, and the places where they could start again.

use tarquet_common::failure::Failure;

/// A place where decompression could start again, with the window while it is at hand.
#[derive(Clone, Copy, Debug)]
pub struct Restart<'w> {
    /// Offset in the object.
    pub compressed: u64,
    /// Offset in the bytes it expands to.
    pub uncompressed: u64,
    /// How to enter.
    pub entry: RestartEntry<'w>,
}

/// How decompression could start at a [`Restart`].
#[derive(Clone, Copy, Debug)]
pub enum RestartEntry<'w> {
    /// A frame or gzip member begins.
    Frame,
    /// An LZ4 block begins, in a frame with these parameters.
    Block {
        /// The frame's FLG byte.
        flg: u8,
        /// The frame's BD byte.
        bd: u8,
        /// The 64 KiB of output before it, when the block may refer to them.
        window: Option<&'w [u8]>,
    },
}

/// Where uncompressed bytes go.
pub trait Sink {
    /// Decompression could start again here; told before the bytes that follow.
    ///
    /// # Errors
    /// Ends the feeding.
    fn restart(&mut self, _restart: Restart<'_>) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether more bytes are of any use. Once this is false, decompressors stop where they are.
    fn wants_more(&self) -> bool {
        true
    }

    /// The next uncompressed bytes. They are only lent.
    ///
    /// # Errors
    /// Ends the feeding.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure>;
}
