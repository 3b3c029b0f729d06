//! Whole screens, as pure functions from the coordinator's views to text.

mod failures;
mod leases;
mod lists;
mod plan;
mod status;
mod summary;

pub(crate) use failures::{Groups, failures, one_failure};
pub(crate) use lists::{jobs, short, workers};
pub(crate) use plan::plan;
pub(crate) use status::{StatusScreen, status};
pub(crate) use summary::summary;

use crate::render::Look;

#[cfg(test)]
mod tests {
    //! Screens from fixed inputs. The **fixtures** are one job of `convert`; **goldens** are its screens word for word; **words**
    //! are what is told of other kinds' jobs.

    mod fixtures;
    mod goldens;
    mod words;
}
