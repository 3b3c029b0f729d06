//! Rows as keys and values of a ledger.
//!
//! A key is ordered and prefixed by its job; a value is a version byte and JSON.
//!
//! ```text
//! 'M'                                                     the coordinator
//! 'J' job(26) 0                                           job
//! 'J' job(26) 1 stage(1)                                  stage
//! 'J' job(26) 2 stage(1) shard(4)                         shard
//! 'J' job(26) 3 stage(1) shard(4)                         receipt of its round
//! 'J' job(26) 4 stage(1) shard(4) generation(4) n(4)      lease           (numbers big endian)
//! ```

use crate::rows::{JobRow, LeaseRow, MetaRow, ShardRow, StageRow};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use tarquet_common::{
    ids::{AttemptId, JobId, ShardId},
    receipt::Receipt,
};

/// What is written.
const VERSION: u8 = 2;
/// What reads as well: the first release counted members where items are counted now, and kept a job's store in its spec
/// alone; rows still take its names.
const FIRST: u8 = 1;

/// Names one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The coordinator.
    Meta,
    /// A job.
    Job(JobId),
    /// A stage of a job.
    Stage(JobId, u8),
    /// A shard.
    Shard(ShardId),
    /// The receipt of a shard's round.
    Receipt(ShardId),
    /// A lease.
    Lease(ShardId, AttemptId),
}

/// One durable change: a row as it is from now on, or its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// The coordinator.
    Meta(MetaRow),
    /// A job.
    Job(Box<JobRow>),
    /// A stage.
    Stage(Box<StageRow>),
    /// A shard.
    Shard(Box<ShardRow>),
    /// The receipt of a shard's round.
    Receipt(Arc<Receipt>),
    /// A lease.
    Lease(Box<LeaseRow>),
    /// The row is gone.
    Gone(Key),
}

/// A ledger that cannot be what we wrote.
#[derive(Debug, thiserror::Error)]
pub enum CorruptLedger {
    /// A key of no known shape.
    #[error("the ledger holds a key of no known shape: {0:02x?}")]
    Key(Vec<u8>),
    /// A value of another version.
    #[error("the ledger's row {key:?} has version {found}, not {FIRST} to {VERSION}")]
    Version {
        /// The row.
        key: Key,
        /// Its version byte; 0 if it is empty.
        found: u8,
    },
    /// A value that does not read.
    #[error("the ledger's row {key:?} does not read")]
    Value {
        /// The row.
        key: Key,
        /// Why.
        source: serde_json::Error,
    },
    /// A row of a job, stage or shard that is not there.
    #[error("the ledger's row {0:?} belongs to nothing")]
    Orphan(Key),
    /// A row that names another than its key.
    #[error("the ledger's row {0:?} names another")]
    Misplaced(Key),
}

impl Record {
    /// Which row.
    pub fn row(&self) -> Key {
        match self {
            Self::Meta(_) => Key::Meta,
            Self::Job(r) => Key::Job(r.job.clone()),
            Self::Stage(r) => Key::Stage(r.job.clone(), r.stage),
            Self::Shard(r) => Key::Shard(r.shard.clone()),
            Self::Receipt(r) => Key::Receipt(r.shard.clone()),
            Self::Lease(r) => Key::Lease(r.shard.clone(), r.attempt),
            Self::Gone(key) => key.clone(),
        }
    }

    /// The key in the ledger.
    pub fn key(&self) -> Vec<u8> {
        self.row().to_bytes()
    }

    /// The value in the ledger; `None` removes the key.
    pub fn value(&self) -> Option<Vec<u8>> {
        match self {
            Self::Meta(r) => Some(encode(r)),
            Self::Job(r) => Some(encode(r)),
            Self::Stage(r) => Some(encode(r)),
            Self::Shard(r) => Some(encode(r)),
            Self::Receipt(r) => Some(encode(r.as_ref())),
            Self::Lease(r) => Some(encode(r)),
            Self::Gone(_) => None,
        }
    }

