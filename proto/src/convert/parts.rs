//! What several messages hold: shards, attempts, failures. And messages that cannot be turned into what they stand for.

use crate::v2;
use tarquet_common::{
    codes::{Code, ourselves},
    failure::{Failure, Place},
    ids::{AttemptId, ShardId},
};

/// A message that cannot be turned into what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` of the message is {wrong}")]
pub struct BadMessage {
    /// Which field.
    pub field: &'static str,
    /// `missing`, or why its content is not one.
    pub wrong: String,
}

impl BadMessage {
    /// A field that must be there is not.
    pub fn missing(field: &'static str) -> Self {
        Self { field, wrong: "missing".to_owned() }
    }

    /// The content of a field is not what it should be.
    pub fn malformed(field: &'static str, why: impl std::fmt::Display) -> Self {
        Self { field, wrong: format!("malformed: {why}") }
    }
}

/// The content of a field that must be there.
pub(super) fn need<T>(value: Option<T>, field: &'static str) -> Result<T, BadMessage> {
    value.ok_or_else(|| BadMessage::missing(field))
}

/// Into the message.
pub fn from_shard(s: &ShardId) -> v2::ShardId {
    v2::ShardId { job: s.job.to_string(), stage: u32::from(s.stage), shard: s.shard }
}

/// Out of the message.
pub fn to_shard(m: Option<v2::ShardId>) -> Result<ShardId, BadMessage> {
    let m = need(m, "shard")?;
    let job = m.job.parse().map_err(|e| BadMessage::malformed("shard.job", e))?;
    let stage = u8::try_from(m.stage).map_err(|e| BadMessage::malformed("shard.stage", e))?;
    Ok(ShardId { job, stage, shard: m.shard })
}

/// Into the message.
pub fn from_attempt(a: AttemptId) -> v2::AttemptId {
    v2::AttemptId { generation: a.generation, n: a.n }
}

/// Out of the message.
pub fn to_attempt(m: Option<v2::AttemptId>) -> Result<AttemptId, BadMessage> {
    let m = need(m, "attempt")?;
    Ok(AttemptId { generation: m.generation, n: m.n })
}

/// Into the message.
pub fn from_failure(f: &Failure) -> v2::Failure {
    v2::Failure {
        code: f.code.to_string(),
        message: f.message.clone(),
        place: Some(v2::Place {
            uri: f.place.uri.clone(),
            member: f.place.member.clone(),
            offset: f.place.offset,
            item: f.place.item.clone(),
        }),
        expected: f.expected.clone(),
        found: f.found.clone(),
        hint: f.hint.clone(),
        causes: f.causes.clone(),
    }
}

/// Out of the message. A code that this build's table does not have (a newer peer's) becomes
/// [`ourselves::INVARIANT`] with the unknown code named in the causes: it must not be lost, and its class is
/// not known.
pub fn to_failure(m: v2::Failure) -> Result<Failure, BadMessage> {
    let place = m.place.unwrap_or_default();
    let mut causes = m.causes;
    let code: Code = match m.code.parse() {
        Ok(code) => code,
        Err(_) if m.code.is_empty() => return Err(BadMessage::missing("failure.code")),
        Err(unknown) => {
            causes.push(format!("the peer's code {unknown}"));
            ourselves::INVARIANT
        }
    };
    Ok(Failure {
        code,
        message: m.message,
        place: Place { uri: place.uri, member: place.member, offset: place.offset, item: place.item },
        expected: m.expected,
        found: m.found,
        hint: m.hint,
        causes,
    })
}
