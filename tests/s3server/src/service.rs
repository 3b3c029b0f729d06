//! The S3 trait, verb by verb; what a verb does stands in `objects`, `uploads` and `listing`.

use crate::{
    blob::Blobs,
    listing, objects,
    server::Conditions,
    state::{Bucket, State},
    uploads,
};
use s3s::{
    S3, S3Request, S3Response, S3Result,
    access::{S3Access, S3AccessContext},
    dto::*,
    s3_error,
};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::SystemTime,
};

/// What all verbs share.
pub(crate) struct Backend {
    pub(crate) state: Mutex<State>,
    pub(crate) blobs: Blobs,
    pub(crate) conditions: Mutex<Conditions>,
    pub(crate) part_bytes_min: u64,
}

impl Backend {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic under the state's mutex")
    }

    pub(crate) fn conditions(&self) -> Conditions {
        *self.conditions.lock().expect("no panic under the setting's mutex")
    }
}

/// The time that objects are dated with.
#[expect(clippy::disallowed_methods, reason = "a server dates its objects by the machine's clock")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The backend as s3s wants it.
pub(crate) struct Service(pub(crate) Arc<Backend>);

type Answer<T> = S3Result<S3Response<T>>;

fn ok<T>(output: S3Result<T>) -> Answer<T> {
    output.map(S3Response::new)
}

#[async_trait::async_trait]
impl S3 for Service {
    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        let mut state = self.0.lock();
        if state.buckets.contains_key(&req.input.bucket) {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        let location = Some(format!("/{}", req.input.bucket));
        state.buckets.insert(req.input.bucket, Bucket::default());
        ok(Ok(CreateBucketOutput { location }))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        self.0.lock().bucket(&req.input.bucket)?;
        ok(Ok(HeadBucketOutput::default()))
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        let mut state = self.0.lock();
        if !state.bucket(&req.input.bucket)?.objects.is_empty() {
            return Err(s3_error!(BucketNotEmpty));
        }
        state.buckets.remove(&req.input.bucket);
        ok(Ok(DeleteBucketOutput::default()))
    }

    async fn list_buckets(&self, _req: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        let bucket = |name: &String| s3s::dto::Bucket { name: Some(name.clone()), ..Default::default() };
        let buckets = Some(self.0.lock().buckets.keys().map(bucket).collect());
        ok(Ok(ListBucketsOutput { buckets, ..Default::default() }))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> Answer<GetBucketLocationOutput> {
        self.0.lock().bucket(&req.input.bucket)?;
        ok(Ok(GetBucketLocationOutput::default()))
    }

    async fn get_bucket_lifecycle_configuration(
        &self,
        req: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> Answer<GetBucketLifecycleConfigurationOutput> {
        let rules = self.0.lock().bucket(&req.input.bucket)?.lifecycle.clone();
        let rules = Some(rules.ok_or_else(|| s3_error!(NoSuchLifecycleConfiguration))?);
        ok(Ok(GetBucketLifecycleConfigurationOutput { rules, ..Default::default() }))
    }

    async fn put_bucket_lifecycle_configuration(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> Answer<PutBucketLifecycleConfigurationOutput> {
        let rules = req.input.lifecycle_configuration.map(|c| c.rules);
        self.0.lock().bucket(&req.input.bucket)?.lifecycle = rules;
        ok(Ok(PutBucketLifecycleConfigurationOutput::default()))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        ok(objects::put(&self.0, req).await)
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        ok(objects::get(&self.0, req.input))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        ok(objects::head(&self.0, req.input))
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        ok(objects::copy(&self.0, req.input))
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        ok(objects::delete(&self.0, req.input))
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        ok(objects::delete_many(&self.0, req.input))
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        ok(listing::objects(&self.0, req.input))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        ok(uploads::create(&self.0, req.input))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        ok(uploads::part(&self.0, req).await)
    }

    async fn upload_part_copy(&self, req: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
        ok(uploads::part_copy(&self.0, req.input).await)
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        ok(uploads::complete(&self.0, req.input))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        ok(uploads::abort(&self.0, req.input))
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        ok(listing::parts(&self.0, req.input))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        ok(listing::uploads(&self.0, req.input))
    }
}

/// Lets the unsigned read, if the server is to be read by all.
pub(crate) struct Access {
    pub(crate) public_read: bool,
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let reads = ["GetObject", "HeadObject", "HeadBucket", "ListObjectsV2"].contains(&cx.s3_op().name());
        match cx.credentials() {
            Some(_) => Ok(()),
            None if self.public_read && reads => Ok(()),
            None => Err(s3_error!(AccessDenied, "the request is not signed")),
        }
    }
}
