//! Reading: heads, bodies, lists.
//!
//! A body is read under a pinned ETag. Where it breaks off it is asked for again from the byte that is missing, so
//! that a long stream survives short faults and never mixes two objects.

use super::{
    client::{ATTEMPTS, CHUNK, pause},
    errors::{Answer, Call},
    imp::Inner,
};
use crate::store::{ByteStream, Metadata, Object, ObjectMeta, Page, Skipped, StoreError};
use aws_sdk_s3::{
    operation::get_object::GetObjectOutput,
    primitives::{ByteStream as SdkStream, DateTime},
    types::ChecksumMode,
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::{ops::Range, sync::Arc};

const READ: &str = "read";
const GRANT: &str = "s3:GetObject";

fn millis(time: Option<&DateTime>) -> u64 {
    time.and_then(|t| t.to_millis().ok()).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
}

fn bytes_of(length: Option<i64>) -> u64 {
    length.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

impl Inner {
    pub(super) async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        let request = self.clients.quick.head_object().bucket(&self.bucket).key(self.key(key)?);
        match request.set_request_payer(self.payer()).send().await {
            Ok(found) => Ok(Some(ObjectMeta {
                key: key.to_owned(),
                size: bytes_of(found.content_length()),
                etag: found.e_tag().unwrap_or_default().to_owned(),
                modified_ms: millis(found.last_modified()),
                metadata: found.metadata().cloned().unwrap_or_default().into_iter().collect(),
            })),
            Err(e) if Answer::of(&e).is_absent() => Ok(None),
            Err(e) => Err(self.failed("look at", GRANT, key, &e)),
        }
    }

    pub(super) async fn get(&self, key: &str, max: u64) -> Result<Option<Object>, StoreError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.get_once(key, max).await {
                Err(e) if e.passes() && attempt < ATTEMPTS => pause(attempt).await,
                done => return done,
            }
        }
    }

    async fn get_once(&self, key: &str, max: u64) -> Result<Option<Object>, StoreError> {
        let request = self.clients.quick.get_object().bucket(&self.bucket).key(self.key(key)?);
        let request = request.checksum_mode(ChecksumMode::Enabled).set_request_payer(self.payer());
        let found = match request.send().await {
            Ok(found) => found,
            Err(e) if Answer::of(&e).is_absent() => return Ok(None),
            Err(e) => return Err(self.failed(READ, GRANT, key, &e)),
        };
        let size = bytes_of(found.content_length());
        if size > max {
            return Err(StoreError::TooLarge { uri: self.uri(key), max, found: size });
        }
        let meta = ObjectMeta {
            key: key.to_owned(),
            size,
            etag: found.e_tag().unwrap_or_default().to_owned(),
            modified_ms: millis(found.last_modified()),
            metadata: found.metadata().cloned().unwrap_or_default().into_iter().collect::<Metadata>(),
        };
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        let mut body = found.body;
        while let Some(chunk) = self.chunk(key, &mut body).await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > size {
                break;
            }
        }
        if bytes.len() as u64 != size {
            return Err(self.wrong_length(key, size, bytes.len() as u64));
        }
        Ok(Some(Object { meta, bytes: bytes.into() }))
    }

    fn wrong_length(&self, key: &str, expected: u64, found: u64) -> StoreError {
        let (expected, found) = (format!("{expected} bytes"), format!("{found} bytes"));
        StoreError::Integrity { operation: READ, uri: self.uri(key), expected, found }
    }

    /// The next chunk of a body. A checksum that does not fit comes out as a broken body.
    async fn chunk(&self, key: &str, body: &mut SdkStream) -> Result<Option<Bytes>, StoreError> {
        let broken = |detail| StoreError::Unreachable { operation: READ, uri: self.uri(key), detail };
        match tokio::time::timeout(CHUNK, body.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
            Ok(Some(Err(e))) => Err(broken(format!("the body broke off: {e}"))),
            Err(_) => Err(broken(format!("no byte came for {} seconds", CHUNK.as_secs()))),
        }
    }

    pub(super) async fn get_range(
        self: Arc<Self>,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        let len = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        // The answer's headers are looked at first: a range that is not there reserves nothing.
        let mut chunks = self.get_stream(key, range, if_match).await?;
        let mut first = chunks.try_next().await?.unwrap_or_default();
        if first.len() == len {
            return Ok(first.split_to(len));
        }
        let mut bytes = Vec::with_capacity(len);
        bytes.extend_from_slice(&first);
        while let Some(chunk) = chunks.try_next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }

    pub(super) async fn get_stream(
        self: Arc<Self>,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<ByteStream, StoreError> {
        self.key(key)?;
        if range.start >= range.end {
            return Ok(stream::empty().boxed());
        }
        let etag = if_match.map(str::to_owned);
        let mut reading =
            Reading { store: self, key: key.to_owned(), left: range, etag, body: None, failures: 0 };
        reading.ensure_open().await?;
        Ok(stream::try_unfold(reading, Reading::next).boxed())
    }

    /// Asks for a range and looks whether the answer is about it.
    async fn open(
        &self,
        key: &str,
        range: &Range<u64>,
        if_match: Option<&str>,
    ) -> Result<GetObjectOutput, StoreError> {
        let uri = || self.uri(key);
        let request = self.clients.quick.get_object().bucket(&self.bucket).key(self.key(key)?);
        let request = request.range(format!("bytes={}-{}", range.start, range.end - 1));
        let request = request.set_if_match(if_match.map(str::to_owned)).set_request_payer(self.payer());
        let found = match request.send().await {
            Ok(found) => found,
            Err(e) => {
                let answer = Answer::of(&e);
                if answer.is_refused_by_condition() || answer.status == Some(416) {
                    return Err(self.changed(key, range, if_match).await);
                }
                return Err(answer.into_error(Call { operation: READ, permission: GRANT, uri: &uri() }));
            }
        };
        let etag = found.e_tag().unwrap_or_default();
        if let Some(expected) = if_match.filter(|e| *e != etag) {
            return Err(StoreError::Changed {
                uri: uri(),
                expected: expected.to_owned(),
                found: etag.to_owned(),
            });
        }
        let start = found.content_range().map_or(Some(0), range_start);
        let len = bytes_of(found.content_length());
        if start != Some(range.start) || len != range.end - range.start {
            let expected = format!("bytes {}-{}", range.start, range.end - 1);
            let found = format!("{} ({len} bytes)", found.content_range().unwrap_or("the whole object"));
            return Err(StoreError::Changed { uri: uri(), expected, found });
        }
        Ok(found)
    }

    /// Says what is there instead of what was asked for.
    async fn changed(&self, key: &str, range: &Range<u64>, if_match: Option<&str>) -> StoreError {
        let expected = if_match.map_or_else(|| format!("at least {} bytes", range.end), str::to_owned);
        match self.head(key).await {
            Ok(Some(meta)) => {
                let found = format!("{} ({} bytes)", meta.etag, meta.size);
                StoreError::Changed { uri: self.uri(key), expected, found }
            }
            Ok(None) => StoreError::NotFound { uri: self.uri(key) },
            Err(e) => e,
        }
    }

    pub(super) async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let request = self.clients.quick.list_objects_v2().bucket(&self.bucket);
        let request = request
            .prefix(format!("{}{prefix}", self.prefix))
            .set_start_after(start_after.map(|after| format!("{}{after}", self.prefix)))
            .max_keys(i32::try_from(limit.clamp(1, 1000)).unwrap_or(1000))
            .set_request_payer(self.payer());
        let found = request.send().await.map_err(|e| self.failed("list", "s3:ListBucket", prefix, &e))?;
        let mut page = Page::default();
        for object in found.contents() {
            let Some(key) = object.key().and_then(|k| k.strip_prefix(&self.prefix)) else { continue };
            if key.is_empty() || key.ends_with('/') {
                page.skipped.push(Skipped { name: key.to_owned(), why: "a folder marker" });
                continue;
            }
            page.objects.push(ObjectMeta {
                key: key.to_owned(),
                size: bytes_of(object.size()),
                etag: object.e_tag().unwrap_or_default().to_owned(),
                modified_ms: millis(object.last_modified()),
                metadata: Metadata::new(),
            });
        }
        if found.is_truncated() == Some(true) {
            let last = found.contents().last().and_then(|o| o.key());
            page.next = last.and_then(|k| k.strip_prefix(&self.prefix)).map(str::to_owned);
        }
        Ok(page)
    }
}

