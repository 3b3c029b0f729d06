//! From a URI and settings to a store.

use super::{
    KnownStores, LocalStore, S3Store, Store, StoreError, StoreSettings, Uri,
    known::Access,
    s3::{Clients, Keys},
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::Mutex;

/// Opens stores. One for a process: stores with the same settings share connections and credentials. The one door to
/// clients, so that what [`KnownStores`] do not allow is refused whatever the settings came by: a spec, a lease, a pointer.
#[derive(Debug, Default)]
pub struct Stores {
    known: KnownStores,
    clients: Mutex<HashMap<Access, Clients>>,
    keys: Option<Keys>,
}

impl Stores {
    /// No store is open yet. Settings are a person's own.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, of these stores.
    pub fn of(known: KnownStores) -> Self {
        Self { known, ..Self::default() }
    }

    /// S3 stores are used with this access key and secret key, whatever the environment says.
    pub fn with_keys(access: &str, secret: &str) -> Self {
        let keys = Keys { access: access.to_owned(), secret: secret.to_owned() };
        Self { keys: Some(keys), ..Self::default() }
    }

    /// Whether stores are opened with these settings. Nothing is reached.
    ///
    /// # Errors
    /// [`StoreError::NotConfigured`], [`StoreError::LinkLocal`], [`StoreError::Unsupported`].
    pub fn check(&self, settings: &StoreSettings) -> Result<(), StoreError> {
        self.known.access(settings).map(drop)
    }

    /// The store at this root. The environment is read the first time that these settings are used.
    ///
    /// # Errors
    /// As [`check`](Self::check); if no region is known, or the URI does not fit. That a bucket or directory is not there is found out by using it.
    pub async fn open(&self, root: &Uri, settings: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
        if root.path().is_some() {
            return Ok(Arc::new(LocalStore::open(root)?));
        }
        let access = self.known.access(settings)?;
        let mut clients = self.clients.lock().await;
        let found = match clients.get(&access) {
            Some(found) => found.clone(),
            None => {
                let made = Clients::new(&access, self.keys.as_ref()).await?;
                clients.insert(access, made.clone());
                made
            }
        };
        Ok(Arc::new(S3Store::new(root, settings, found)?))
    }

    /// [`open`](Self::open), of a root as plans and leases write it.
    ///
    /// # Errors
    /// As there; [`StoreError::BadUri`].
    pub async fn open_text(
        &self,
        root: &str,
        settings: &StoreSettings,
    ) -> Result<Arc<dyn Store>, StoreError> {
        self.open(&Uri::parse_here(root)?, settings).await
    }
}
