//! Scratch: where members lie between the archive and the decoder.
//!
//! A **ring** is a fixed number of **segments** in `/dev/shm` (or wherever `--scratch` says). A segment holds whole members; it
//! is filled by the extractor, read by the decoder, and goes back to be filled again. Files are unlinked as soon as they are
//! made, so nothing is left to sweep after a kill and nobody can truncate them; their blocks are reserved before they
//! are mapped, so a full `/dev/shm` is an error, never a SIGBUS.

mod ring;
mod segment;

pub use ring::{Body, Empties, Filled, FilledSegment, Full, Held, OpenSegment, Spans, ring};
pub use segment::{ScratchError, Segment};
