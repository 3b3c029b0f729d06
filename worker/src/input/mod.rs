//! Input: bytes of objects, fetched ahead of need, within bounds.
//!
//! A **fetcher** is an async task that reads a range of an object in large GETs, a few ahead, and hands chunks through a bounded
//! channel to a thread that decompresses. Every GET names the ETag of the plan, so that an object that was overwritten is a
//! typed failure and never a mixture.

mod fetch;
mod opened;

pub use fetch::{Chunk, Chunks, Stretch, fetch};
pub use opened::{locate, open_root, stretch};
