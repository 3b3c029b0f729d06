//! The coordinator in this process, as others see it: `workers`, and people, by their `jobs`.

mod jobs;
pub(crate) mod workers;

use crate::{
    driver::DriverHandle, metrics::Metrics, planner::Kinds, rebuild::Registry, settings::FilePaths,
    stores::OpenStores,
};
use std::sync::Arc;
use tarquet_common::{clock::Clock, codes::cluster, failure::Failure, leasing::Register};
use tarquet_core::{Cancelled, Done, Failed, Phase};

/// A running coordinator, as people ([`Jobs`](tarquet_client::Jobs)) see it, and [each worker](Self::as_worker). Clones speak
/// to the same.
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

    /// Whether nothing is left to tidy up after jobs that are over: uploads are aborted, and outputs that were not published
    /// are given back.
    pub async fn is_tidy(&self) -> bool {
        let tidy = self.driver.read(|state, _| {
            state.job_ids().filter_map(|id| state.job(id)).all(|row| match &row.phase {
                Phase::Done(Done { swept })
                | Phase::Cancelled(Cancelled { swept, .. })
                | Phase::Failed(Failed { swept, .. }) => *swept,
                _ => true,
            })
        });
        tidy.await.unwrap_or(true)
    }

    /// With `--shared`, inputs and outputs may be paths, so a worker that sees another directory must not work.
    fn shares(&self, ask: &Register) -> Result<(), Failure> {
        let Some(probe) = &self.shared_probe else { return Ok(()) };
        if ask.shared_probe.as_ref() == Some(probe) {
            return Ok(());
        }
        let found = if ask.shared_probe.is_some() { "another probe file" } else { "no probe file" };
        let told = format!("worker {} does not see the coordinator's shared directory", ask.worker);
        Err(Failure::new(cluster::SHARED_DIRECTORY_DIFFERS, told).expected("its probe file", found))
    }
}
