//! LZ4 frames, block by block.
//!
//! A stream is **frames** one after the other, some of them **skippable**. A frame is a header, **blocks**
//! and an end mark. Blocks of a frame are **independent** (each decodes alone) or **linked** (each may
//! refer to the 64 KiB before it); a block that did not shrink is **stored** as it is. The format is
//! <https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>, version 1.6.

mod decoder;
mod header;
mod history;

pub use decoder::Lz4Decoder;
