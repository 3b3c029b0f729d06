//! Looking into archives and members, as a job would read them.
//!
//! A **survey** reads an archive once from its first byte to its last, verifies what can be verified, and lists what it
//! holds. A **body** is one member's bytes, got by a second pass. Nothing is written anywhere.

mod body;
mod look;
mod lz4;
mod screen;
mod survey;

pub(crate) use look::look;
#[cfg(test)]
pub(crate) use screen::ColumnView;
pub(crate) use screen::MemberView;
