//! What effects work with.

use super::order::JobPlace;
use crate::{
    claims::{self, Found},
    objects::home_of,
    planner::Kinds,
    rebuild::Registry,
    stores::OpenStores,
};
use std::sync::Arc;
use tarquet_common::{
    clock::Clock,
    failure::Failure,
    store::{Store, StoreError, Uri},
};

/// What effects work with.
pub(crate) struct Tools {
    /// Opens the stores of jobs.
    pub(crate) stores: Arc<dyn OpenStores>,
    /// Plans stages.
    pub(crate) kinds: Arc<dyn Kinds>,
    /// Knows where jobs are.
    pub(crate) registry: Registry,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance, different in every process.
    pub(crate) nonce: String,
}

impl Tools {
    /// The store of the job's prefix.
    pub(super) async fn job_store(&self, at: &JobPlace) -> Result<Arc<dyn Store>, StoreError> {
        self.open(&Uri::parse_here(&at.job_uri)?, at).await
    }

    /// The store of the dataset.
    pub(super) async fn output_store(&self, at: &JobPlace) -> Result<Arc<dyn Store>, StoreError> {
        self.open(&Uri::parse_here(&at.output_uri)?, at).await
    }

    /// The claim on the job's output, whoever's it is.
    pub(super) async fn claim_on_output(&self, at: &JobPlace) -> Result<Option<Found>, Failure> {
        let job_uri = Uri::parse_here(&at.job_uri).map_err(StoreError::from)?;
        let output_uri = Uri::parse_here(&at.output_uri).map_err(StoreError::from)?;
        let home = home_of(&job_uri, &at.job);
        claims::find(&*self.stores, &at.store, &output_uri, &home).await
    }

    /// Another root in the same store.
    pub(super) async fn open(&self, root: &Uri, at: &JobPlace) -> Result<Arc<dyn Store>, StoreError> {
        self.stores.open(root, &at.store).await
    }
}
