//! The store that looks its rules up before each call.

use crate::rules::{Calls, Planted, Trouble, Verb};
use async_trait::async_trait;
use bytes::Bytes;
use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tarquet_common::{
    receipt::Part,
    store::{
        ByteStream, CompleteOutcome, Lifecycle, Metadata, Object, ObjectMeta, Page, PutOutcome, Store,
        StoreError, UploadInfo, Uri,
    },
};
use tokio::time::sleep;

/// Fails on purpose; otherwise the store within. Clones have the same rules.
#[derive(Clone, Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    rules: Arc<Mutex<Vec<Planted>>>,
}

impl FaultyStore {
    /// Without rules it is the store within.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, rules: Arc::default() }
    }

    /// Another store under the same rules: their calls are counted together.
    #[must_use]
    pub fn around(&self, inner: Arc<dyn Store>) -> Self {
        Self { inner, rules: Arc::clone(&self.rules) }
    }

    /// Has `calls` meet `trouble` from now on. Of several rules that strike one call the oldest does; every one counts it.
    ///
    /// # Panics
    /// If the verb cannot meet the trouble: such a rule would test nothing.
    pub fn plant(&self, calls: Calls, trouble: Trouble) -> Planted {
        let planted = Planted::new(calls, trouble);
        self.rules().push(planted.clone());
        planted
    }

    /// Forgets every rule; what was planted keeps its counts.
    pub fn heal(&self) {
        self.rules().clear();
    }

    /// That each rule struck at least once: a test whose trouble never came has tested nothing.
    ///
    /// # Panics
    /// Naming those that did not.
    pub fn assert_all_fired(&self) {
        let idle: Vec<String> =
            self.rules().iter().filter(|r| r.fired() == 0).map(|r| r.calls().to_string()).collect();
        assert!(idle.is_empty(), "never struck: {}", idle.join("; "));
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Planted>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strike(&self, verb: Verb, key: &str) -> Option<Trouble> {
        let mut struck = None;
        for rule in self.rules().iter() {
            let trouble = rule.sees(verb, key);
            if let (Some(trouble), None) = (trouble, &struck) {
                rule.fires();
                struck = Some(trouble.clone());
            }
        }
        struck
    }

    /// One call, with whatever it is to meet.
    async fn meet<T: Answer>(
        &self,
        verb: Verb,
        key: &str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.strike(verb, key) {
            None | Some(Trouble::Nothing) => call.await,
            Some(Trouble::Before(error)) => Err(error),
            Some(Trouble::After(error)) => {
                call.await?;
                Err(error)
            }
            Some(Trouble::Unclear { done }) => {
                if done {
                    call.await?;
                }
                Ok(T::unclear())
            }
            Some(Trouble::Absent) => T::absent(key),
            Some(Trouble::WrongEtag(etag)) => {
                let mut answer = call.await?;
                answer.set_etag(&etag);
                Ok(answer)
            }
            Some(Trouble::Delay(time)) => {
                sleep(time).await;
                call.await
            }
            Some(Trouble::DelayAnswer(time)) => {
                let answer = call.await;
                sleep(time).await;
                answer
            }
        }
    }
}

/// What the troubles have to know of an answer. That a verb's answer can do what is asked of it was checked when the rule
/// was planted.
trait Answer: Send + Sized {
    fn absent(key: &str) -> Result<Self, StoreError> {
        Err(StoreError::NotFound { uri: key.to_owned() })
    }

    fn set_etag(&mut self, _: &str) {}

    fn unclear() -> Self {
        unreachable!("only a Complete can be unclear")
    }
}

impl Answer for Option<ObjectMeta> {
    fn absent(_: &str) -> Result<Self, StoreError> {
        Ok(None)
    }

    fn set_etag(&mut self, etag: &str) {
        if let Some(meta) = self {
            etag.clone_into(&mut meta.etag);
        }
    }
}

impl Answer for Option<Object> {
    fn absent(_: &str) -> Result<Self, StoreError> {
        Ok(None)
    }

    fn set_etag(&mut self, etag: &str) {
        if let Some(object) = self {
            etag.clone_into(&mut object.meta.etag);
        }
    }
}

impl Answer for Page {
    fn absent(_: &str) -> Result<Self, StoreError> {
        Ok(Self::default())
    }

