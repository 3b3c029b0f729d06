//! Writing whole objects, conditionally or not.

use super::{
    client::{ATTEMPTS, pause},
    errors::{Answer, Call},
    imp::Inner,
};
use crate::store::{Metadata, PutOutcome, StoreError, checksum};
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::SdkError,
    operation::put_object::{PutObjectError, PutObjectOutput},
    types::{ServerSideEncryption, StorageClass},
};
use aws_smithy_types::base64;
use bytes::Bytes;

const WRITE: &str = "write";
const GRANT: &str = "s3:PutObject";

/// A CRC-64 as S3's headers carry it.
pub(super) fn header_of(crc64: u64) -> String {
    base64::encode(crc64.to_be_bytes())
}

impl Inner {
    pub(super) fn encryption(&self) -> Option<ServerSideEncryption> {
        self.settings.sse_kms_key.as_ref().map(|_| ServerSideEncryption::AwsKms)
    }

    pub(super) fn storage_class(&self) -> Option<StorageClass> {
        self.settings.storage_class.as_deref().map(StorageClass::from)
    }

    async fn send(
        &self,
        key: String,
        bytes: Bytes,
        metadata: &Metadata,
        if_absent: bool,
    ) -> Result<PutObjectOutput, SdkError<PutObjectError, HttpResponse>> {
        let crc64 = header_of(checksum::crc64(&bytes));
        let metadata = (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect());
        let request = self.clients.bulk.put_object().bucket(&self.bucket).key(key).body(bytes.into());
        let request = request
            .checksum_crc64_nvme(crc64)
            .set_metadata(metadata)
            .set_if_none_match(if_absent.then(|| "*".to_owned()))
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(self.settings.sse_kms_key.clone())
            .set_storage_class(self.storage_class())
            .set_request_payer(self.payer());
        // The signature covers the CRC; hashing the body a second time proves nothing more.
        request.customize().disable_payload_signing().send().await
    }

    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<String, StoreError> {
        let full = self.key(key)?;
        let sent = self.send(full, bytes, metadata, false).await;
        sent.map(|o| o.e_tag().unwrap_or_default().to_owned()).map_err(|e| self.failed(WRITE, GRANT, key, &e))
    }

    /// Only a clean 200 is taken at its word. After anything else what is there is read and compared: our own write
    /// whose reply was lost is `Created`, also when a repetition was told 412.
    pub(super) async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<PutOutcome, StoreError> {
        let full = self.key(key)?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let answer = match self.send(full.clone(), bytes.clone(), metadata, true).await {
                Ok(_) => return Ok(PutOutcome::Created),
                Err(e) => Answer::of(&e),
            };
            let is_clear = answer.is_refused_by_condition() || answer.is_conflict();
            let uri = self.uri(key);
            let error = answer.into_error(Call { operation: WRITE, permission: GRANT, uri: &uri });
            if !is_clear && !error.passes() {
                return Err(error);
            }
            match self.compare(key, &bytes, metadata).await {
                Ok(Some(outcome)) => return Ok(outcome),
                // It is not there after all: not written, or deleted since.
                Ok(None) if attempt >= ATTEMPTS => return Err(error),
                Err(e) if !e.passes() || attempt >= ATTEMPTS => return Err(e),
                Ok(None) | Err(_) => pause(attempt).await,
            }
        }
    }

    async fn compare(
        &self,
        key: &str,
        bytes: &Bytes,
        metadata: &Metadata,
    ) -> Result<Option<PutOutcome>, StoreError> {
        match self.get(key, bytes.len() as u64).await {
            Ok(None) => Ok(None),
            Ok(Some(there)) if there.bytes == *bytes && there.meta.metadata == *metadata => {
                Ok(Some(PutOutcome::Created))
            }
            Ok(Some(_)) | Err(StoreError::TooLarge { .. }) => Ok(Some(PutOutcome::Exists)),
            Err(e) => Err(e),
        }
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let request = self.clients.quick.delete_object().bucket(&self.bucket).key(self.key(key)?);
        match request.set_request_payer(self.payer()).send().await {
            Ok(_) => Ok(()),
            Err(e) if Answer::of(&e).is_absent() => Ok(()),
            Err(e) => Err(self.failed("delete", "s3:DeleteObject", key, &e)),
        }
    }

    /// Compared before it is asked for, too: not every server knows the condition, and some ignore what they do not know.
    pub(super) async fn delete_if(&self, key: &str, etag: &str) -> Result<bool, StoreError> {
        match self.head(key).await? {
            None => return Ok(true),
            Some(meta) if meta.etag != etag => return Ok(false),
            Some(_) => {}
        }
        let request = self.clients.quick.delete_object().bucket(&self.bucket).key(self.key(key)?);
        match request.if_match(etag).set_request_payer(self.payer()).send().await {
            Ok(_) => Ok(true),
            Err(e) if Answer::of(&e).is_absent() => Ok(true),
            Err(e) if Answer::of(&e).is_refused_by_condition() => Ok(false),
            // A server that says that it does not know the condition: it was compared a moment ago.
            Err(e) if Answer::of(&e).is_not_implemented() => self.delete(key).await.map(|()| true),
            Err(e) => Err(self.failed("delete", "s3:DeleteObject", key, &e)),
        }
    }
}
