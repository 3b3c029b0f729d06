//! `[errors]` and `[limits]`: what an input may be, and what happens when it is not.

use crate::units::{Budget, Bytes};
use serde::{Deserialize, Serialize};

/// `errors.action`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorAction {
    /// Members that fail are set aside.
    #[default]
    Quarantine,
    /// The first one fails the job.
    Fail,
}

/// `errors.hold`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HoldWhen {
    /// Everything is tried, then the budget is judged: who is asked sees all of it.
    #[default]
    End,
    /// At the first failure beyond the budget.
    Early,
}

/// `[errors]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Errors {
    /// What a failing member means.
    pub action: ErrorAction,
    /// How many may fail before the job is held: a count, or a percentage of planned members rounded up.
    pub max_failed: Budget,
    /// When that is judged.
    pub hold: HoldWhen,
    /// How often a shard is tried again after its surroundings failed.
    pub retries: u32,
}

impl Default for Errors {
    fn default() -> Self {
        Self {
            action: ErrorAction::default(),
            max_failed: Budget::default(),
            hold: HoldWhen::default(),
            retries: 4,
        }
    }
}

/// `[limits]`: caps on what an input may claim. They stand in the plan: the same on every worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest member body. A slot's ring must hold one.
    pub max_member_bytes: Bytes,
    /// How many bytes one member may become in memory, per byte of its body. 16 MiB are always allowed.
    pub max_ratio: u32,
    /// How many bytes one member may become in memory.
    pub max_decoded_bytes: Bytes,
    /// Members in one archive.
    pub max_members: u64,
}

impl Limits {
    /// What any member may become in memory, however small it is.
    const DECODED_BYTES_FREE: u64 = 16 << 20;

    /// How many bytes a member with a body of `size` bytes may become in memory.
    pub fn decoded_bytes(&self, size: u64) -> u64 {
        let by_ratio = size.saturating_mul(self.max_ratio.into()).max(Self::DECODED_BYTES_FREE);
        by_ratio.min(self.max_decoded_bytes.0)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_member_bytes: Bytes::mib(256),
            max_ratio: 200,
            max_decoded_bytes: Bytes::mib(1024),
            max_members: 100_000_000,
        }
    }
}
