//! Where sample data goes: what each kind makes is with the kind.
//!
//! A **sink** is a folder or a prefix of a bucket; a **maker** fills it, and says what it has **made**.

mod bucket;
mod sink;

pub(crate) use bucket::Bucket;
pub(crate) use sink::{Folder, Made, Maker, ObjectWriter, Sink};
