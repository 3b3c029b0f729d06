//! Tar: members in the uncompressed stream.
//!
//! An archive is **headers** of 512 bytes, each followed by a **body** padded to 512; two zero blocks end it.
//! **Extension** headers (PAX `x` and `g`, GNU `L` and `K`) say more about the next header. Read are ustar,
//! GNU and PAX (POSIX.1-2001) and the older v7; names stay the bytes that they are.

mod header;
mod pax;
mod walker;

pub use walker::Walker;
