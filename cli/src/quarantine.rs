//! The failure records of a job: those of items, out of its quarantine files, and those of whole shards.

use crate::{error::CliError, render::quoted};
use std::sync::Arc;
use tarquet_common::{
    codes::store as codes,
    failure::{Class, Failure},
    store::Store,
};
use tarquet_core::views::ShardLine;
use tarquet_encode::{FailureRecord, column_of, fingerprint, read_quarantine};

/// Largest quarantine file that is read.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Where the records are.
pub(crate) struct Records {
    job: String,
    shards: Vec<ShardLine>,
    store: Arc<dyn Store>,
}

impl Records {
    /// The records of these shards; quarantine files are named relative to `store`.
    pub(crate) fn new(job: String, shards: Vec<ShardLine>, store: Arc<dyn Store>) -> Self {
        Self { job, shards, store }
    }

    /// Gives each record, in the order of shards, one file in memory at a time.
    pub(crate) async fn each(&self, take: &mut (dyn FnMut(&FailureRecord) + Send)) -> Result<(), CliError> {
        for shard in &self.shards {
            if let Some(failure) = &shard.failure {
                take(&of_shard(&self.job, shard, failure));
            }
            let Some(name) = &shard.quarantine else { continue };
            let found = self.store.get(name, FILE_BYTES_MAX).await.map_err(Failure::from)?;
            let object = found.ok_or_else(|| {
                Failure::new(codes::OBJECT_NOT_FOUND, "a quarantine file of the job is gone")
                    .at_uri(self.store.root().join(name).to_string())
            })?;
            read_quarantine(object.bytes)?.iter().for_each(&mut *take);
        }
        Ok(())
    }

    /// All of them at once.
    pub(crate) async fn all(&self) -> Result<Vec<FailureRecord>, CliError> {
        let mut all = Vec::new();
        self.each(&mut |record| all.push(record.clone())).await?;
        Ok(all)
    }
}

/// A shard's last failure as a record: a source that cannot be read to its end, say.
fn of_shard(job: &str, shard: &ShardLine, failure: &Failure) -> FailureRecord {
    let class = failure.class();
    FailureRecord {
        job: job.to_owned(),
        seq: shard.shard.into(),
        fingerprint: fingerprint(failure),
        code: failure.code,
        class,
        retryable: matches!(class, Class::Environment | Class::Lost),
        uri: failure.place.uri.clone().unwrap_or_else(|| format!("{}/{}", shard.stage_name, shard.shard)),
        etag: None,
        item: failure.place.member.clone(),
        item_offset: failure.place.offset,
        item_size: None,
        column: column_of(failure),
        expected: failure.expected.clone(),
        found: failure.found.clone(),
        message: failure.message.clone(),
        causes: failure.causes.clone(),
        attempts: Vec::new(),
        hint: failure.hint().to_owned(),
        reproduce: match &failure.place.uri {
            Some(uri) => format!("tarquet inspect {}", quoted(uri)),
            None => String::new(),
        },
    }
}
