//! Names of things that cross process borders.
//!
//! A **job** is made of **stages**, a stage of **shards**, numbered from 0 without gaps. A shard is
//! leased in **attempts**; an attempt is named by the coordinator's generation and a number that
//! grows within it, so that no name is ever used twice, whatever happened to the ledger. A **round**
//! is a re-opening of a shard: a receipt belongs to one (shard, round).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Crockford base 32: no I, L, O, U; sorts as its value does.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A job's name: 26 characters, the first ten a millisecond timestamp, so that names sort by time.
/// The format is ULID's (<https://github.com/ulid/spec>).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    /// Number of characters.
    pub const LEN: usize = 26;

    /// The id of a moment (milliseconds since the epoch) and 80 bits of chance.
    pub fn from_parts(unix_ms: u64, random: u128) -> Self {
        let value = (u128::from(unix_ms) << 80) | (random & ((1 << 80) - 1));
        let text =
            (0..Self::LEN).map(|i| char::from(ALPHABET[((value >> (125 - 5 * i)) & 31) as usize])).collect();
        Self(text)
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = BadJobId;

    fn from_str(s: &str) -> Result<Self, BadJobId> {
        let upper = s.to_ascii_uppercase();
        let whole = upper.len() == Self::LEN && upper.bytes().all(|b| ALPHABET.contains(&b));
        whole.then_some(Self(upper)).ok_or_else(|| BadJobId(s.to_owned()))
    }
}

/// The text is not a whole job id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a job id (26 characters of Crockford base 32)")]
pub struct BadJobId(String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One shard of one stage of one job. `stage` is the stage's place in the kind's list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardId {
    /// The job.
    pub job: JobId,
    /// Index into the kind's list of stages.
    pub stage: u8,
    /// Number within the stage, from 0.
    pub shard: u32,
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.job, self.stage, self.shard)
    }
}

/// The n-th lease granted by one generation of coordinator. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// Raised at every start of a coordinator.
    pub generation: u32,
    /// Grows within a generation.
    pub n: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.generation, self.n)
    }
}

impl FromStr for AttemptId {
    type Err = std::num::ParseIntError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (generation, n) = s.split_once('.').unwrap_or((s, ""));
        Ok(Self { generation: generation.parse()?, n: n.parse()? })
    }
}

/// A worker process, named by itself: host name, process id and 32 bits of chance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub String);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_sort_by_time_and_read_back() {
        let early = JobId::from_parts(1_700_000_000_000, u128::MAX);
        let late = JobId::from_parts(1_700_000_000_001, 0);
        assert!(early < late);
        assert_eq!(early.as_str().len(), JobId::LEN);
        assert_eq!(late.as_str().to_lowercase().parse(), Ok(late.clone()));
        assert!("01JD8Q4T3M".parse::<JobId>().is_err());
        assert!("U".repeat(26).parse::<JobId>().is_err());
    }

    #[test]
    fn attempts_read_back() {
        let a = AttemptId { generation: 3, n: 17 };
        assert_eq!(a.to_string().parse(), Ok(a));
        assert!("3".parse::<AttemptId>().is_err());
    }
}
