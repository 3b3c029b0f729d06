//! Lists, in bytewise order and in pages.

use crate::{
    service::Backend,
    state::{self, Upload},
};
use s3s::{S3Result, dto::*};
use std::{ops::Bound, sync::Arc};

/// What is listed at one place: an object, or a prefix that stands for many.
enum Item {
    Object(String, Arc<state::Object>),
    Prefix(String),
}

impl Item {
    fn name(&self) -> &str {
        match self {
            Self::Object(name, _) | Self::Prefix(name) => name,
        }
    }
}

fn page_size(asked: Option<i32>) -> usize {
    asked.and_then(|n| usize::try_from(n).ok()).unwrap_or(1000).min(1000)
}

pub(crate) fn objects(backend: &Backend, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    let size = page_size(input.max_keys);
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().filter(|d| !d.is_empty());
    let after = input.continuation_token.clone().or_else(|| input.start_after.clone()).unwrap_or_default();
    let mut items = Vec::new();
    {
        let mut state = backend.lock();
        let bucket = state.bucket(&input.bucket)?;
        let from = if after < prefix { Bound::Included(&prefix) } else { Bound::Excluded(&after) };
        for (key, object) in bucket.objects.range::<String, _>((from, Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(&prefix) else { break };
            let cut = delimiter.as_ref().and_then(|d| rest.find(d.as_str()).map(|at| at + d.len()));
            let item = match cut {
                Some(cut) => Item::Prefix(key[..prefix.len() + cut].to_owned()),
                None => Item::Object(key.clone(), object.clone()),
            };
            let known =
                items.last().is_some_and(|last: &Item| last.name() == item.name()) || item.name() == after;
            if known {
                continue;
            }
            items.push(item);
            if items.len() > size {
                break;
            }
        }
    }
    let is_truncated = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| is_truncated).map(|i| i.name().to_owned());
    let mut contents = Vec::new();
    let mut prefixes = Vec::new();
    let count = items.len();
    for item in items {
        match item {
            Item::Prefix(prefix) => prefixes.push(CommonPrefix { prefix: Some(prefix) }),
            Item::Object(key, object) => contents.push(Object {
                key: Some(key),
                size: Some(object.content.len() as i64),
                e_tag: Some(ETag::Strong(object.etag.clone())),
                last_modified: Some(object.modified.into()),
                storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
                ..Default::default()
            }),
        }
    }
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: input.prefix,
        delimiter: input.delimiter,
        start_after: input.start_after,
        continuation_token: input.continuation_token,
        max_keys: Some(size as i32),
        key_count: Some(count as i32),
        is_truncated: Some(is_truncated),
        next_continuation_token: next,
        contents: Some(contents),
        common_prefixes: Some(prefixes),
        ..Default::default()
    })
}

pub(crate) fn parts(backend: &Backend, input: ListPartsInput) -> S3Result<ListPartsOutput> {
    let size = page_size(input.max_parts);
    let after = input.part_number_marker.unwrap_or(0);
    let mut state = backend.lock();
    let upload = state.bucket(&input.bucket)?.upload(&input.key, &input.upload_id)?;
    let mut left = upload.parts.range((Bound::Excluded(after), Bound::Unbounded));
    let page: Vec<Part> = left.by_ref().take(size).map(|(number, part)| listed(*number, part)).collect();
    let is_truncated = left.next().is_some();
    Ok(ListPartsOutput {
        next_part_number_marker: page.last().filter(|_| is_truncated).and_then(|p| p.part_number),
        checksum_algorithm: Some(ChecksumAlgorithm::from(upload.algorithm.name().to_owned())),
        checksum_type: Some(ChecksumType::from_static(kind(upload))),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        max_parts: Some(size as i32),
        is_truncated: Some(is_truncated),
        parts: Some(page),
        ..Default::default()
    })
}

fn kind(upload: &Upload) -> &'static str {
    if upload.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT }
}

fn listed(number: i32, part: &state::Part) -> Part {
    let sums = part.sums.clone();
    Part {
        part_number: Some(number),
        size: Some(part.content.len() as i64),
        e_tag: Some(ETag::Strong(part.etag())),
        last_modified: Some(part.modified.into()),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
    }
}

pub(crate) fn uploads(
    backend: &Backend,
    input: ListMultipartUploadsInput,
) -> S3Result<ListMultipartUploadsOutput> {
    let size = page_size(input.max_uploads);
    let prefix = input.prefix.clone().unwrap_or_default();
    let key_after = input.key_marker.clone().unwrap_or_default();
    let id_after = input.upload_id_marker.clone();
    let mut state = backend.lock();
    let bucket = state.bucket(&input.bucket)?;
    // Without an id the marker stands for all uploads of its key.
    let is_ahead = |key: &String, id: &String| match &id_after {
        Some(after) => (key, id) > (&key_after, after),
        None => *key > key_after || key_after.is_empty(),
    };
    let mut left =
        bucket.uploads.iter().filter(|((key, id), _)| key.starts_with(&prefix) && is_ahead(key, id));
    let page: Vec<MultipartUpload> = left
        .by_ref()
        .take(size)
        .map(|((key, id), upload)| MultipartUpload {
            key: Some(key.clone()),
            upload_id: Some(id.clone()),
            initiated: Some(upload.begun.into()),
            ..Default::default()
        })
        .collect();
    let is_truncated = left.next().is_some();
    let last = page.last().filter(|_| is_truncated);
    Ok(ListMultipartUploadsOutput {
        next_key_marker: last.and_then(|u| u.key.clone()),
        next_upload_id_marker: last.and_then(|u| u.upload_id.clone()),
        bucket: Some(input.bucket),
        prefix: input.prefix,
        key_marker: input.key_marker,
        upload_id_marker: input.upload_id_marker,
        max_uploads: Some(size as i32),
        is_truncated: Some(is_truncated),
        uploads: Some(page),
        ..Default::default()
    })
}