    fn set_etag(&mut self, etag: &str) {
        self.objects.iter_mut().for_each(|meta| etag.clone_into(&mut meta.etag));
    }
}

/// The ETag of a put, the name of a begun upload.
impl Answer for bool {}

impl Answer for String {
    fn set_etag(&mut self, etag: &str) {
        etag.clone_into(self);
    }
}

impl Answer for Part {
    fn set_etag(&mut self, etag: &str) {
        etag.clone_into(&mut self.etag);
    }
}

impl Answer for Option<Vec<Part>> {
    fn absent(_: &str) -> Result<Self, StoreError> {
        Ok(None)
    }

    fn set_etag(&mut self, etag: &str) {
        self.iter_mut().flatten().for_each(|part| part.set_etag(etag));
    }
}

impl Answer for CompleteOutcome {
    fn absent(_: &str) -> Result<Self, StoreError> {
        Ok(Self::NoSuchUpload)
    }

    fn set_etag(&mut self, wrong: &str) {
        if let Self::Published { etag } = self {
            wrong.clone_into(etag);
        }
    }

    fn unclear() -> Self {
        Self::Unclear { detail: "cut off on purpose".to_owned() }
    }
}

impl Answer for Vec<UploadInfo> {
    fn absent(_: &str) -> Result<Self, StoreError> {
        Ok(Self::new())
    }
}

impl Answer for Bytes {}
impl Answer for ByteStream {}
impl Answer for PutOutcome {}
impl Answer for () {}
impl Answer for u64 {}
impl Answer for Lifecycle {}

#[async_trait]
impl Store for FaultyStore {
    fn root(&self) -> &Uri {
        self.inner.root()
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        self.meet(Verb::Head, key, self.inner.head(key)).await
    }

    async fn get(&self, key: &str, max_bytes: u64) -> Result<Option<Object>, StoreError> {
        self.meet(Verb::Get, key, self.inner.get(key, max_bytes)).await
    }

    async fn get_range(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        self.meet(Verb::GetRange, key, self.inner.get_range(key, range, if_match)).await
    }

    async fn get_stream(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<ByteStream, StoreError> {
        self.meet(Verb::GetStream, key, self.inner.get_stream(key, range, if_match)).await
    }

    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        self.meet(Verb::List, prefix, self.inner.list(prefix, start_after, limit)).await
    }

    async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<PutOutcome, StoreError> {
        self.meet(Verb::PutIfAbsent, key, self.inner.put_if_absent(key, bytes, metadata)).await
    }

    async fn put(&self, key: &str, bytes: Bytes, metadata: &Metadata) -> Result<String, StoreError> {
        self.meet(Verb::Put, key, self.inner.put(key, bytes, metadata)).await
    }

    async fn writable(&self) -> Result<(), StoreError> {
        self.inner.writable().await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.meet(Verb::Delete, key, self.inner.delete(key)).await
    }

    async fn delete_if(&self, key: &str, etag: &str) -> Result<bool, StoreError> {
        self.meet(Verb::Delete, key, self.inner.delete_if(key, etag)).await
    }

    async fn begin_upload(&self, key: &str, metadata: &Metadata) -> Result<String, StoreError> {
        self.meet(Verb::BeginUpload, key, self.inner.begin_upload(key, metadata)).await
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Part, StoreError> {
        self.meet(Verb::UploadPart, key, self.inner.upload_part(key, upload_id, number, bytes)).await
    }

    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        self.meet(Verb::ListParts, key, self.inner.list_parts(key, upload_id)).await
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
        if_absent: bool,
    ) -> Result<CompleteOutcome, StoreError> {
        let call = self.inner.complete_upload(key, upload_id, parts, if_absent);
        self.meet(Verb::CompleteUpload, key, call).await
    }

    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        self.meet(Verb::AbortUpload, key, self.inner.abort_upload(key, upload_id)).await
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UploadInfo>, StoreError> {
        self.meet(Verb::ListUploads, prefix, self.inner.list_uploads(prefix)).await
    }

    async fn remove_temporaries(&self, before_ms: u64) -> Result<u64, StoreError> {
        self.meet(Verb::RemoveTemporaries, "", self.inner.remove_temporaries(before_ms)).await
    }

    async fn lifecycle(&self) -> Result<Lifecycle, StoreError> {
        self.meet(Verb::Lifecycle, "", self.inner.lifecycle()).await
    }
}
