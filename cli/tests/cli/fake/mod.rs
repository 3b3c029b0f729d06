//! A coordinator that always says the same: the real protocol on a real socket, with fixed answers, so that what commands
//! print about it can be compared word for word.

mod answers;
mod service;

pub(crate) use answers::{JOB, Scene, done, ended, running, with};
pub(crate) use service::Fake;
