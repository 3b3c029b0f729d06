//! From URIs to objects whose bytes can be had.

use super::fetch::{Chunks, Stretch, fetch};
use crate::attempt::AttemptContext;
use bytes::Bytes;
use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    memory::FetchSettings,
    store::{Store, StoreError, StoreSettings, Stores, Uri},
};
use tokio::runtime::Handle;

/// Opens objects for one attempt, each root once.
#[derive(Debug)]
pub struct Inputs {
    runtime: Handle,
    stores: Arc<Stores>,
    context: AttemptContext,
    roots: Mutex<HashMap<(Uri, StoreSettings), Arc<dyn Store>>>,
}

/// An object that was opened. Nothing of it is read yet.
#[derive(Debug)]
pub struct Input {
    runtime: Handle,
    context: AttemptContext,
    store: Arc<dyn Store>,
    key: String,
    etag: Option<String>,
}

impl Inputs {
    /// Nothing is open yet.
    pub fn new(runtime: Handle, stores: Arc<Stores>, context: AttemptContext) -> Self {
        Self { runtime, stores, context, roots: Mutex::default() }
    }

    /// Opens the version of an object that has this ETag.
    ///
    /// # Errors
    /// `BAD_URI`; what opening the store said.
    pub async fn open(&self, uri: &str, settings: &StoreSettings, etag: &str) -> Result<Input, Failure> {
        let parsed = Uri::parse_here(uri).map_err(StoreError::from)?;
        let (root, key) = parsed
            .split()
            .ok_or_else(|| Failure::new(codes::BAD_URI, format!("{uri} is no object")).at_uri(uri))?;
        let key = key.to_owned();
        self.input(root, settings, key, Some(etag.to_owned())).await
    }

    /// Opens an object that helps to read inputs and is none, such as an index: the version that is there. Its bytes are
    /// not counted as fetched.
    ///
    /// # Errors
    /// `BAD_URI`; what opening the store said.
    pub async fn aid(&self, root: &str, settings: &StoreSettings, key: String) -> Result<Input, Failure> {
        let root = Uri::parse_here(root).map_err(StoreError::from)?;
        self.input(root, settings, key, None).await
    }

    async fn input(
        &self,
        root: Uri,
        settings: &StoreSettings,
        key: String,
        etag: Option<String>,
    ) -> Result<Input, Failure> {
        let store = self.root(root, settings).await?;
        Ok(Input { runtime: self.runtime.clone(), context: self.context.clone(), store, key, etag })
    }

    async fn root(&self, root: Uri, settings: &StoreSettings) -> Result<Arc<dyn Store>, Failure> {
        let place = (root, settings.clone());
        let open = self.roots.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(store) = open {
            return Ok(store);
        }
        let store = self.stores.open(&place.0, settings).await?;
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(roots.entry(place).or_insert(store)))
    }

    /// Starts to fetch the stretches in order, ahead of need across their borders, until the attempt is stopped. Its
    /// progress counts bytes as they come.
    pub fn fetch(&self, stretches: Vec<Stretch>, settings: FetchSettings) -> Chunks {
        fetch(&self.runtime, stretches, settings, self.context.clone())
    }
}

impl Input {
    /// A stretch of it, to be fetched.
    pub fn stretch(&self, range: Range<u64>) -> Stretch {
        Stretch { store: Arc::clone(&self.store), key: self.key.clone(), etag: self.etag.clone(), range }
    }

    /// Exactly these bytes of it, at once.
    ///
    /// # Errors
    /// What the store said, after its retries.
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let bytes = self.store.get_range(&self.key, range, self.etag.as_deref()).await?;
        if self.etag.is_some() {
            self.context.progress.fetched(bytes.len() as u64);
        }
        Ok(bytes)
    }

    /// [`Self::read`], for a thread that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn read_waiting(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.runtime.block_on(self.read(range))
    }
}
