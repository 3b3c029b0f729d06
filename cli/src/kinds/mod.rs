//! The kinds of jobs, as people meet them.
//!
//! What the screens, the grammar and the commands say of a job is neutral until it comes to what a kind alone knows: what
//! its items and sources are called, what a stage does, which keys its spec has, what its inputs look like from inside. A
//! **face** says that. The **words** of a face are plain data, which screens are drawn with; the word of a kind that this
//! build does not know stands for neutral ones. The **registry** is the one file that names each kind; the rest of it is in
//! a folder of its own.

mod convert;
mod face;
mod keys;
#[cfg(test)]
pub(crate) mod made_up;
mod plan;
mod registry;
mod words;

pub(crate) use face::{Answer, Face, InspectFlags, Inspected};
pub(crate) use keys::{Format, Key, STORE};
pub(crate) use plan::{PlanLine, Remarks};
pub(crate) use registry::{
    ABOUT, INSPECT, INSPECT_EXAMPLES, INSPECT_URI, Make, PLAN_NOTE, RunFlags, of, reader_of, words_of,
};
pub(crate) use words::{Noun, Words};
