//! The first members of an archive.

use crate::{kinds::convert::inspect::Archive, object::Object};
use tarquet_common::failure::{Class, Failure};
use tarquet_container::{Container, Member, Sink, seek::Spacing, tar::Walker, unpack::Unpacker};
use tarquet_coordinator::kinds::convert::{Filter, Ignored};
use tarquet_decode::{Described, Limits, describe};

/// Uncompressed bytes that are looked at.
const HEAD_BYTES: usize = 32 << 20;
/// Largest member whose frame is looked at.
const BODY_BYTES_MAX: u64 = 16 << 20;

/// What the beginning of an archive says.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Compressed bytes read.
    pub compressed: u64,
    /// Sizes of the members that count, as far as they were seen whole.
    pub sizes: Vec<u64>,
    /// Files and others that do not count.
    pub ignored: u64,
    /// Frames of the first members.
    pub frames: Vec<Described>,
    /// The whole archive was read.
    pub whole: bool,
    /// What is wrong with it.
    pub problem: Option<Failure>,
}

/// Reads the head and describes up to `sample` members.
pub(super) async fn head(archive: &Archive, filter: &Filter, sample: usize) -> Result<Head, Failure> {
    let Archive { object, container } = archive;
    if *container == Container::Loose {
        return loose(object, sample).await;
    }
    let mut head = Head::default();
    let mut unpacker = Unpacker::from_start(*container, Spacing::for_partition(1 << 29))?;
    let mut keep = Keep { walker: Walker::new(*container), bytes: Vec::new(), members: Vec::new() };
    let read = object
        .each(&mut |chunk| {
            head.compressed += chunk.len() as u64;
            unpacker.feed(chunk, &mut keep)?;
            Ok(keep.wants_more())
        })
        .await;
    head.whole = head.compressed == object.size && keep.wants_more();
    head.problem = match read {
        Err(failure) if failure.class() == Class::Input => Some(failure.at_uri(&object.uri)),
        Err(failure) => return Err(failure),
        Ok(()) => None,
    };
    let mut ignored = Ignored::default();
    let wanted: Vec<&Member> = keep.members.iter().filter(|m| filter.counts(m, &mut ignored)).collect();
    head.ignored = ignored.unmatched + ignored.not_files.values().sum::<u64>();
    head.sizes = wanted.iter().map(|m| m.size).collect();
    head.frames = wanted.iter().take(sample).filter_map(|m| keep.frame(m)).collect();
    Ok(head)
}

async fn loose(object: &Object, sample: usize) -> Result<Head, Failure> {
    let mut head = Head { sizes: vec![object.size], compressed: object.size, whole: true, ..Head::default() };
    if sample > 0 && object.size <= BODY_BYTES_MAX {
        let body = object.whole(BODY_BYTES_MAX).await?.to_vec();
        head.frames = describe(body, &Limits::default()).unwrap_or_default();
    }
    Ok(head)
}

/// Keeps the uncompressed bytes of the head, and what stands in them.
struct Keep {
    walker: Walker,
    bytes: Vec<u8>,
    members: Vec<Member>,
}

impl Sink for Keep {
    fn wants_more(&self) -> bool {
        self.bytes.len() < HEAD_BYTES
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.bytes.extend_from_slice(bytes);
        let members = &mut self.members;
        self.walker.feed(bytes, &mut |member| {
            members.push(member);
            Ok(())
        })
    }
}

impl Keep {
    /// The first frame of a member; one that cannot be described is left for the job to tell.
    fn frame(&self, member: &Member) -> Option<Described> {
        let start = usize::try_from(member.offset).ok()?;
        let end = start.checked_add(usize::try_from(member.size).ok()?)?;
        let body = self.bytes.get(start..end).filter(|_| member.size <= BODY_BYTES_MAX)?;
        describe(body.to_vec(), &Limits::default()).ok()?.into_iter().next()
    }
}
