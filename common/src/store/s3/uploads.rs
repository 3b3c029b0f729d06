//! Multipart uploads, completed by somebody else, later.

use super::{
    errors::{Answer, Call},
    imp::Inner,
    writes::header_of,
};
use crate::{
    receipt::Part,
    store::{CompleteOutcome, Metadata, StoreError, UploadInfo, checksum},
};
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::SdkError,
    operation::complete_multipart_upload::CompleteMultipartUploadError,
    types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_types::base64;
use bytes::Bytes;

const GRANT: &str = "s3:PutObject";

/// A CRC-64 from S3's headers, as receipts have it.
fn hex_of(header: Option<&str>) -> String {
    let bytes = header.and_then(|h| base64::decode(h).ok()).and_then(|b| <[u8; 8]>::try_from(b).ok());
    bytes.map(|b| checksum::to_hex(u64::from_be_bytes(b))).unwrap_or_default()
}

fn part_number(number: u32) -> Result<i32, StoreError> {
    let number = i32::try_from(number).ok().filter(|n| (1..=10_000).contains(n));
    number.ok_or(StoreError::BadKey {
        key: "part".to_owned(),
        why: "its part has a number outside 1 to 10,000",
    })
}

impl Inner {
    fn no_upload(&self, key: &str, upload_id: &str) -> StoreError {
        StoreError::NotFound { uri: format!("upload {upload_id} of {}", self.uri(key)) }
    }

