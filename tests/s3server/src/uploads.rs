//! Verbs on multipart uploads.

use crate::{
    blob::Content,
    objects,
    service::{Backend, now},
    state::{Completion, Part, Preconditions, Upload},
    sums::{Algorithm, Claims, Received, receive, sums_of},
};
use s3s::{S3Request, S3Result, dto::*, s3_error};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

pub(crate) fn create(
    backend: &Backend,
    input: CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let begun = now();
    let nanos = begun.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let id = format!("{nanos:024x}{:08x}", NEXT.fetch_add(1, Ordering::Relaxed));
    let algorithm = objects::announced(input.checksum_algorithm.as_ref()).unwrap_or(Algorithm::Crc64);
    let kind = input.checksum_type.as_ref().map(|t| t.as_str().to_owned());
    // S3's defaults: CRC-64 is of the whole, the others are of the parts' checksums.
    let composite = kind.map_or(algorithm != Algorithm::Crc64, |k| k == ChecksumType::COMPOSITE);
    if composite && algorithm == Algorithm::Crc64 {
        return Err(s3_error!(InvalidRequest, "CRC64NVME has no composite form"));
    }
    let upload = Upload {
        metadata: input.metadata,
        content_type: input.content_type,
        algorithm,
        composite,
        begun,
        parts: BTreeMap::new(),
    };
    backend.lock().bucket(&input.bucket)?.uploads.insert((input.key.clone(), id.clone()), upload);
    Ok(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: input.checksum_type,
        ..Default::default()
    })
}

/// A part's place: its upload must be there before its body is read, and still be there afterwards.
struct Place {
    bucket: String,
    key: String,
    id: String,
    number: i32,
}

impl Place {
    fn algorithm(&self, backend: &Backend) -> S3Result<Algorithm> {
        if !(1..=10_000).contains(&self.number) {
            return Err(s3_error!(InvalidArgument, "part numbers are 1 to 10,000"));
        }
        Ok(backend.lock().bucket(&self.bucket)?.upload(&self.key, &self.id)?.algorithm)
    }

    fn keep(self, backend: &Backend, received: Received) -> S3Result<Part> {
        let Received { blob, md5, sums } = received;
        let part = Part { content: Content(vec![blob]), md5, sums, modified: now() };
        let mut state = backend.lock();
        let upload = state.bucket(&self.bucket)?.upload(&self.key, &self.id)?;
        upload.parts.insert(self.number, part.clone());
        Ok(part)
    }
}

pub(crate) async fn part(backend: &Backend, req: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
    let mut algorithms = Claims::announced(&req.headers);
    let input = req.input;
    let place =
        Place { bucket: input.bucket, key: input.key, id: input.upload_id, number: input.part_number };
    algorithms.push(place.algorithm(backend)?);
    let claims = Claims {
        sums: sums_of!(input),
        algorithms,
        md5: input.content_md5,
        length: input.content_length,
        trailers: req.trailing_headers,
    };
    let received = receive(&backend.blobs, input.body, claims).await?;
    let part = place.keep(backend, received)?;
    let e_tag = Some(ETag::Strong(part.etag()));
    Ok(UploadPartOutput {
        e_tag,
        checksum_crc32: part.sums.checksum_crc32,
        checksum_crc32c: part.sums.checksum_crc32c,
        checksum_crc64nvme: part.sums.checksum_crc64nvme,
        checksum_sha1: part.sums.checksum_sha1,
        checksum_sha256: part.sums.checksum_sha256,
        ..Default::default()
    })
}

pub(crate) async fn part_copy(
    backend: &Backend,
    input: UploadPartCopyInput,
) -> S3Result<UploadPartCopyOutput> {
    let place =
        Place { bucket: input.bucket, key: input.key, id: input.upload_id, number: input.part_number };
    let algorithms = vec![place.algorithm(backend)?];
    let from = objects::source(
        backend,
        &input.copy_source,
        input.copy_source_if_match.as_ref(),
        input.copy_source_if_none_match.as_ref(),
    )?;
    let range = match &input.copy_source_range {
        None => 0..from.content.len(),
        Some(text) => {
            let range = Range::parse(text).map_err(|_| s3_error!(InvalidArgument))?;
            range.check(from.content.len()).map_err(|_| s3_error!(InvalidRange))?
        }
    };
    let body = objects::body(&from.content, &range);
    let claims = Claims { sums: Checksum::default(), algorithms, md5: None, length: None, trailers: None };
    let received = receive(&backend.blobs, Some(body), claims).await?;
    let part = place.keep(backend, received)?;
    let result = CopyPartResult {
        e_tag: Some(ETag::Strong(part.etag())),
        last_modified: Some(part.modified.into()),
        ..Default::default()
    };
    Ok(UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() })
}

pub(crate) fn complete(
    backend: &Backend,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let parts = input.multipart_upload.as_ref().and_then(|m| m.parts.clone()).unwrap_or_default();
    let ask = Completion {
        key: &input.key,
        upload_id: &input.upload_id,
        parts: &parts,
        sums: sums_of!(input),
        when: Preconditions { if_match: input.if_match.clone(), if_none_match: input.if_none_match.clone() },
        conditions: backend.conditions(),
        part_bytes_min: backend.part_bytes_min,
        now: now(),
    };
    let object = backend.lock().bucket(&input.bucket)?.complete(&ask)?;
    let sums = object.sums.clone();
    Ok(CompleteMultipartUploadOutput {
        e_tag: objects::etag(&object),
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        ..Default::default()
    })
}

pub(crate) fn abort(
    backend: &Backend,
    input: AbortMultipartUploadInput,
) -> S3Result<AbortMultipartUploadOutput> {
    let mut state = backend.lock();
    let bucket = state.bucket(&input.bucket)?;
    bucket.upload(&input.key, &input.upload_id)?;
    bucket.uploads.remove(&(input.key, input.upload_id));
    Ok(AbortMultipartUploadOutput::default())
}
