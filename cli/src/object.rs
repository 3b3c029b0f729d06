//! One object of a store.

use bytes::Bytes;
use futures::StreamExt;
use std::{io, sync::Arc};
use tarquet_common::{
    codes::{spec as spec_codes, store as codes},
    failure::Failure,
    store::{Store, StoreError, StoreSettings, Stores, Uri},
};
use tokio::runtime::Handle;

/// An object that is there, by the ETag it had when it was opened.
#[derive(Clone)]
pub(crate) struct Object {
    /// As the user named it.
    pub uri: String,
    /// Bytes.
    pub size: u64,
    /// Its tag.
    pub etag: String,
    store: Arc<dyn Store>,
    key: String,
}

impl Object {
    /// Finds it.
    pub(crate) async fn open(uri: &str, settings: &StoreSettings) -> Result<Self, Failure> {
        let parsed = Uri::parse_here(uri).map_err(StoreError::from)?;
        let none = || Failure::new(spec_codes::BAD_URI, format!("{uri} is no object")).at_uri(uri);
        let (root, key) = parsed.split().ok_or_else(none)?;
        let store = Stores::new().open(&root, settings).await?;
        let missing = || Failure::new(codes::OBJECT_NOT_FOUND, format!("{uri} does not exist")).at_uri(uri);
        let meta = store.head(key).await?.ok_or_else(missing)?;
        Ok(Self { uri: uri.to_owned(), size: meta.size, etag: meta.etag, key: key.to_owned(), store })
    }

    /// Gives its bytes in order, chunk by chunk, until `take` says `false`.
    pub(crate) async fn each(
        &self,
        take: &mut (dyn FnMut(&[u8]) -> Result<bool, Failure> + Send),
    ) -> Result<(), Failure> {
        if self.size == 0 {
            return Ok(());
        }
        let mut chunks = self.store.get_stream(&self.key, 0..self.size, Some(&self.etag)).await?;
        while let Some(chunk) = chunks.next().await {
            if !take(&chunk?)? {
                break;
            }
        }
        Ok(())
    }

    /// All of it, if it is not larger than `max`.
    pub(crate) async fn whole(&self, max: u64) -> Result<Bytes, Failure> {
        let object = self.store.get(&self.key, max).await?;
        let gone =
            || Failure::new(codes::OBJECT_NOT_FOUND, format!("{} is gone", self.uri)).at_uri(&self.uri);
        Ok(object.ok_or_else(gone)?.bytes)
    }

    /// Its first bytes: `len` of them, or all there are.
    pub(crate) async fn head(&self, len: usize) -> Result<Vec<u8>, Failure> {
        let mut head = Vec::new();
        self.each(&mut |chunk| {
            head.extend_from_slice(&chunk[..chunk.len().min(len - head.len())]);
            Ok(head.len() < len)
        })
        .await?;
        Ok(head)
    }

    /// Bytes of a range, for a thread that may block.
    pub(crate) fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let range = offset..offset.saturating_add(len as u64);
        let read = tokio::task::block_in_place(|| {
            Handle::current().block_on(self.store.get_range(&self.key, range, Some(&self.etag)))
        });
        read.map(|bytes| bytes.to_vec()).map_err(io::Error::other)
    }
}