    pub(super) async fn begin_upload(&self, key: &str, metadata: &Metadata) -> Result<String, StoreError> {
        let metadata = (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect());
        let request = self.clients.quick.create_multipart_upload().bucket(&self.bucket).key(self.key(key)?);
        let request = request
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject)
            .set_metadata(metadata)
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(self.settings.sse_kms_key.clone())
            .set_storage_class(self.storage_class())
            .set_request_payer(self.payer());
        let begun = request.send().await.map_err(|e| self.failed("begin an upload of", GRANT, key, &e))?;
        begun.upload_id().map(str::to_owned).ok_or_else(|| StoreError::Refused {
            operation: "begin an upload of",
            uri: self.uri(key),
            status: 200,
            reason: "without an upload id".to_owned(),
        })
    }

    pub(super) async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Part, StoreError> {
        let (size, crc64) = (bytes.len() as u64, checksum::crc64(&bytes));
        let request = self.clients.bulk.upload_part().bucket(&self.bucket).key(self.key(key)?);
        let request = request
            .upload_id(upload_id)
            .part_number(part_number(number)?)
            .checksum_crc64_nvme(header_of(crc64))
            .body(bytes.into())
            .set_request_payer(self.payer());
        let sent = match request.customize().disable_payload_signing().send().await {
            Ok(sent) => sent,
            Err(e) if Answer::of(&e).is_absent() => return Err(self.no_upload(key, upload_id)),
            Err(e) => return Err(self.failed("upload a part of", GRANT, key, &e)),
        };
        let (crc64, found) = (checksum::to_hex(crc64), hex_of(sent.checksum_crc64_nvme()));
        if !found.is_empty() && found != crc64 {
            let (operation, uri) = ("upload a part of", self.uri(key));
            return Err(StoreError::Integrity { operation, uri, expected: crc64, found });
        }
        Ok(Part { number, etag: sent.e_tag().unwrap_or_default().to_owned(), size, crc64 })
    }

    pub(super) async fn list_parts(
        &self,
        key: &str,
        upload_id: &str,
    ) -> Result<Option<Vec<Part>>, StoreError> {
        let full = self.key(key)?;
        let mut parts = Vec::new();
        let mut after = None;
        loop {
            let request =
                self.clients.quick.list_parts().bucket(&self.bucket).key(&full).upload_id(upload_id);
            let request = request.set_part_number_marker(after.clone()).set_request_payer(self.payer());
            let page = match request.send().await {
                Ok(page) => page,
                Err(e) if Answer::of(&e).is_absent() => return Ok(None),
                Err(e) => {
                    return Err(self.failed("list the parts of", "s3:ListMultipartUploadParts", key, &e));
                }
            };
            parts.extend(page.parts().iter().map(|p| Part {
                number: p.part_number().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
                etag: p.e_tag().unwrap_or_default().to_owned(),
                size: p.size().and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
                crc64: hex_of(p.checksum_crc64_nvme()),
            }));
            let next = page.next_part_number_marker().map(str::to_owned);
            if page.is_truncated() != Some(true) || next.is_none() || next == after {
                return Ok(Some(parts));
            }
            after = next;
        }
    }

    pub(super) async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
        if_absent: bool,
    ) -> Result<CompleteOutcome, StoreError> {
        let each = parts.iter().map(|part| {
            Ok(CompletedPart::builder()
                .part_number(part_number(part.number)?)
                .e_tag(&part.etag)
                .set_checksum_crc64_nvme(checksum::from_hex(&part.crc64).map(header_of))
                .build())
        });
        let parts_sent = each.collect::<Result<Vec<_>, StoreError>>()?;
        // Where every part's CRC is known the store proves the whole before it publishes it.
        let whole = checksum::crc64_of_parts(parts).map(header_of);
        let request = self.clients.bulk.complete_multipart_upload().bucket(&self.bucket).key(self.key(key)?);
        let request = request
            .upload_id(upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts_sent)).build())
            .set_checksum_type(whole.is_some().then_some(ChecksumType::FullObject))
            .set_checksum_crc64_nvme(whole)
            .set_if_none_match(if_absent.then(|| "*".to_owned()))
            .set_request_payer(self.payer());
        match request.send().await {
            Ok(done) => Ok(CompleteOutcome::Published { etag: done.e_tag().unwrap_or_default().to_owned() }),
            Err(e) => self.completed_otherwise(key, &e),
        }
    }

    /// What an answer to Complete means that is not a clean 200.
    fn completed_otherwise(
        &self,
        key: &str,
        error: &SdkError<CompleteMultipartUploadError, HttpResponse>,
    ) -> Result<CompleteOutcome, StoreError> {
        let answer = Answer::of(error);
        if answer.is_refused_by_condition() {
            return Ok(CompleteOutcome::Exists);
        }
        if answer.is_absent() {
            return Ok(CompleteOutcome::NoSuchUpload);
        }
        if answer.is_conflict() {
            return Ok(CompleteOutcome::Conflict);
        }
        let uri = self.uri(key);
        let error =
            answer.into_error(Call { operation: "complete the upload of", permission: GRANT, uri: &uri });
        match error {
            StoreError::Integrity { .. } => Err(error),
            e if e.passes() => Ok(CompleteOutcome::Unclear { detail: e.to_string() }),
            e => Err(e),
        }
    }

    pub(super) async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        let request = self.clients.quick.abort_multipart_upload().bucket(&self.bucket).key(self.key(key)?);
        match request.upload_id(upload_id).set_request_payer(self.payer()).send().await {
            Ok(_) => Ok(()),
            Err(e) if Answer::of(&e).is_absent() => Ok(()),
            Err(e) => Err(self.failed("abort the upload of", "s3:AbortMultipartUpload", key, &e)),
        }
    }

    pub(super) async fn list_uploads(&self, prefix: &str) -> Result<Vec<UploadInfo>, StoreError> {
        let mut uploads = Vec::new();
        let (mut key_after, mut id_after) = (None, None);
        loop {
            let request = self.clients.quick.list_multipart_uploads().bucket(&self.bucket);
            let request = request
                .prefix(format!("{}{prefix}", self.prefix))
                .set_key_marker(key_after.clone())
                .set_upload_id_marker(id_after.clone())
                .set_request_payer(self.payer());
            let page = request.send().await.map_err(|e| {
                self.failed("list the uploads under", "s3:ListBucketMultipartUploads", prefix, &e)
            })?;
            for upload in page.uploads() {
                let Some(key) = upload.key().and_then(|k| k.strip_prefix(&self.prefix)) else { continue };
                uploads.push(UploadInfo {
                    key: key.to_owned(),
                    upload_id: upload.upload_id().unwrap_or_default().to_owned(),
                    begun_ms: upload
                        .initiated()
                        .and_then(|t| t.to_millis().ok())
                        .and_then(|ms| u64::try_from(ms).ok())
                        .unwrap_or(0),
                });
            }
            let next = page.next_key_marker().map(str::to_owned);
            if page.is_truncated() != Some(true) || next.is_none() {
                return Ok(uploads);
            }
            (key_after, id_after) = (next, page.next_upload_id_marker().map(str::to_owned));
        }
    }
}
