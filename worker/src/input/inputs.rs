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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Stop;
    use tarquet_common::codes::store;

    #[test]
    fn bytes_are_those_of_the_version_that_was_planned() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), b"0123456789").unwrap();
        let (folder, settings) = (dir.path().to_string_lossy().into_owned(), StoreSettings::default());
        let stores = Arc::new(Stores::new());
        let root = runtime.block_on(stores.open_text(&folder, &settings)).unwrap();
        let etag = runtime.block_on(root.head("a")).unwrap().unwrap().etag;
        let context = AttemptContext { progress: Arc::default(), stop: Stop::default(), slot_bytes: 0 };
        let inputs = Inputs::new(runtime.handle().clone(), stores, context);
        let fetched = || inputs.context.progress.bytes_fetched();
        let uri = format!("{folder}/a");

        let input = runtime.block_on(inputs.open(&uri, &settings, &etag)).unwrap();
        assert_eq!(input.read_waiting(2..5).unwrap(), "234");
        let mut chunks = inputs.fetch(vec![input.stretch(0..4), input.stretch(6..8)], FetchSettings::WHOLE);
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next_chunk().unwrap() {
            all.push((chunk.stretch, chunk.bytes));
        }
        assert_eq!(all, [(0, "0123".into()), (1, "67".into())]);
        assert_eq!(fetched(), 9);

        let aid = runtime.block_on(inputs.aid(&folder, &settings, "a".to_owned())).unwrap();
        assert_eq!(aid.read_waiting(0..1).unwrap(), "0");
        assert_eq!(fetched(), 9, "what helps to read is no input");
        assert_eq!(inputs.roots.lock().unwrap().len(), 1, "each root is opened once");

        let other = runtime.block_on(inputs.open(&uri, &settings, "\"another\"")).unwrap();
        let failure = Failure::from(other.read_waiting(2..5).unwrap_err());
        assert_eq!(failure.code, store::OBJECT_CHANGED);
        let nothing = runtime.block_on(inputs.open("s3://bucket", &settings, &etag)).unwrap_err();
        assert_eq!(nothing.code, codes::BAD_URI);
    }
}
