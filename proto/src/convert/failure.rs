//! Failures.

use super::BadMessage;
use crate::v1;
use tarquet_common::{
    codes::{Code, ourselves},
    failure::{Failure, Place},
};

/// Into the message.
pub fn from_failure(f: &Failure) -> v1::Failure {
    v1::Failure {
        code: f.code.to_string(),
        message: f.message.clone(),
        place: Some(v1::Place {
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
pub fn to_failure(m: v1::Failure) -> Result<Failure, BadMessage> {
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
