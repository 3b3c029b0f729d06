//! What every kind's attempts are made of: members out of archives, on their own thread.
//!
//! ```text
//! fetch (async) ─chunks▶ extract (thread): decompress, pick bodies ─segments▶ the kind (thread): decode, encode ─parts▶ upload (async)
//!                                              ◀─────── empty segments ───────┘
//! ```

mod extract;
mod members;

pub use extract::{Extraction, Picked, Tag, extract};
pub(crate) use members::{Content, Members, with_members};
