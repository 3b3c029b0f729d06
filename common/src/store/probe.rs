//! Finds out what a store can do, by trying it on keys of its own.

use super::{CompleteOutcome, Metadata, PutOutcome, Store, StoreError};
use crate::chance;
use bytes::Bytes;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

/// Writers that race for one key.
const WRITERS: usize = 8;

/// What a store was seen to do; names as in [`assumptions`](super::assumptions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Of parallel conditional PUTs one wins.
    pub conditional_put: bool,
    /// A conditional Complete replaces nothing.
    pub conditional_complete: bool,
    /// What was written is read at once, with its metadata, under the ETag that was answered; another ETag is
    /// refused; an upload is not seen before it is completed.
    pub reads_its_writes: bool,
}

impl Capabilities {
    /// Whether publishing is safe with several coordinators about.
    pub fn is_safe(self) -> bool {
        self.conditional_put && self.conditional_complete && self.reads_its_writes
    }
}

/// Probes under `prefix`, which should be the job's own, and removes what it wrote. About 20 small requests.
///
/// # Errors
/// If the store cannot be written, listed or deleted from: the error names the permission.
pub async fn probe(store: &dyn Store, prefix: &str) -> Result<Capabilities, StoreError> {
    let key = format!("{prefix}probe-{}", chance::hex());
    let result = probe_key(store, &key).await;
    let removed = store.delete(&key).await;
    let capabilities = result?;
    removed.map(|()| capabilities)
}

async fn probe_key(store: &dyn Store, key: &str) -> Result<Capabilities, StoreError> {
    let conditional_put = race(store, key).await?;
    let reads = reads_back(store, key).await?;
    let (conditional_complete, invisible) = complete(store, key).await?;
    Ok(Capabilities { conditional_put, conditional_complete, reads_its_writes: reads && invisible })
}

async fn race(store: &dyn Store, key: &str) -> Result<bool, StoreError> {
    let writers = (0..WRITERS).map(|n| async move {
        let body = Bytes::from(format!("writer {n}").repeat(100));
        store.put_if_absent(key, body, &Metadata::new()).await
    });
    let outcomes = try_join_all(writers).await?;
    let winners: Vec<usize> = (0..WRITERS).filter(|n| outcomes[*n] == PutOutcome::Created).collect();
    let [winner] = winners[..] else { return Ok(false) };
    let there = store.get(key, 1 << 16).await?;
    Ok(there.is_some_and(|o| o.bytes == format!("writer {winner}").repeat(100)))
}

async fn reads_back(store: &dyn Store, key: &str) -> Result<bool, StoreError> {
    let body = Bytes::from_static(b"probe");
    let metadata = Metadata::from([("probe".to_owned(), "yes".to_owned())]);
    let etag = store.put(key, body.clone(), &metadata).await?;
    let read = answered(store.get_range(key, 0..5, Some(&etag)).await)?;
    let seen = store.head(key).await?.is_some_and(|m| m.etag == etag && m.metadata == metadata);
    store.put(key, Bytes::from_static(b"other"), &metadata).await?;
    let stale = answered(store.get_range(key, 0..5, Some(&etag)).await)?;
    let listed = store.list(key, None, 2).await?.objects.len() == 1;
    Ok(read.is_ok_and(|b| b == body) && seen && listed && matches!(stale, Err(StoreError::Changed { .. })))
}

/// What the store says of itself. That it could not be asked says nothing.
fn answered<T>(result: Result<T, StoreError>) -> Result<Result<T, StoreError>, StoreError> {
    match result {
        Err(error) if error.passes() => Err(error),
        answer => Ok(answer),
    }
}

/// Whether a conditional Complete leaves the object alone, and whether an upload is unseen.
async fn complete(store: &dyn Store, key: &str) -> Result<(bool, bool), StoreError> {
    let upload = store.begin_upload(key, &Metadata::new()).await?;
    let tried = async {
        let part = store.upload_part(key, &upload, 1, Bytes::from_static(b"upload")).await?;
        let before = store.get(key, 1 << 16).await?;
        let outcome = store.complete_upload(key, &upload, &[part], true).await?;
        let after = store.get(key, 1 << 16).await?;
        let kept = outcome == CompleteOutcome::Exists && before == after;
        Ok((kept, before.is_some_and(|o| o.bytes == "other".as_bytes())))
    };
    let result = tried.await;
    store.abort_upload(key, &upload).await?;
    result
}
