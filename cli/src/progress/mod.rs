//! How far a job is, on stderr.
//!
//! A **view** is what progress is drawn from, taken from the status message; a **reporter** shows views as a bar,
//! as plain lines, as JSON lines or not at all. Deciding what to show and when is pure; only the reporter writes.

mod line;
mod pace;
mod reporter;
mod view;

pub(crate) use line::{bar, plain};
pub(crate) use pace::Pace;
pub(crate) use reporter::Reporter;
pub(crate) use view::{ProgressView, waiting_words};
