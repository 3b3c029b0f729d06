//! What the server keeps, and the decisions that must be one step with it.
//!
//! Everything hangs under one mutex: a condition is judged and its write published without letting go of it. No I/O
//! happens under the mutex: bytes are in blobs before.

use crate::{
    blob::Content,
    server::Conditions,
    sums::{Algorithm, sums_of},
};
use s3s::{
    S3Result,
    dto::{Checksum, ChecksumType, CompletedPart, ETagCondition, LifecycleRules, Metadata},
    s3_error,
};
use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

/// A published object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) content: Content,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) content_type: Option<String>,
    pub(crate) modified: SystemTime,
    pub(crate) sums: Checksum,
    /// Sizes of its parts; empty if it was put whole.
    pub(crate) parts: Vec<u64>,
}

/// A part of an upload.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) content: Content,
    pub(crate) md5: [u8; 16],
    pub(crate) sums: Checksum,
    pub(crate) modified: SystemTime,
}

impl Part {
    pub(crate) fn etag(&self) -> String {
        hex::encode(self.md5)
    }
}

/// An upload that was not completed yet.
pub(crate) struct Upload {
    pub(crate) metadata: Option<Metadata>,
    pub(crate) content_type: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) composite: bool,
    pub(crate) begun: SystemTime,
    pub(crate) parts: BTreeMap<i32, Part>,
}

#[derive(Default)]
pub(crate) struct Bucket {
    pub(crate) objects: BTreeMap<String, Arc<Object>>,
    /// By key and upload id.
    pub(crate) uploads: BTreeMap<(String, String), Upload>,
    pub(crate) lifecycle: Option<LifecycleRules>,
}

/// All buckets.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) buckets: BTreeMap<String, Bucket>,
}

/// The condition headers of a write.
pub(crate) struct Preconditions {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

impl State {
    pub(crate) fn bucket(&mut self, name: &str) -> S3Result<&mut Bucket> {
        self.buckets.get_mut(name).ok_or_else(|| s3_error!(NoSuchBucket))
    }

    pub(crate) fn object(&mut self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.bucket(bucket)?.objects.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
    }
}

impl Bucket {
    pub(crate) fn upload(&mut self, key: &str, id: &str) -> S3Result<&mut Upload> {
        self.uploads.get_mut(&(key.to_owned(), id.to_owned())).ok_or_else(|| s3_error!(NoSuchUpload))
    }

    /// Whether a write under this key may happen.
    pub(crate) fn judge(&self, key: &str, when: &Preconditions) -> S3Result<()> {
        let there = self.objects.get(key);
        if let Some(condition) = &when.if_match {
            let there = there.ok_or_else(|| s3_error!(NoSuchKey))?;
            if !names(condition, there) {
                return Err(s3_error!(PreconditionFailed, "the object has another ETag"));
            }
        }
        if let (Some(condition), Some(there)) = (&when.if_none_match, there)
            && names(condition, there)
        {
            return Err(s3_error!(PreconditionFailed, "the object exists"));
        }
        Ok(())
    }

    /// Judges and publishes in one step.
    pub(crate) fn put(
        &mut self,
        key: String,
        object: Object,
        when: &Preconditions,
        conditions: Conditions,
    ) -> S3Result<()> {
        if conditions != Conditions::Ignored {
            self.judge(&key, when)?;
        }
        self.objects.insert(key, Arc::new(object));
        Ok(())
    }

    /// Checks the parts named, judges and publishes in one step. The upload is gone afterwards, and only then.
    pub(crate) fn complete(&mut self, ask: &Completion<'_>) -> S3Result<Arc<Object>> {
        let upload = self.upload(ask.key, ask.upload_id)?;
        let chosen = upload.choose(ask)?;
        let object = upload.assemble(&chosen, ask)?;
        if ask.conditions == Conditions::Honoured {
            self.judge(ask.key, &ask.when)?;
        }
        let object = Arc::new(object);
        self.objects.insert(ask.key.to_owned(), object.clone());
        self.uploads.remove(&(ask.key.to_owned(), ask.upload_id.to_owned()));
        Ok(object)
    }
}

/// Whether the condition is about this object.
pub(crate) fn names(condition: &ETagCondition, object: &Object) -> bool {
    condition.is_any() || condition.as_etag().is_some_and(|e| e.value() == object.etag)
}

/// What completes an upload.
pub(crate) struct Completion<'a> {
    pub(crate) key: &'a str,
    pub(crate) upload_id: &'a str,
    pub(crate) parts: &'a [CompletedPart],
    /// The checksum of the whole, as the client has it.
    pub(crate) sums: Checksum,
    pub(crate) when: Preconditions,
    pub(crate) conditions: Conditions,
    pub(crate) part_bytes_min: u64,
    pub(crate) now: SystemTime,
}

impl Upload {
    fn choose(&self, ask: &Completion<'_>) -> S3Result<Vec<Part>> {
        let numbers: Vec<i32> = ask.parts.iter().map(|p| p.part_number.unwrap_or(0)).collect();
        if numbers.is_empty() {
            return Err(s3_error!(MalformedXML, "no parts"));
        }
        if numbers.windows(2).any(|w| w[0] >= w[1]) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let mut chosen = Vec::new();
        for (asked, number) in ask.parts.iter().zip(&numbers) {
            let part = self.parts.get(number).ok_or_else(|| s3_error!(InvalidPart))?;
            let etag = asked.e_tag.as_ref().map(|e| e.value().to_owned());
            let claims = sums_of!(asked);
            let differs = |a: &Algorithm| a.get(&claims).is_some_and(|c| a.get(&part.sums) != Some(c));
            if etag != Some(part.etag()) || Algorithm::ALL.iter().any(differs) {
                return Err(s3_error!(InvalidPart));
            }
            chosen.push(part.clone());
        }
        let too_small = |p: &Part| p.content.len() < ask.part_bytes_min;
        if chosen[..chosen.len() - 1].iter().any(too_small) {
            return Err(s3_error!(EntityTooSmall));
        }
        Ok(chosen)
    }

    fn assemble(&self, chosen: &[Part], ask: &Completion<'_>) -> S3Result<Object> {
        let mut sums = Checksum::default();
        let each: Vec<&Checksum> = chosen.iter().map(|p| &p.sums).collect();
        let sized: Vec<(&Checksum, u64)> = chosen.iter().map(|p| (&p.sums, p.content.len())).collect();
        let whole =
            if self.composite { self.algorithm.composite(&each) } else { self.algorithm.combined(&sized) };
        if let Some(value) = whole {
            self.algorithm.set(&mut sums, value);
        }
        let kind = if self.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
        sums.checksum_type = Some(ChecksumType::from_static(kind));
        if self.algorithm.get(&ask.sums).is_some_and(|claim| Some(claim) != self.algorithm.get(&sums)) {
            return Err(s3_error!(BadDigest, "the checksum of the whole is another one"));
        }
        let digests: Vec<u8> = chosen.iter().flat_map(|p| p.md5).collect();
        let md5 = <s3s::crypto::Md5 as s3s::crypto::Checksum>::checksum(&digests);
        Ok(Object {
            content: Content(chosen.iter().flat_map(|p| p.content.0.clone()).collect()),
            etag: format!("{}-{}", hex::encode(md5), chosen.len()),
            metadata: self.metadata.clone(),
            content_type: self.content_type.clone(),
            modified: ask.now,
            sums,
            parts: chosen.iter().map(|p| p.content.len()).collect(),
        })
    }
}