    /// Reads a row back.
    pub fn from_parts(key: &[u8], value: &[u8]) -> Result<Self, CorruptLedger> {
        let key = Key::from_bytes(key).ok_or_else(|| CorruptLedger::Key(key.to_vec()))?;
        let record = match &key {
            Key::Meta => Self::Meta(decode(&key, value)?),
            Key::Job(_) => Self::Job(decode(&key, value)?),
            Key::Stage(..) => Self::Stage(decode(&key, value)?),
            Key::Shard(_) => Self::Shard(decode(&key, value)?),
            Key::Receipt(_) => Self::Receipt(Arc::new(decode(&key, value)?)),
            Key::Lease(..) => Self::Lease(decode(&key, value)?),
        };
        if record.row() == key { Ok(record) } else { Err(CorruptLedger::Misplaced(key)) }
    }
}

fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, row).expect("rows have string keys and no failing Serialize");
    bytes
}

fn decode<T: DeserializeOwned>(key: &Key, value: &[u8]) -> Result<T, CorruptLedger> {
    match value.split_first() {
        Some((&(FIRST | VERSION), json)) => {
            serde_json::from_slice(json).map_err(|source| CorruptLedger::Value { key: key.clone(), source })
        }
        other => {
            Err(CorruptLedger::Version { key: key.clone(), found: other.map_or(0, |(version, _)| *version) })
        }
    }
}

impl Key {
    /// As bytes; orders as the key does.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Meta => b"M".to_vec(),
            Self::Job(job) => of_job(job, 0),
            Self::Stage(job, stage) => {
                let mut bytes = of_job(job, 1);
                bytes.push(*stage);
                bytes
            }
            Self::Shard(shard) => of_shard(shard, 2),
            Self::Receipt(shard) => of_shard(shard, 3),
            Self::Lease(shard, attempt) => {
                let mut bytes = of_shard(shard, 4);
                bytes.extend_from_slice(&attempt.generation.to_be_bytes());
                bytes.extend_from_slice(&attempt.n.to_be_bytes());
                bytes
            }
        }
    }

    /// From bytes; `None` if no row has such a key.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (b'M', []) => Some(Self::Meta),
            (b'J', rest) => {
                let (job, rest) = rest.split_at_checked(JobId::LEN)?;
                let job: JobId = std::str::from_utf8(job).ok()?.parse().ok()?;
                Self::in_job(job, rest)
            }
            _ => None,
        }
    }

    fn in_job(job: JobId, rest: &[u8]) -> Option<Self> {
        let shard = |job, stage: u8, number: &[u8]| -> Option<ShardId> {
            Some(ShardId { job, stage, shard: u32::from_be_bytes(number.try_into().ok()?) })
        };
        match rest {
            [0] => Some(Self::Job(job)),
            [1, stage] => Some(Self::Stage(job, *stage)),
            [2, stage, number @ ..] => Some(Self::Shard(shard(job, *stage, number)?)),
            [3, stage, number @ ..] => Some(Self::Receipt(shard(job, *stage, number)?)),
            [4, stage, rest @ ..] if rest.len() == 12 => {
                let word = |at: usize| rest[at..at + 4].try_into().ok().map(u32::from_be_bytes);
                let attempt = AttemptId { generation: word(4)?, n: word(8)? };
                Some(Self::Lease(shard(job, *stage, &rest[..4])?, attempt))
            }
            _ => None,
        }
    }

    /// The job it belongs to.
    pub fn job(&self) -> Option<&JobId> {
        match self {
            Self::Meta => None,
            Self::Job(job) | Self::Stage(job, _) => Some(job),
            Self::Shard(shard) | Self::Receipt(shard) | Self::Lease(shard, _) => Some(&shard.job),
        }
    }
}

fn of_job(job: &JobId, kind: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + JobId::LEN + 14);
    bytes.push(b'J');
    bytes.extend_from_slice(job.as_str().as_bytes());
    bytes.push(kind);
    bytes
}

fn of_shard(shard: &ShardId, kind: u8) -> Vec<u8> {
    let mut bytes = of_job(&shard.job, kind);
    bytes.push(shard.stage);
    bytes.extend_from_slice(&shard.shard.to_be_bytes());
    bytes
}
