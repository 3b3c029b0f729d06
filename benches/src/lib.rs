//! One question each.
//!
//! `cargo bench -p tarquet-benches` answers them with criterion; `sets.py` runs the published sets whole, beside the
//! Python peer. Here is what they share.

mod sample;

pub use sample::{BLOCKS, CHUNK_BYTES, Indexed, archive, bodies, index};
