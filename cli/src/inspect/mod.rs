//! Looking into archives and members, as a job would read them.
//!
//! A **survey** reads an archive once from its first byte to its last, verifies what can be verified, and lists what it
//! holds. A **body** is one member's bytes, got by a second pass. Nothing is written anywhere.

mod body;
mod lz4;
mod object;
mod survey;

pub(crate) use body::body;
pub(crate) use object::Object;
pub(crate) use survey::{Survey, survey};
