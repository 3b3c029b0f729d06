//! What the last object of a job says: all artifacts, from the receipts.

use crate::state::{ShardState, State};
use serde::{Deserialize, Serialize};
use tarquet_common::{ids::JobId, receipt::Counts};

/// Version of the catalog's format. The first release wrote 1, with other names for what it counted.
const VERSION: u32 = 2;

/// One artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// Key, relative to the output root.
    pub name: String,
    /// Partition number.
    pub partition: u32,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// CRC-64/NVME of the object, hexadecimal.
    pub crc64: String,
    /// The shard that made it, `stage/shard.round`.
    pub made_by: String,
    /// The attempt that made it.
    pub attempt: String,
}

/// The catalog. A function of the receipts alone, so writing it again gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Of this format.
    pub version: u32,
    /// The job.
    pub job: JobId,
    /// What people call it.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// By partition.
    pub artifacts: Vec<CatalogEntry>,
    /// Quarantine files, relative to the job prefix.
    pub quarantine: Vec<String>,
    /// Sum over the receipts of stages that make artifacts.
    pub counts: Counts,
    /// Shards that were gone without, `stage/shard`.
    pub excluded: Vec<String>,
}

/// The catalog of a job as its receipts say now; `None` if there is no such job.
pub fn catalog(state: &State, job: &JobId) -> Option<Catalog> {
    let job = state.jobs.get(job)?;
    let mut catalog = Catalog {
        version: VERSION,
        job: job.row.job.clone(),
        name: job.row.name.clone(),
        kind: job.row.kind.clone(),
        artifacts: Vec::new(),
        quarantine: Vec::new(),
        counts: Counts::default(),
        excluded: Vec::new(),
    };
    for shard in job.shards() {
        let (stage, number) = shard.place();
        if matches!(shard.state, ShardState::Excluded(_)) {
            catalog.excluded.push(format!("{stage}/{number}"));
        }
        let Some(receipt) = shard.receipt() else { continue };
        catalog.quarantine.extend(receipt.quarantine().map(|q| q.name.clone()));
        // Stages that only prepare count their own work; items that were set aside count wherever that was.
        if receipt.artifacts.is_empty() && receipt.counts.failed == 0 {
            continue;
        }
        catalog.counts.add(&receipt.counts);
        catalog.artifacts.extend(receipt.artifacts.iter().map(|a| CatalogEntry {
            name: a.name.clone(),
            partition: a.partition,
            rows: a.rows,
            bytes: a.bytes,
            crc64: a.crc64.clone(),
            made_by: format!("{stage}/{number}.{}", receipt.round),
            attempt: receipt.attempt.to_string(),
        }));
    }
    catalog.artifacts.sort_by_key(|a| a.partition);
    Some(catalog)
}

impl Catalog {
    /// Whether another catalog lists the same, whichever release wrote it.
    pub fn says_the_same(&self, other: &Self) -> bool {
        Self { version: self.version, ..other.clone() } == *self
    }
}
