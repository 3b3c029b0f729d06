//! Archives become seekable.
//!
//! An **archive** is read once, from its first byte, by an [`index::IndexBuilder`]: an [`unpack::Unpacker`]
//! decompresses it, a [`tar::Walker`] finds the **members** in the uncompressed bytes, and every place where
//! decompression could start again becomes a **seek point** ([`seek`]). From then on anybody can start at a
//! seek point with [`stream::MemberStream`] and get members' bodies, each checked before it is handed over.
//!
//! Everything here is fed by its caller, chunk by chunk: no sockets, no store, no threads, no async. Offsets
//! called *compressed* count bytes of the object as it is stored, *uncompressed* ones the bytes it expands to.
//! Nothing that stands in an archive ever becomes a path, and no input makes these decoders panic, hang or
//! allocate beyond their fixed buffers.

mod body;
mod checksum;
mod fault;
mod gather;
pub mod gzip;
pub mod index;
pub mod lz4;
pub mod seek;
mod sink;
mod sniff;
pub mod stream;
pub mod tar;
pub mod unpack;
pub mod zip;
pub mod zstandard;

pub use body::{BodySink, Wanted};
pub use checksum::crc32c;
pub use sink::{Restart, RestartEntry, Sink};
pub use sniff::{HEAD_LEN, check_head};
pub use tarquet_common::archive::{Check, Container, Entry, Member, MemberKind, SeekPoint};
