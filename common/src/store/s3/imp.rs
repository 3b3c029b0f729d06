//! [`S3Store`]: the contract's verbs on a bucket.

use super::{
    client::Clients,
    errors::{Answer, Call},
};
use crate::{
    receipt::Part,
    store::{
        ByteStream, CompleteOutcome, Lifecycle, Metadata, Object, ObjectMeta, Page, PutOutcome, Store,
        StoreError, StoreSettings, UploadInfo, Uri,
    },
};
use async_trait::async_trait;
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types::RequestPayer,
};
use bytes::Bytes;
use std::{ops::Range, sync::Arc};

/// A store on a bucket, or on a prefix of one.
#[derive(Clone, Debug)]
pub struct S3Store(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) clients: Clients,
    pub(super) settings: StoreSettings,
    root: Uri,
    pub(super) bucket: String,
    /// Empty, or ends with a slash.
    pub(super) prefix: String,
}

impl S3Store {
    /// The store at this root.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for a URI that is a path.
    pub(crate) fn new(root: &Uri, settings: &StoreSettings, clients: Clients) -> Result<Self, StoreError> {
        let Some(bucket) = root.bucket() else {
            return Err(StoreError::Unsupported {
                operation: "open",
                uri: root.to_string(),
                detail: "it is not an S3 URI".to_owned(),
            });
        };
        let key = root.bucket_key();
        let prefix = if key.is_empty() { String::new() } else { format!("{key}/") };
        let (bucket, settings) = (bucket.to_owned(), settings.clone());
        Ok(Self(Arc::new(Inner { clients, settings, root: root.clone(), bucket, prefix })))
    }
}

impl Inner {
    /// The key in the bucket.
    pub(super) fn key(&self, key: &str) -> Result<String, StoreError> {
        let bad = |why| StoreError::BadKey { key: key.to_owned(), why };
        let full = format!("{}{key}", self.prefix);
        if key.is_empty() || key.ends_with('/') {
            return Err(bad("it is empty or ends with a slash"));
        }
        if full.len() > 1024 {
            return Err(bad("with its prefix it has more than 1,024 bytes"));
        }
        Ok(full)
    }

    pub(super) fn uri(&self, key: &str) -> String {
        self.root.join(key).to_string()
    }

    pub(super) fn payer(&self) -> Option<RequestPayer> {
        self.settings.requester_pays.then_some(RequestPayer::Requester)
    }

    /// The error of a call on `key`.
    pub(super) fn failed<E>(
        &self,
        operation: &'static str,
        permission: &'static str,
        key: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> StoreError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Answer::of(error).into_error(Call { operation, permission, uri: &self.uri(key) })
    }
}

#[async_trait]
impl Store for S3Store {
    fn root(&self) -> &Uri {
        &self.0.root
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        self.0.head(key).await
    }

    async fn get(&self, key: &str, max_bytes: u64) -> Result<Option<Object>, StoreError> {
        self.0.get(key, max_bytes).await
    }

    async fn get_range(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        self.0.clone().get_range(key, range, if_match).await
    }

    async fn get_stream(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<ByteStream, StoreError> {
        self.0.clone().get_stream(key, range, if_match).await
    }

    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        self.0.list(prefix, start_after, limit).await
    }

    async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<PutOutcome, StoreError> {
        self.0.put_if_absent(key, bytes, metadata).await
    }

    async fn put(&self, key: &str, bytes: Bytes, metadata: &Metadata) -> Result<String, StoreError> {
        self.0.put(key, bytes, metadata).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key).await
    }

    async fn delete_if(&self, key: &str, etag: &str) -> Result<bool, StoreError> {
        self.0.delete_if(key, etag).await
    }

    async fn begin_upload(&self, key: &str, metadata: &Metadata) -> Result<String, StoreError> {
        self.0.begin_upload(key, metadata).await
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Part, StoreError> {
        self.0.upload_part(key, upload_id, number, bytes).await
    }

    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        self.0.list_parts(key, upload_id).await
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
        if_absent: bool,
    ) -> Result<CompleteOutcome, StoreError> {
        self.0.complete_upload(key, upload_id, parts, if_absent).await
    }

    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        self.0.abort_upload(key, upload_id).await
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UploadInfo>, StoreError> {
        self.0.list_uploads(prefix).await
    }

    async fn lifecycle(&self) -> Result<Lifecycle, StoreError> {
        self.0.lifecycle().await
    }
}
