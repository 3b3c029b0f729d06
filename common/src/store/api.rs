//! The contract between Tarquet and whatever keeps its objects.

use super::{StoreError, Uri};
use crate::receipt::Part;
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, ops::Range};

/// The keys of `[input.store]` and `[output.store]`. What is not set comes from the environment, the profile or the
/// instance, as for every AWS tool (`AWS_ENDPOINT_URL`, `AWS_REGION`, …). Paths ignore all of it. They are a wish: whether
/// a process follows it is for its [`KnownStores`](super::KnownStores) to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// A store that the operator has set up under this name; it brings its endpoint and profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Base URL of a store that is not AWS's: `http://127.0.0.1:9000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Region: `eu-central-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Profile of the AWS configuration files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Send requests unsigned, for public buckets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// Agree to pay for requests to a bucket whose owner wants that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// Encrypt what is written with this KMS key (id or ARN).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse_kms_key: Option<String>,
    /// Storage class of what is written: `STANDARD_IA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// Words kept with an object: names in lower-case ASCII letters, digits and `-`, values in printable ASCII, at most
/// 2 KiB in all.
pub type Metadata = BTreeMap<String, String>;

/// The bytes of an object as they come, in chunks of any size.
pub type ByteStream = BoxStream<'static, Result<Bytes, StoreError>>;

/// What a store knows of an object besides its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Name relative to the store's root.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Another one once the object was overwritten; opaque, compared as it is.
    pub etag: String,
    /// When it was written, in milliseconds since the epoch, by the store's clock.
    pub modified_ms: u64,
    /// What was given when it was written. Lists leave it empty.
    pub metadata: Metadata,
}

/// A whole object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What the store knows of it.
    pub meta: ObjectMeta,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Something in a directory that is no object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its name, with what is not UTF-8 replaced.
    pub name: String,
    /// Why it is left out.
    pub why: &'static str,
}

/// Some of the objects of a list, in bytewise order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<ObjectMeta>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
    /// What was met and left out: names that are not UTF-8, links that lead outside, devices.
    pub skipped: Vec<Skipped>,
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// The object is there and is what was given, bytes and metadata.
    Created,
    /// Another object is there, and was left alone.
    Exists,
}

/// What a store answered to the completion of an upload. Only [`Published`](Self::Published) settles the matter; after
/// anything else look what is under the key (`head`) and compare its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompleteOutcome {
    /// The object is visible.
    Published {
        /// Its tag.
        etag: String,
    },
    /// An object is there already, ours or another's.
    Exists,
    /// The upload is gone: aborted, expired, or completed before.
    NoSuchUpload,
    /// The store wants the upload to be done again.
    Conflict,
    /// Nobody knows: no answer, a broken connection, a fault on the store's side.
    Unclear {
        /// What happened.
        detail: String,
    },
}

/// An upload that was neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadInfo {
    /// The key it would appear under.
    pub key: String,
    /// The store's name for it.
    pub upload_id: String,
    /// When it was begun, in milliseconds since the epoch, by the store's clock.
    pub begun_ms: u64,
}

/// A rule of the store's own that removes things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// What its owner calls it.
    pub rule: String,
    /// Days after which it removes, from when the thing was begun or written.
    pub days: u32,
}

/// What a store removes by itself under a root: its lifecycle rules, the most eager of each sort.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Uploads that nobody completed.
    pub uploads: Option<Removal>,
    /// Objects.
    pub objects: Option<Removal>,
}

