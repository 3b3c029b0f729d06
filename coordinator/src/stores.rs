//! Where stores come from.

use async_trait::async_trait;
use std::sync::Arc;
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    store::{Store, StoreError, StoreSettings, Stores, Uri},
};

/// Opens stores by their roots. Opening the same twice is cheap.
#[async_trait]
pub trait OpenStores: Send + Sync + 'static {
    /// The store at this root.
    async fn open(&self, root: &Uri, settings: &StoreSettings) -> Result<Arc<dyn Store>, StoreError>;
}

#[async_trait]
impl OpenStores for Stores {
    async fn open(&self, root: &Uri, settings: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
        Stores::open(self, root, settings).await
    }
}

/// A place that a spec names.
///
/// # Errors
/// `BAD_URI` of specs.
pub(crate) fn parse_uri(text: &str) -> Result<Uri, Failure> {
    Uri::parse_here(text).map_err(|e| Failure::new(codes::BAD_URI, e.to_string()).at_uri(text))
}
