//! The claim on an output: where it stands, whose it is, and how it is given back.
//!
//! It stands where the output alone decides, so that two jobs on one output meet there whatever their `job_uri`. The release
//! before put it into the home that the spec names; a job of that release still has it there, so that place is looked at too.

use crate::{
    objects::{self, Claim},
    stores::OpenStores,
};
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    store::{Store, StoreSettings, Uri},
};

/// A claim that is there.
#[derive(Debug)]
pub struct Found {
    /// What it says.
    pub claim: Claim,
    store: Arc<dyn Store>,
    key: String,
    etag: String,
}

impl Found {
    /// Removes it, unless another stands there by now.
    ///
    /// # Errors
    /// What the store said.
    pub async fn release(&self) -> Result<(), Failure> {
        if !self.store.delete_if(&self.key, &self.etag).await? {
            tracing::info!(job = %self.claim.job, "the claim was released before, and the output is another's");
        }
        Ok(())
    }
}

/// The claim that stands at this output: first the place that the output decides, then where the release before put it for a
/// job in this home.
///
/// # Errors
/// `JOB_OBJECT_DAMAGED`; what the store said.
pub async fn find(
    stores: &dyn OpenStores,
    settings: &StoreSettings,
    output: &Uri,
    home: &Uri,
) -> Result<Option<Found>, Failure> {
    let earlier = objects::earlier_claim_place(output, home);
    for (root, key) in [objects::claim_place(output)].into_iter().chain(earlier) {
        let store = stores.open(&root, settings).await?;
        let Some(object) = store.get(&key, objects::OBJECT_BYTES_MAX).await? else { continue };
        let claim =
            serde_json::from_slice(&object.bytes).map_err(|e| objects::damaged(store.root(), &key, &e))?;
        return Ok(Some(Found { claim, store, key, etag: object.meta.etag }));
    }
    Ok(None)
}