/// A place that keeps objects.
///
/// All calls may be made at the same time and end in bounded time; passing faults are retried inside. After a call
/// that failed with [`StoreError::passes`], the write it asked for may or may not have happened.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// The root that keys are relative to.
    fn root(&self) -> &Uri;

    /// What is known of the object, metadata included; `None` if there is none.
    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError>;

    /// A whole small object; `None` if there is none. Refuses one of more than `max_bytes` before reading it.
    async fn get(&self, key: &str, max_bytes: u64) -> Result<Option<Object>, StoreError>;

    /// Exactly the bytes of `range`. With `if_match`, exactly those of the object with that ETag.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the object has another ETag or ends before the range does.
    async fn get_range(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<Bytes, StoreError>;

    /// The bytes of `range` in order, as they come, held only as far as they are asked for; errors as
    /// [`get_range`](Self::get_range). A stream that ends without an error has given every byte.
    async fn get_stream(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<ByteStream, StoreError>;

    /// Objects whose key starts with `prefix` and sorts after `start_after`, at most `limit` (a store may give fewer). Every object
    /// that was there when the call began is listed. A root that does not exist is empty.
    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: usize) -> Result<Page, StoreError>;

    /// Writes the object if there is none. Of any number of callers with different contents, one gets
    /// [`Created`](PutOutcome::Created). After any unclear answer the object is read back and compared, so that an
    /// object that is ours is never called another's.
    async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<PutOutcome, StoreError>;

    /// Writes the object, over any that is there, and returns its ETag.
    async fn put(&self, key: &str, bytes: Bytes, metadata: &Metadata) -> Result<String, StoreError>;

    /// Removes the object, if there is one. Only for keys in a job's own prefix, and for parts that a person asks to be removed.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;

    /// Removes the object if it has this ETag, and leaves another alone. `false` if another is there. May be repeated. A
    /// store that knows no such condition may remove an object that was written in the moment after this one was compared.
    async fn delete_if(&self, key: &str, etag: &str) -> Result<bool, StoreError>;

    /// Begins an upload that would appear under `key` with this metadata, and returns its name.
    async fn begin_upload(&self, key: &str, metadata: &Metadata) -> Result<String, StoreError>;

    /// Sends a part: 1 to 10,000; at least 5 MiB but the last. Sending a number again replaces that part.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such upload (any more).
    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Part, StoreError>;

    /// The parts that the store has, in order; `None` if there is no such upload. A part's `crc64` is empty where the
    /// store does not tell it.
    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<Part>>, StoreError>;

    /// Makes the object of these parts visible; with `if_absent`, only where there is none. May be repeated.
    ///
    /// # Errors
    /// Only where nothing can have become visible: access denied, parts that the store does not have.
    async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
        if_absent: bool,
    ) -> Result<CompleteOutcome, StoreError>;

    /// Drops the upload and its parts, if there is such an upload. Does nothing to an object.
    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), StoreError>;

    /// The uploads under keys that start with `prefix`, by key, whichever root below or above they were begun from.
    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UploadInfo>, StoreError>;

    /// Removes what writers left that died in the middle of a write, where that was before `before_ms` by the store's
    /// clock, and says how much there was. A store whose writes are single requests has nothing of the kind.
    async fn remove_temporaries(&self, _before_ms: u64) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Whether objects can be written under the root, as far as that is known without writing any.
    ///
    /// # Errors
    /// [`StoreError::Denied`]; [`StoreError::Io`] where the root is no folder.
    async fn writable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// What the store removes by itself under its root. A disk removes nothing.
    async fn lifecycle(&self) -> Result<Lifecycle, StoreError> {
        Ok(Lifecycle::default())
    }
}

/// All objects under `prefix`, page by page as they are asked for. What a page left out comes after its objects.
pub fn list_all<'a>(
    store: &'a dyn Store,
    prefix: &'a str,
) -> BoxStream<'a, Result<Result<ObjectMeta, Skipped>, StoreError>> {
    const PAGE: usize = 100_000;
    let pages = stream::try_unfold(Some(None::<String>), move |at| async move {
        let Some(after) = at else { return Ok(None) };
        let page = store.list(prefix, after.as_deref(), PAGE).await?;
        let next = page.next.clone().map(Some);
        Ok::<_, StoreError>(Some((page, next)))
    });
    pages
        .map_ok(|page| {
            let skipped = page.skipped.into_iter().map(Err);
            stream::iter(page.objects.into_iter().map(Ok).chain(skipped).map(Ok::<_, StoreError>))
        })
        .try_flatten()
        .boxed()
}
