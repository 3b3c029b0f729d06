//! Verbs on objects.

use crate::{
    blob::Content,
    server::Conditions,
    service::{Backend, now},
    state::{Object, Preconditions, names},
    sums::{Algorithm, Claims, receive, sums_of},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use s3s::{S3Request, S3Result, dto::*, s3_error};
use std::{io, ops, sync::Arc};

/// Bytes read at a time from a file.
const PIECE_BYTES: u64 = 1 << 20;

pub(crate) fn etag(object: &Object) -> Option<ETag> {
    Some(ETag::Strong(object.etag.clone()))
}

pub(crate) fn announced(named: Option<&ChecksumAlgorithm>) -> Option<Algorithm> {
    named.and_then(|a| Algorithm::from_name(a.as_str()))
}

pub(crate) async fn put(backend: &Backend, req: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
    backend.lock().bucket(&req.input.bucket)?;
    let mut algorithms = Claims::announced(&req.headers);
    algorithms.extend(announced(req.input.checksum_algorithm.as_ref()));
    let input = req.input;
    let claims = Claims {
        sums: sums_of!(input),
        algorithms,
        md5: input.content_md5,
        length: input.content_length,
        trailers: req.trailing_headers,
    };
    let received = receive(&backend.blobs, input.body, claims).await?;
    let mut sums = received.sums;
    sums.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
    let object = Object {
        content: Content(vec![received.blob]),
        etag: hex::encode(received.md5),
        metadata: input.metadata,
        content_type: input.content_type,
        modified: now(),
        sums: sums.clone(),
        parts: Vec::new(),
    };
    let e_tag = etag(&object);
    let when = Preconditions { if_match: input.if_match, if_none_match: input.if_none_match };
    let conditions = backend.conditions();
    backend.lock().bucket(&input.bucket)?.put(input.key, object, &when, conditions)?;
    Ok(PutObjectOutput {
        e_tag,
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        ..Default::default()
    })
}

/// Judges the conditions of a read.
fn judge_read(object: &Object, matches: Option<&IfMatch>, none: Option<&IfNoneMatch>) -> S3Result<()> {
    if matches.is_some_and(|c| !names(c, object)) {
        return Err(s3_error!(PreconditionFailed, "the object has another ETag"));
    }
    if none.is_some_and(|c| names(c, object)) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

/// The bytes that a read is about; `None` is the whole object.
fn asked_range(
    object: &Object,
    range: Option<Range>,
    part: Option<PartNumber>,
) -> S3Result<Option<ops::Range<u64>>> {
    if let Some(range) = range {
        return range.check(object.content.len()).map(Some).map_err(|_| s3_error!(InvalidRange));
    }
    let Some(number) = part else { return Ok(None) };
    let at = usize::try_from(number)
        .ok()
        .and_then(|n| n.checked_sub(1))
        .ok_or_else(|| s3_error!(InvalidArgument))?;
    if object.parts.is_empty() && at == 0 {
        return Ok(None);
    }
    let size = *object.parts.get(at).ok_or_else(|| s3_error!(InvalidRange))?;
    let start: u64 = object.parts[..at].iter().sum();
    Ok(Some(start..start + size))
}

fn content_range(range: &ops::Range<u64>, object: &Object) -> String {
    format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), object.content.len())
}

fn parts_count(object: &Object) -> Option<i32> {
    i32::try_from(object.parts.len()).ok().filter(|n| *n > 0)
}

pub(crate) fn get(backend: &Backend, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    let object = backend.lock().object(&input.bucket, &input.key)?;
    if backend.conditions() != Conditions::Ignored {
        judge_read(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
    }
    let range = asked_range(&object, input.range, input.part_number)?;
    let wants_sums = input.checksum_mode.is_some() && range.is_none();
    let sums = if wants_sums { object.sums.clone() } else { Checksum::default() };
    let bytes = range.clone().unwrap_or(0..object.content.len());
    Ok(GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some((bytes.end - bytes.start) as i64),
        content_range: range.map(|r| content_range(&r, &object)),
        content_type: object.content_type.clone(),
        body: Some(body(&object.content, &bytes)),
        e_tag: etag(&object),
        last_modified: Some(object.modified.into()),
        metadata: object.metadata.clone(),
        parts_count: input.part_number.and_then(|_| parts_count(&object)),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        ..Default::default()
    })
}

