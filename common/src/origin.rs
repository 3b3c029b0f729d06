//! The mark that every upload and every object of a dataset carries: which attempt of which job made it.
//!
//! Whoever finds an object under an output key asks its mark whether it is ours. The mark is written when the upload
//! is begun, long before the object is visible, and cannot be changed afterwards.

use crate::ids::{AttemptId, JobId, ShardId};
use std::collections::BTreeMap;

/// Name of the metadata entry.
pub const ORIGIN: &str = "tarquet-attempt";

/// Who made an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The shard.
    pub shard: ShardId,
    /// The round it was leased in.
    pub round: u32,
    /// The attempt.
    pub attempt: AttemptId,
}

impl Origin {
    /// As metadata: one entry, `JOB/STAGE/SHARD.ROUND/GENERATION.N`.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        let value = format!("{}.{}/{}", self.shard, self.round, self.attempt);
        BTreeMap::from([(ORIGIN.to_owned(), value)])
    }

    /// From metadata; `None` for an object without a mark of ours.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Option<Self> {
        let mut fields = metadata.get(ORIGIN)?.split('/');
        let job: JobId = fields.next()?.parse().ok()?;
        let stage = fields.next()?.parse().ok()?;
        let (shard, round) = fields.next()?.split_once('.')?;
        let attempt = fields.next()?.parse().ok()?;
        let shard = ShardId { job, stage, shard: shard.parse().ok()? };
        fields.next().is_none().then_some(())?;
        Some(Self { shard, round: round.parse().ok()?, attempt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_read_back_and_strangers_have_none() {
        let shard = ShardId { job: JobId::from_parts(1, 2), stage: 3, shard: 4 };
        let origin = Origin { shard, round: 5, attempt: AttemptId { generation: 6, n: 7 } };
        assert_eq!(Origin::from_metadata(&origin.metadata()), Some(origin.clone()));
        assert_eq!(Origin::from_metadata(&BTreeMap::new()), None);
        for wrong in ["", "x", "00000000000000000000000000/1/2.3", "x/1/2.3/4.5", "/"] {
            let metadata = BTreeMap::from([(ORIGIN.to_owned(), wrong.to_owned())]);
            assert_eq!(Origin::from_metadata(&metadata), None, "{wrong}");
        }
        let longer = origin.metadata()[ORIGIN].clone() + "/8";
        assert_eq!(Origin::from_metadata(&BTreeMap::from([(ORIGIN.to_owned(), longer)])), None);
    }
}
