//! Whole screens, as pure functions from the coordinator's views to text.

mod failures;
mod inspect;
mod jobs;
mod leases;
mod look;
mod outcome;
mod plan;
mod status;
mod summary;
#[cfg(test)]
mod tests;
mod workers;

pub(crate) use failures::{Groups, failures, one_failure};
pub(crate) use inspect::{MemberView, archive, member};
pub(crate) use jobs::{jobs, short};
pub(crate) use look::Look;
pub(crate) use outcome::exit_of;
pub(crate) use plan::{PlanView, plan};
pub(crate) use status::{StatusScreen, status};
pub(crate) use summary::summary;
pub(crate) use workers::workers;
