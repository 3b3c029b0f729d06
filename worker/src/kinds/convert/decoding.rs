//! Members to frames, whatever is in them.

use crate::{
    agent::{ProgressCell, panic_words},
    scratch::Body,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tarquet_common::{
    codes::{ourselves, plan as codes},
    failure::Failure,
    spec::Limits,
};
use tarquet_convert::{ArchiveRef, MemberRef};
use tarquet_decode::{frame::Frame, options};

/// Decoder options of a plan.
pub(super) fn options(key: &str, limits: &Limits) -> options::Options {
    let decoded = limits.max_decoded_bytes.0;
    options::Options {
        key: match key {
            "auto" => options::KeyChoice::Auto,
            key => options::KeyChoice::Named(key.to_owned()),
        },
        limits: options::Limits {
            member_bytes: limits.max_member_bytes.0,
            decoded_bytes: decoded,
            object_bytes: decoded.min(options::Limits::default().object_bytes),
            vlen_bytes: decoded,
            ..options::Limits::default()
        },
    }
}

/// Decodes one member. `place` is its place in the shard: a decoder that dies there is told by it.
///
/// # Errors
/// The member's failure, with its archive, name and offset. Of class `Input` it concerns the member alone; any other ends
/// the attempt.
pub(super) fn decode(
    body: Body,
    place: u32,
    options: &options::Options,
    progress: &ProgressCell,
) -> Result<Frame, Failure> {
    progress.decoding(place);
    let caught = catch_unwind(AssertUnwindSafe(|| tarquet_decode::decode(body, options)));
    progress.decoded();
    caught.unwrap_or_else(|panic| {
        progress.blame(place);
        let mut failure = Failure::new(ourselves::PANICKED, "the decoder panicked");
        failure.causes.push(panic_words(&*panic));
        Err(failure)
    })
}

/// Adds where a member is.
pub(super) fn placed(failure: Failure, archive: &ArchiveRef, member: &MemberRef) -> Failure {
    let mut failure = failure.at_uri(&archive.uri).at_member(member.display_name());
    failure.place.offset.get_or_insert(member.offset);
    failure
}

/// Why the member at `place` is not even tried, if it is not. `skip` are the places where a decoder died twice.
pub(super) fn refusal(place: u32, member: &MemberRef, skip: &[u32], limits: &Limits) -> Option<Failure> {
    let name = member.display_name();
    if skip.contains(&place) {
        let text = format!("{name} killed the decoder in two attempts");
        return Some(Failure::new(codes::KILLS_DECODER, text));
    }
    if let Some(refusal) = tarquet_container::Member::from(member.clone()).refusal() {
        return Some(refusal);
    }
    (member.size > limits.max_member_bytes.0).then(|| {
        let text = format!("{name} is larger than limits.max_member_bytes");
        Failure::new(codes::MEMBER_TOO_LARGE, text)
            .expected(format!("at most {}", limits.max_member_bytes), format!("{} bytes", member.size))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::units::Bytes;
    use tarquet_container::Member;

    #[test]
    fn what_is_not_tried_says_why() {
        let limits = Limits { max_member_bytes: Bytes(1000), ..Limits::default() };
        let code = |place, size| {
            let member = MemberRef::from(Member::loose("a.h5", size));
            refusal(place, &member, &[7], &limits).map(|failure| failure.code)
        };
        assert_eq!(code(0, 1000), None);
        assert_eq!(code(0, 1001), Some(codes::MEMBER_TOO_LARGE));
        assert_eq!(code(7, 1000), Some(codes::KILLS_DECODER));
    }
}
