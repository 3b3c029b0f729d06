//! Messages that mirror what the coordinator's core tells people.
//!
//! The core's views and these messages have the same fields under the same names, so a view becomes its message, and
//! the message the view again, through their common data model. A field that only one side has would be lost on the
//! way; tests beside the services compare both sides with every field set.

use super::BadMessage;
use crate::v2::{HeldLease, LeaseLine, Range, ShardPlace};
use serde::{Serialize, de::DeserializeOwned};

/// A view as its message, or a message as its view.
pub fn mirror<A: Serialize, B: DeserializeOwned>(from: &A) -> Result<B, BadMessage> {
    let value = serde_json::to_value(from);
    value.and_then(serde_json::from_value).map_err(|e| BadMessage::malformed("status", e))
}

impl From<(u64, u64)> for Range {
    fn from((low, high): (u64, u64)) -> Self {
        Self { low, high }
    }
}

impl From<Range> for (u64, u64) {
    fn from(range: Range) -> Self {
        (range.low, range.high)
    }
}

impl From<(u32, u32)> for ShardPlace {
    fn from((stage, shard): (u32, u32)) -> Self {
        Self { stage, shard }
    }
}

impl From<ShardPlace> for (u32, u32) {
    fn from(place: ShardPlace) -> Self {
        (place.stage, place.shard)
    }
}

impl From<(String, u32, u32, LeaseLine)> for HeldLease {
    fn from((job, stage, shard, lease): (String, u32, u32, LeaseLine)) -> Self {
        Self { job, stage, shard, lease: Some(lease) }
    }
}

impl From<HeldLease> for (String, u32, u32, LeaseLine) {
    fn from(held: HeldLease) -> Self {
        (held.job, held.stage, held.shard, held.lease.unwrap_or_default())
    }
}
