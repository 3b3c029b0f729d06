//! What the store holds of a job, as far as the core reads and writes it. A rebuild reads nothing else.

use crate::{jobs::JobOptions, spec_json::SpecJson};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::sync::Arc;
use tarquet_common::{
    failure::Failure,
    ids::{JobId, ShardId},
    receipt::Receipt,
    stage_plan::{ItemWords, ShardRecord},
    store::StoreSettings,
};

/// A job as it is asked for. Also the job object in the store, which a rebuild reads. (`upgrade` says how.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Submit {
    /// The client's token; a repeat gets the first one's job.
    pub token: String,
    /// The id the job gets unless the token is known.
    pub job: JobId,
    /// What people call it.
    pub name: String,
    /// Kind of job.
    pub kind: String,
    /// Its word for an item.
    #[serde(default = "crate::upgrade::item")]
    pub item: ItemWords,
    /// The kind's stages; the last is `publish`.
    pub stages: Vec<String>,
    /// Where the job keeps its objects.
    pub job_uri: String,
    /// Where the dataset goes.
    pub output_uri: String,
    /// How to reach the output, and the job's objects beside it.
    pub store: StoreSettings,
    /// The validated spec, opaque here.
    pub spec: SpecJson,
    /// What the engine understands of it.
    pub options: JobOptions,
    /// When, milliseconds since the epoch.
    pub submitted_unix_ms: u64,
}

/// A stage's plan, as durable in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct StagePlan {
    /// The stage.
    pub stage: u8,
    /// Key of the plan, relative to the job prefix.
    pub plan_name: String,
    /// BLAKE3 of its head, hexadecimal.
    pub plan_digest: String,
    /// Its records, in shard order.
    pub shards: Vec<ShardRecord>,
    /// Items its receipts will account for.
    pub planned_items: u64,
    /// The steps of an attempt.
    pub steps: Vec<String>,
    /// Output partitions it makes.
    pub partitions: u32,
    /// For people.
    pub warnings: Vec<String>,
}

/// One shard in a new round.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reopen {
    /// Its stage.
    pub stage: u8,
    /// Its number.
    pub shard: u32,
    /// The round it is opened in.
    pub round: u32,
}

/// Why rounds are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyReopen {
    /// Somebody asked.
    Retry,
    /// Uploads were gone when they were to be published.
    UploadLost,
}

/// The object `rounds/<number>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoundsObject {
    /// From 1, without gaps.
    pub number: u32,
    /// Why.
    pub why: WhyReopen,
    /// Which shards.
    pub shards: Vec<Reopen>,
}

/// The object `accepts/<number>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AcceptObject {
    /// From 1, without gaps.
    pub number: u32,
    /// The stage that is gone on from.
    pub stage: u8,
    /// Items in quarantine when it was said.
    pub quarantined: u64,
    /// Shards that are gone without, and why.
    pub excluded: Vec<(u32, Failure)>,
}

impl AcceptObject {
    /// The stage and number of every shard that is gone without.
    pub fn places(&self) -> impl Iterator<Item = (u8, u32)> {
        self.excluded.iter().map(|(shard, _)| (self.stage, *shard))
    }
}

/// What an outcome object says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Verdict {
    /// Make the artifacts visible.
    Publish,
    /// Never do.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Never do, because of this.
    Fail {
        /// Why.
        failure: Box<Failure>,
    },
}

/// The object `receipts/<stage>/<shard>.<round>`: how a round of a shard ended. It is written once, so of an attempt that
/// finishes, somebody who opens the next round and somebody who goes on without the shard, one has decided, and the others
/// read what.
///
/// Stored as the receipt alone, or as `{"void": {…}}` or `{"excluded": {…}}`.
#[derive(Clone, Debug, PartialEq)]
pub enum RoundEnd {
    /// An attempt has done it.
    Receipt(Arc<Receipt>),
    /// Nobody has and nobody will: the next round is open.
    Void(RoundOf),
    /// Nobody has and nobody will in any round: the job goes on without it.
    Excluded {
        /// Which.
        of: RoundOf,
        /// Why.
        failure: Box<Failure>,
    },
}

impl RoundEnd {
    /// The round that it ends.
    pub fn round(&self) -> (&ShardId, u32) {
        match self {
            Self::Receipt(receipt) => (&receipt.shard, receipt.round),
            Self::Void(of) | Self::Excluded { of, .. } => (&of.shard, of.round),
        }
    }
}

/// A round of a shard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoundOf {
    /// The shard.
    pub shard: ShardId,
    /// Its round.
    pub round: u32,
}

/// What is in the object of a round without a receipt.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NoReceipt {
    Void(RoundOf),
    Excluded {
        #[serde(flatten)]
        of: RoundOf,
        failure: Box<Failure>,
    },
}

impl Serialize for RoundEnd {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            Self::Receipt(receipt) => receipt.as_ref().serialize(to),
            Self::Void(of) => NoReceipt::Void(of).serialize(to),
            Self::Excluded { of, failure } => NoReceipt::Excluded { of, failure }.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for RoundEnd {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        if ["void", "excluded"].iter().any(|word| value.get(word).is_some()) {
            return Ok(match NoReceipt::deserialize(value).map_err(D::Error::custom)? {
                NoReceipt::Void(of) => Self::Void(of),
                NoReceipt::Excluded { of, failure } => Self::Excluded { of, failure },
            });
        }
        Ok(Self::Receipt(Arc::new(Receipt::deserialize(value).map_err(D::Error::custom)?)))
    }
}

/// An upload to abort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Final key, relative to the output root.
    pub name: String,
    /// The store's name for the upload.
    pub upload_id: String,
}

/// All that the store says of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The job object.
    pub submit: Submit,
    /// The claim is there and names this job.
    pub claimed: bool,
    /// The highest `generations/<g>`; 0 if none.
    pub generation: u32,
    /// Plans, in stage order.
    pub plans: Vec<StagePlan>,
    /// All `rounds/<n>`.
    pub rounds: Vec<RoundsObject>,
    /// How rounds of shards ended.
    pub ends: Vec<RoundEnd>,
    /// All `accepts/<n>`.
    pub accepts: Vec<AcceptObject>,
    /// The outcome.
    pub outcome: Option<Verdict>,
    /// The catalog is there.
    pub catalog: bool,
}
