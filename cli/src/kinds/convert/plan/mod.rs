//! What a job would do, found out without writing anything.
//!
//! The job's planner says what it would plan: exactly where archives have an **index**, by an estimate from their **heads**
//! where they have none. Schemas are found by decoding the headers of members in the heads. What comes of both is the
//! **view** that the screen draws.

mod gather;
mod reckon;
mod view;

pub(crate) use gather::gather;
pub(crate) use reckon::reckon;
