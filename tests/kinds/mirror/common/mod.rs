//! `mirror`: objects become parts, byte for byte.
//!
//! The smallest kind there can be: one leased stage, an item is an object, and a part holds so many of them.

mod spec;

pub use spec::{EMPTY, ITEM, Input, MirrorBlock, MirrorShared, MirrorSpec, Output, STAGES, Source};
