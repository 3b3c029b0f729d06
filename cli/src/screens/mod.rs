//! Whole screens, as pure functions from the coordinator's views to text.

mod failures;
mod leases;
mod lists;
mod plan;
mod status;
mod summary;
#[cfg(test)]
mod tests;

pub(crate) use failures::{Groups, failures, one_failure};
pub(crate) use lists::{jobs, short, workers};
pub(crate) use plan::plan;
pub(crate) use status::{StatusScreen, status};
pub(crate) use summary::summary;

use crate::render::Look;
