//! The coordinator in this process.

mod jobs;
mod leasing;

use crate::{
    driver::DriverHandle, metrics::Metrics, planner::Kinds, rebuild::Registry, settings::FilePaths,
    stores::OpenStores,
};
use std::sync::Arc;
use tarquet_common::clock::Clock;

/// A running coordinator, as workers ([`Leasing`](tarquet_common::leasing::Leasing)) and people
/// ([`Jobs`](tarquet_client::Jobs)) see it. Clones speak to the same.
#[derive(Clone)]
pub struct CoordinatorHandle {
    pub(crate) driver: DriverHandle,
    pub(crate) kinds: Arc<dyn Kinds>,
    pub(crate) stores: Arc<dyn OpenStores>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) paths: FilePaths,
    pub(crate) take_over: bool,
    /// Content of the probe file in the shared directory, which workers must present.
    pub(crate) shared_probe: Option<String>,
    pub(crate) metrics: Arc<Metrics>,
}

impl CoordinatorHandle {
    /// Whether it is at work: it has not stopped, and would answer.
    pub fn is_alive(&self) -> bool {
        self.driver.is_alive()
    }
}
