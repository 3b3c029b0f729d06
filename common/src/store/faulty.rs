//! A store that fails on purpose, around any other.
//!
//! A rule names a verb and part of a key; the calls that it strikes fail before or after they took effect. Tests ask
//! [`FaultyStore::fired`] whether their rule struck at all.

use super::{
    ByteStream, CompleteOutcome, Lifecycle, Metadata, Object, ObjectMeta, Page, PutOutcome, Store,
    StoreError, UploadInfo, Uri,
};
use crate::receipt::Part;
use async_trait::async_trait;
use bytes::Bytes;
use std::{
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The verbs of [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the verb of its name")]
pub enum Verb {
    Head,
    Get,
    GetRange,
    GetStream,
    List,
    PutIfAbsent,
    Put,
    Delete,
    BeginUpload,
    UploadPart,
    ListParts,
    CompleteUpload,
    AbortUpload,
    ListUploads,
}

/// When and how a struck call goes wrong.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Nothing happens; this is the error.
    Before(StoreError),
    /// It happens; this is the error all the same.
    After(StoreError),
    /// It happens, later.
    Delay(Duration),
}

#[derive(Debug)]
struct Rule {
    verb: Verb,
    key_part: String,
    skip: u64,
    times: u64,
    trouble: Trouble,
    seen: AtomicU64,
    fired: AtomicU64,
}

/// Fails on purpose; otherwise the store within.
#[derive(Clone, Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    rules: Arc<Mutex<Vec<Arc<Rule>>>>,
}

impl FaultyStore {
    /// Without rules it is the store within.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, rules: Arc::default() }
    }

    /// Strikes `times` calls of `verb` whose key contains `key_part`, after sparing `skip`. Returns the rule's number.
    pub fn plant(&self, verb: Verb, key_part: &str, skip: u64, times: u64, trouble: Trouble) -> usize {
        let (seen, fired) = (AtomicU64::new(0), AtomicU64::new(0));
        let rule = Rule { verb, key_part: key_part.to_owned(), skip, times, trouble, seen, fired };
        let mut rules = self.rules.lock().expect("no panic under the rules' mutex");
        rules.push(Arc::new(rule));
        rules.len() - 1
    }

    /// How many calls the rule has struck.
    ///
    /// # Panics
    /// If there is no such rule.
    pub fn fired(&self, rule: usize) -> u64 {
        self.rules.lock().expect("no panic under the rules' mutex")[rule].fired.load(Ordering::SeqCst)
    }

    fn strike(&self, verb: Verb, key: &str) -> Option<Trouble> {
        let rules = self.rules.lock().expect("no panic under the rules' mutex");
        let hits = rules.iter().filter(|r| r.verb == verb && key.contains(&r.key_part));
        for rule in hits {
            let n = rule.seen.fetch_add(1, Ordering::SeqCst);
            if n >= rule.skip && n - rule.skip < rule.times {
                rule.fired.fetch_add(1, Ordering::SeqCst);
                return Some(rule.trouble.clone());
            }
        }
        None
    }

    async fn around<T: Send>(
        &self,
        verb: Verb,
        key: &str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.strike(verb, key) {
            None => call.await,
            Some(Trouble::Before(error)) => Err(error),
            Some(Trouble::After(error)) => {
                call.await?;
                Err(error)
            }
            Some(Trouble::Delay(time)) => {
                tokio::time::sleep(time).await;
                call.await
            }
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    fn root(&self) -> &Uri {
        self.inner.root()
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        self.around(Verb::Head, key, self.inner.head(key)).await
    }

    async fn get(&self, key: &str, max_bytes: u64) -> Result<Option<Object>, StoreError> {
        self.around(Verb::Get, key, self.inner.get(key, max_bytes)).await
    }

    async fn get_range(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        self.around(Verb::GetRange, key, self.inner.get_range(key, range, if_match)).await
    }

    async fn get_stream(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<ByteStream, StoreError> {
        self.around(Verb::GetStream, key, self.inner.get_stream(key, range, if_match)).await
    }

    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        self.around(Verb::List, prefix, self.inner.list(prefix, start_after, limit)).await
    }

    async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<PutOutcome, StoreError> {
        self.around(Verb::PutIfAbsent, key, self.inner.put_if_absent(key, bytes, metadata)).await
    }

    async fn put(&self, key: &str, bytes: Bytes, metadata: &Metadata) -> Result<String, StoreError> {
        self.around(Verb::Put, key, self.inner.put(key, bytes, metadata)).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.around(Verb::Delete, key, self.inner.delete(key)).await
    }

    async fn begin_upload(&self, key: &str, metadata: &Metadata) -> Result<String, StoreError> {
        self.around(Verb::BeginUpload, key, self.inner.begin_upload(key, metadata)).await
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Part, StoreError> {
        self.around(Verb::UploadPart, key, self.inner.upload_part(key, upload_id, number, bytes)).await
    }

    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        self.around(Verb::ListParts, key, self.inner.list_parts(key, upload_id)).await
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
        if_absent: bool,
    ) -> Result<CompleteOutcome, StoreError> {
        let call = self.inner.complete_upload(key, upload_id, parts, if_absent);
        self.around(Verb::CompleteUpload, key, call).await
    }

    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        self.around(Verb::AbortUpload, key, self.inner.abort_upload(key, upload_id)).await
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UploadInfo>, StoreError> {
        self.around(Verb::ListUploads, prefix, self.inner.list_uploads(prefix)).await
    }

    async fn remove_temporaries(&self, before_ms: u64) -> Result<u64, StoreError> {
        self.inner.remove_temporaries(before_ms).await
    }

    async fn lifecycle(&self) -> Result<Lifecycle, StoreError> {
        self.inner.lifecycle().await
    }
}