/// A body on its way.
struct Reading {
    store: Arc<Inner>,
    key: String,
    /// What has not come yet.
    left: Range<u64>,
    /// Pinned by the caller or by the first answer.
    etag: Option<String>,
    body: Option<SdkStream>,
    /// Faults since the last byte.
    failures: u32,
}

impl Reading {
    async fn ensure_open(&mut self) -> Result<(), StoreError> {
        while self.body.is_none() {
            match self.store.open(&self.key, &self.left, self.etag.as_deref()).await {
                Ok(found) => {
                    self.etag = found.e_tag().map(str::to_owned);
                    self.body = Some(found.body);
                }
                Err(e) => self.failed(e).await?,
            }
        }
        Ok(())
    }

    /// Waits before another try, or gives up.
    async fn failed(&mut self, error: StoreError) -> Result<(), StoreError> {
        self.body = None;
        self.failures += 1;
        if !error.passes() || self.failures >= ATTEMPTS {
            return Err(error);
        }
        tracing::debug!(%error, key = %self.key, at = self.left.start, "reading again");
        pause(self.failures).await;
        Ok(())
    }

    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        while self.left.start < self.left.end {
            self.ensure_open().await?;
            let Some(body) = &mut self.body else { continue };
            match self.store.chunk(&self.key, body).await {
                Ok(Some(chunk)) if chunk.is_empty() => {}
                Ok(Some(chunk)) => {
                    let wanted = self.left.end - self.left.start;
                    if chunk.len() as u64 > wanted {
                        return Err(self.store.wrong_length(&self.key, wanted, chunk.len() as u64));
                    }
                    self.left.start += chunk.len() as u64;
                    self.failures = 0;
                    return Ok(Some((chunk, self)));
                }
                Ok(None) => {
                    let short = self.store.wrong_length(&self.key, self.left.end - self.left.start, 0);
                    self.failed(short).await?;
                }
                Err(e) => self.failed(e).await?,
            }
        }
        Ok(None)
    }
}

/// The first byte that `bytes A-B/N` speaks of.
fn range_start(header: &str) -> Option<u64> {
    header.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
