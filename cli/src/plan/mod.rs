//! What a job would do, found out without writing anything.
//!
//! The job's planner says what it would plan, and shows a few items on the way; the kind's **remarks** say what only it knows
//! of them. What comes of both, and of a look at the output, is the **view** that the screen draws.

mod gather;
mod reckon;

pub(crate) use gather::gather;
pub(crate) use reckon::{PlanView, reckon};
