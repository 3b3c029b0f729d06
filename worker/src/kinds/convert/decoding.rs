//! Members to frames, whatever is in them.

use crate::{
    attempt::{ProgressCell, panic_words},
    scratch::Body,
    work::SlotMemory,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tarquet_common::{
    archive::{ArchiveRef, Member},
    codes::{cluster, ourselves, plan as codes},
    failure::Failure,
    kinds::convert::DECODE,
    memory::decoded_bytes,
    spec::Limits,
};
use tarquet_decode::{frame::Frame, options};

/// How the members of a shard are decoded: what the plan says, and what this slot has for it.
pub(super) struct Decoding {
    key: options::KeyChoice,
    limits: Limits,
    memory_bytes: u64,
}

impl Decoding {
    /// The largest member has a body of `largest` bytes.
    pub(super) fn new(key: &str, limits: &Limits, largest: u64, memory: SlotMemory) -> Self {
        let key = options::KeyChoice::of_spec(key);
        let spare = memory.slot_bytes.saturating_sub(memory.planned_bytes);
        // A frame is there twice: decoded, and conformed to the schema.
        let memory_bytes = (decoded_bytes(largest) + spare) / 2;
        Self { key, limits: limits.clone(), memory_bytes }
    }

    /// Decoder options for a member with a body of `size` bytes.
    fn options(&self, size: u64) -> options::Options {
        let decoded = self.limits.decoded_bytes(size);
        let all = options::Limits::default();
        options::Options {
            key: self.key.clone(),
            limits: options::Limits {
                member_bytes: self.limits.max_member_bytes.0,
                decoded_bytes: decoded,
                object_bytes: decoded.min(all.object_bytes),
                chunk_bytes: decoded.min(all.chunk_bytes),
                vlen_bytes: decoded,
                memory_bytes: self.memory_bytes,
                ..all
            },
        }
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
    decoding: &Decoding,
    progress: &ProgressCell,
) -> Result<Frame, Failure> {
    progress.begin_item(place);
    let options = decoding.options(body.as_ref().len() as u64);
    let decode = AssertUnwindSafe(|| tarquet_decode::decode(body, &options));
    let caught = progress.timed(DECODE, || catch_unwind(decode));
    progress.end_item();
    if let Ok(Err(failure)) = &caught
        && failure.code == cluster::DECODER_SLOW
    {
        // A clock is no judge of a member; two attempts are.
        progress.blame(place);
    }
    caught.unwrap_or_else(|panic| {
        progress.blame(place);
        let mut failure = Failure::new(ourselves::PANICKED, "the decoder panicked");
        failure.causes.push(panic_words(&*panic));
        Err(failure)
    })
}

/// Adds where a member is.
pub(super) fn placed(failure: Failure, archive: &ArchiveRef, member: &Member) -> Failure {
    let mut failure = failure.at_uri(&archive.uri).at_member(member.display_name());
    failure.place.offset.get_or_insert(member.offset);
    failure
}

/// Why the member at `place` is not even tried, if it is not. `skip` are the places where a decoder died twice.
pub(super) fn refusal(place: u32, member: &Member, skip: &[u32], limits: &Limits) -> Option<Failure> {
    let name = member.display_name();
    if skip.contains(&place) {
        let text = format!("{name} killed the decoder in two attempts");
        return Some(Failure::new(codes::KILLS_DECODER, text));
    }
    if let Some(refusal) = member.refusal() {
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
    fn a_member_may_become_what_the_plan_says_and_the_slot_has() {
        let limits = Limits { max_ratio: 10, max_decoded_bytes: Bytes::mib(300), ..Limits::default() };
        let memory = SlotMemory { slot_bytes: 448 << 20, planned_bytes: 248 << 20 };
        let decoding = Decoding::new("auto", &limits, 20 << 20, memory);
        // 20 MiB are planned twice, and half of the 200 MiB that are left comes on top of each.
        assert_eq!(decoding.memory_bytes, 120 << 20);
        let of = |size| decoding.options(size).limits;
        assert_eq!(of(1000).decoded_bytes, 16 << 20, "small members are not held to the ratio");
        assert_eq!(of(20 << 20).decoded_bytes, 200 << 20);
        assert_eq!(of(200 << 20).decoded_bytes, 300 << 20);
        assert_eq!((of(1000).chunk_bytes, of(1000).memory_bytes), (16 << 20, 120 << 20));
    }

    #[test]
    fn what_is_not_tried_says_why() {
        let limits = Limits { max_member_bytes: Bytes(1000), ..Limits::default() };
        let code = |place, size| {
            let member = Member::loose("a.h5", size);
            refusal(place, &member, &[7], &limits).map(|failure| failure.code)
        };
        assert_eq!(code(0, 1000), None);
        assert_eq!(code(0, 1001), Some(codes::MEMBER_TOO_LARGE));
        assert_eq!(code(7, 1000), Some(codes::KILLS_DECODER));
    }
}
