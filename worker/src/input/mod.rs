//! Input: bytes of objects, fetched ahead of need, within bounds.
//!
//! [`Inputs`] opens objects by URI, each root once. A **fetcher** is an async task that reads **stretches** of objects in
//! large GETs, a few ahead, and hands chunks through a bounded channel to a thread that unpacks. Every GET names the ETag
//! of the plan, so that an object that was overwritten is a typed failure and never a mixture.

mod fetch;
mod inputs;

pub use fetch::{Chunk, Chunks, Stretch};
pub use inputs::{Input, Inputs};