/// The bytes of a range as they are sent, one piece being read while another is on its way.
pub(crate) fn body(content: &Content, range: &ops::Range<u64>) -> StreamingBlob {
    let pieces = content.pieces(range, PIECE_BYTES);
    let read = |(blob, range): (crate::blob::Blob, ops::Range<u64>)| async move {
        match &blob {
            crate::blob::Blob::Memory(_) => blob.read(range),
            crate::blob::Blob::File { .. } => {
                tokio::task::spawn_blocking(move || blob.read(range)).await.map_err(io::Error::other)?
            }
        }
    };
    StreamingBlob::wrap(stream::iter(pieces).map(read).buffered(2).map(|piece: io::Result<Bytes>| piece))
}

pub(crate) fn head(backend: &Backend, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let object = backend.lock().object(&input.bucket, &input.key)?;
    judge_read(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let range = asked_range(&object, input.range, input.part_number)?;
    let length = range.as_ref().map_or(object.content.len(), |r| r.end - r.start);
    let sums = if input.checksum_mode.is_some() { object.sums.clone() } else { Checksum::default() };
    Ok(HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(length as i64),
        content_type: object.content_type.clone(),
        e_tag: etag(&object),
        last_modified: Some(object.modified.into()),
        metadata: object.metadata.clone(),
        parts_count: input.part_number.and_then(|_| parts_count(&object)),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        ..Default::default()
    })
}

/// The object that a copy reads, its conditions judged.
pub(crate) fn source(
    backend: &Backend,
    from: &CopySource,
    matches: Option<&IfMatch>,
    none: Option<&IfNoneMatch>,
) -> S3Result<Arc<Object>> {
    let CopySource::Bucket { bucket, key, .. } = from else { return Err(s3_error!(NotImplemented)) };
    let object = backend.lock().object(bucket, key)?;
    let judged = judge_read(&object, matches, none);
    judged.map_err(|_| s3_error!(PreconditionFailed, "the source is another one"))?;
    Ok(object)
}

pub(crate) fn copy(backend: &Backend, input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
    let from = source(
        backend,
        &input.copy_source,
        input.copy_source_if_match.as_ref(),
        input.copy_source_if_none_match.as_ref(),
    )?;
    let replaces = input.metadata_directive.as_ref().is_some_and(|d| d.as_str() == "REPLACE");
    let object = Object {
        content: from.content.clone(),
        etag: from.etag.clone(),
        metadata: if replaces { input.metadata } else { from.metadata.clone() },
        content_type: from.content_type.clone(),
        modified: now(),
        sums: from.sums.clone(),
        parts: Vec::new(),
    };
    let result = CopyObjectResult {
        e_tag: etag(&object),
        last_modified: Some(object.modified.into()),
        ..Default::default()
    };
    let when = Preconditions { if_match: None, if_none_match: None };
    let conditions = backend.conditions();
    backend.lock().bucket(&input.bucket)?.put(input.key, object, &when, conditions)?;
    Ok(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() })
}

pub(crate) fn delete(backend: &Backend, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
    let honours = backend.conditions() != Conditions::Ignored;
    let mut state = backend.lock();
    let bucket = state.bucket(&input.bucket)?;
    if honours && bucket.objects.contains_key(&input.key) {
        bucket.judge(&input.key, &Preconditions { if_match: input.if_match, if_none_match: None })?;
    }
    bucket.objects.remove(&input.key);
    Ok(DeleteObjectOutput::default())
}

pub(crate) fn delete_many(backend: &Backend, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
    let mut state = backend.lock();
    let bucket = state.bucket(&input.bucket)?;
    let mut deleted = Vec::new();
    for object in input.delete.objects {
        bucket.objects.remove(&object.key);
        deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
    }
    let quiet = input.delete.quiet.unwrap_or(false);
    Ok(DeleteObjectsOutput { deleted: (!quiet).then_some(deleted), ..Default::default() })
}
