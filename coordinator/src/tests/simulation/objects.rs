//! What lies in the store.

use bytes::Bytes;
use std::collections::BTreeMap;
use tarquet_common::{
    origin::Origin,
    receipt::Part,
    store::{CompleteOutcome, Metadata, Object, ObjectMeta, Page, PutOutcome, UploadInfo, Uri, checksum},
};

#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) bytes: Bytes,
    pub(super) etag: String,
    pub(super) metadata: Metadata,
    modified_ms: u64,
}

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) uri: String,
    pub(super) metadata: Metadata,
    parts: BTreeMap<u32, (Part, Bytes)>,
    begun_ms: u64,
    /// The process that saw it last when it swept.
    pub(super) listed_by: Option<u64>,
}

/// All objects and uploads, by their whole name.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) objects: BTreeMap<String, Stored>,
    pub(super) uploads: BTreeMap<String, Upload>,
    names: u64,
}

impl Objects {
    pub(super) fn get(&self, uri: &str) -> Option<Object> {
        let stored = self.objects.get(uri)?;
        Some(Object { meta: stored.meta(uri), bytes: stored.bytes.clone() })
    }

    pub(super) fn read<T: serde::de::DeserializeOwned>(&self, uri: &Uri) -> Option<T> {
        let stored = self.objects.get(uri.as_str())?;
        serde_json::from_slice(&stored.bytes).ok()
    }

    /// Whole names under a root that start with this prefix.
    pub(super) fn under(
        &self,
        root: &Uri,
        prefix: &str,
    ) -> impl Iterator<Item = (&String, &Stored)> + use<'_> {
        let begin = format!("{root}/{prefix}");
        self.objects.range(begin.clone()..).take_while(move |(uri, _)| uri.starts_with(&begin))
    }

    pub(super) fn list(&self, root: &Uri, prefix: &str, after: Option<&str>, limit: usize) -> Page {
        let key = |uri: &str| uri[root.as_str().len() + 1..].to_owned();
        let objects = self
            .under(root, prefix)
            .map(|(uri, stored)| ObjectMeta { metadata: Metadata::new(), ..stored.meta(&key(uri)) });
        let mut objects = objects.filter(|o| after.is_none_or(|after| o.key.as_str() > after));
        let page: Vec<ObjectMeta> = objects.by_ref().take(limit).collect();
        let more = objects.next().is_some();
        let next = page.last().filter(|_| more).map(|o| o.key.clone());
        Page { objects: page, next, skipped: Vec::new() }
    }

    /// One request: whoever is first has it, and a repeat of the same is not another's.
    pub(super) fn put_if_absent(
        &mut self,
        uri: &str,
        bytes: &Bytes,
        meta: &Metadata,
        now: u64,
    ) -> PutOutcome {
        match self.objects.get(uri) {
            Some(there) if there.bytes == bytes && there.metadata == *meta => PutOutcome::Created,
            Some(_) => PutOutcome::Exists,
            None => {
                self.put(uri, bytes.clone(), meta.clone(), now);
                PutOutcome::Created
            }
        }
    }

    pub(super) fn put(&mut self, uri: &str, bytes: Bytes, metadata: Metadata, modified_ms: u64) -> String {
        self.names += 1;
        let etag = format!("\"{}\"", self.names);
        self.objects.insert(uri.to_owned(), Stored { bytes, etag: etag.clone(), metadata, modified_ms });
        etag
    }

    pub(super) fn begin_upload(&mut self, uri: &str, metadata: Metadata, begun_ms: u64) -> String {
        self.names += 1;
        let id = format!("upload-{:08}", self.names);
        let (uri, parts) = (uri.to_owned(), BTreeMap::new());
        self.uploads.insert(id.clone(), Upload { uri, metadata, parts, begun_ms, listed_by: None });
        id
    }

    pub(super) fn upload_part(&mut self, uri: &str, id: &str, number: u32, bytes: Bytes) -> Option<Part> {
        self.names += 1;
        let upload = self.uploads.get_mut(id).filter(|u| u.uri == uri)?;
        let crc64 = checksum::to_hex(checksum::crc64(&bytes));
        let part = Part { number, etag: format!("\"{}\"", self.names), size: bytes.len() as u64, crc64 };
        upload.parts.insert(number, (part.clone(), bytes));
        Some(part)
    }

    pub(super) fn list_parts(&self, uri: &str, id: &str) -> Option<Vec<Part>> {
        let upload = self.uploads.get(id).filter(|u| u.uri == uri)?;
        Some(upload.parts.values().map(|(part, _)| part.clone()).collect())
    }

    /// Makes it visible, where nothing is.
    pub(super) fn complete(&mut self, uri: &str, id: &str, parts: &[Part], now: u64) -> CompleteOutcome {
        let Some(upload) = self.uploads.get(id).filter(|u| u.uri == uri) else {
            return CompleteOutcome::NoSuchUpload;
        };
        if self.objects.contains_key(uri) {
            return CompleteOutcome::Exists;
        }
        if !upload.parts.values().map(|(part, _)| part).eq(parts) {
            return CompleteOutcome::NoSuchUpload;
        }
        let upload = self.uploads.remove(id).expect("it was just there");
        let bytes: Vec<u8> = upload.parts.values().flat_map(|(_, bytes)| bytes.to_vec()).collect();
        CompleteOutcome::Published { etag: self.put(uri, bytes.into(), upload.metadata, now) }
    }

    pub(super) fn list_uploads(&mut self, root: &Uri, prefix: &str, process: u64) -> Vec<UploadInfo> {
        let begin = format!("{root}/{prefix}");
        let mut found = Vec::new();
        for (id, upload) in self.uploads.iter_mut().filter(|(_, u)| u.uri.starts_with(&begin)) {
            upload.listed_by = Some(process);
            let key = upload.uri[root.as_str().len() + 1..].to_owned();
            found.push(UploadInfo { key, upload_id: id.clone(), begun_ms: upload.begun_ms });
        }
        found.sort_by(|a, b| (&a.key, &a.upload_id).cmp(&(&b.key, &b.upload_id)));
        found
    }
}

impl Stored {
    pub(super) fn origin(&self) -> Option<Origin> {
        Origin::from_metadata(&self.metadata)
    }

    pub(super) fn meta(&self, key: &str) -> ObjectMeta {
        ObjectMeta {
            key: key.to_owned(),
            size: self.bytes.len() as u64,
            etag: self.etag.clone(),
            modified_ms: self.modified_ms,
            metadata: self.metadata.clone(),
        }
    }
}
