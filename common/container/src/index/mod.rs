//! The index of an archive: who made it, what is in it, where it can be entered.
//!
//! Two objects. **`members.parquet`** lists the members in the order of their offsets; anybody can query
//! it. **`windows.bin`** holds the windows, the seek table and a **trailer** that proves both objects:
//!
//! ```text
//! windows.bin = window × windows          65,536 bytes each: window i is one ranged GET
//!               point  × points           28 bytes each (`seek::encode_point`), none: every offset will do
//!               trailer                   64 bytes, little endian:
//!                 "TQINDEX1"  u32 format_version  u32 windows  u64 points
//!                 u8[32] BLAKE3 of members.parquet  u32 zero  u32 CRC-32C of points and trailer up to here
//! ```
//!
//! | column of `members.parquet` | type | |
//! |---|---|---|
//! | `name` | binary | the raw bytes |
//! | `offset` | int64 | of the body in the uncompressed stream; zip: of the local header in the object |
//! | `size` | int64 | bytes of the body |
//! | `type` | string | `file`, `dir`, `symlink`, … ([`MemberKind`](crate::MemberKind)) |
//! | `crc32c` | uint32, nullable | of the body; null in zip archives, whose bodies are not read |
//! | `crc32` | uint32, nullable | zip: the directory's CRC-32 |
//! | `stored_size` | int64, nullable | zip: bytes of the compressed body |
//! | `method` | uint16, nullable | zip: compression method |
//!
//! Its key-value metadata has one entry of ours, `tarquet.index`: an [`ArchiveIndex`] as JSON.

mod builder;
mod columns;
mod members;
mod recorder;
mod summary;
mod trailer;
mod zipped;

pub use builder::IndexBuilder;
pub use members::MembersReader;
pub use recorder::IndexObjects;
pub use summary::{ArchiveIndex, IndexLimits, IndexSummary};
pub use trailer::{TRAILER_LEN, Trailer};
pub use zipped::index_zip;

/// Key of our entry in the metadata of `members.parquet`.
pub const METADATA_KEY: &str = "tarquet.index";
