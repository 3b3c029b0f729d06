//! From URIs to stores and keys.

use super::Stretch;
use std::{ops::Range, sync::Arc};
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    store::{Store, StoreSettings, Stores, Uri},
};

/// Opens the place that holds an object, and says its key there.
///
/// # Errors
/// `BAD_URI`; what opening the store said.
pub async fn locate(
    stores: &Stores,
    uri: &str,
    settings: &StoreSettings,
) -> Result<(Arc<dyn Store>, String), Failure> {
    let parsed = parse(uri)?;
    let (root, key) = parsed
        .split()
        .ok_or_else(|| Failure::new(codes::BAD_URI, format!("{uri} is no object")).at_uri(uri))?;
    let key = key.to_owned();
    let store = stores.open(&root, settings).await.map_err(Failure::from)?;
    Ok((store, key))
}

/// Opens a root.
///
/// # Errors
/// `BAD_URI`; what opening the store said.
pub async fn open_root(
    stores: &Stores,
    uri: &str,
    settings: &StoreSettings,
) -> Result<Arc<dyn Store>, Failure> {
    stores.open(&parse(uri)?, settings).await.map_err(Failure::from)
}

/// A stretch of an object named by its URI.
///
/// # Errors
/// As [`locate`].
pub async fn stretch(
    stores: &Stores,
    uri: &str,
    settings: &StoreSettings,
    etag: &str,
    range: Range<u64>,
) -> Result<Stretch, Failure> {
    let (store, key) = locate(stores, uri, settings).await?;
    Ok(Stretch { store, key, etag: etag.to_owned(), range })
}

fn parse(uri: &str) -> Result<Uri, Failure> {
    Uri::parse_here(uri).map_err(|e| Failure::new(codes::BAD_URI, e.to_string()).at_uri(uri))
}
