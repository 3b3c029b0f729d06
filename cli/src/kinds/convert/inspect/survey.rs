//! What an archive holds.

use super::lz4::FrameFacts;
use crate::object::Object;
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashSet},
    io,
};
use tarquet_common::{
    archive::ArchiveIdentity,
    codes::archive as codes,
    failure::{Class, Failure},
    kinds::convert::Members,
};
use tarquet_container::{
    Container, HEAD_LEN, Member, MemberKind, Restart, Sink, check_head,
    index::{IndexLimits, IndexObjects, MembersReader, TRAILER_LEN, Trailer, index_zip},
    seek::Spacing,
    tar::Walker,
    unpack::Unpacker,
    zip::RangedReader,
};
use tarquet_coordinator::kinds::convert::{Filter, Ignored};

/// Most members that are kept in memory.
const MEMBERS_MAX: usize = 20_000_000;

/// An object that holds members, or is one.
#[derive(Clone)]
pub(crate) struct Archive {
    /// The object.
    pub object: Object,
    /// What its name promises.
    pub container: Container,
}

impl Archive {
    /// The archive that the name of an object promises.
    ///
    /// # Errors
    /// `UNKNOWN_CONTAINER`.
    pub(crate) fn of(object: Object) -> Result<Self, Failure> {
        let container = Container::of(&object.uri)?;
        Ok(Self { object, container })
    }
}

impl RangedReader for &Archive {
    fn size(&self) -> u64 {
        self.object.size
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.object.read_at(offset, len)
    }
}

/// What was found, to the end or to the first thing that is wrong.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Survey {
    /// Its format.
    pub container: Option<Container>,
    /// How its first LZ4 frame is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lz4: Option<FrameFacts>,
    /// Bytes of the uncompressed stream.
    pub uncompressed: u64,
    /// Places where decoding could start.
    pub seek_points: u64,
    /// How many there are of each kind.
    pub kinds: BTreeMap<MemberKind, u64>,
    /// Members whose name an earlier one has.
    pub duplicates: u64,
    /// Files that do not match the default filter.
    pub ignored: u64,
    /// Files that a job would convert.
    pub counted: u64,
    /// Bytes of the largest of them.
    pub largest: u64,
    /// What is wrong with the archive as a whole.
    pub problem: Option<Failure>,
    /// The members, in order.
    #[serde(skip)]
    pub members: Vec<Member>,
}

/// Reads an archive. What is wrong with it is part of the survey; an error is what has nothing to do with its bytes.
pub(crate) async fn survey(archive: &Archive) -> Result<Survey, Failure> {
    let Archive { object, container } = archive;
    let mut survey = Survey { container: Some(*container), ..Survey::default() };
    let read = match container {
        Container::Loose => loose(object, &mut survey),
        Container::Zip => zip(archive, &mut survey),
        _ => stream(archive, &mut survey).await,
    };
    match read {
        Err(failure) if failure.class() != Class::Input => return Err(failure),
        read => survey.problem = read.err().map(|f| f.at_uri(&object.uri)),
    }
    survey.tally(&Filter::new(&Members::default())?);
    Ok(survey)
}

fn loose(object: &Object, survey: &mut Survey) -> Result<(), Failure> {
    let name = object.uri.rsplit('/').next().unwrap_or(&object.uri);
    survey.uncompressed = object.size;
    survey.members.push(Member::loose(name, object.size));
    Ok(())
}

/// A zip archive has a directory, which is indexed in memory and read back.
fn zip(archive: &Archive, survey: &mut Survey) -> Result<(), Failure> {
    let object = &archive.object;
    survey.uncompressed = object.size;
    let identity = ArchiveIdentity { uri: object.uri.clone(), etag: object.etag.clone(), size: object.size };
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let (_, objects) = index_zip(identity, &archive, IndexLimits::default(), objects)?;
    let trailer = &objects.windows[objects.windows.len().saturating_sub(TRAILER_LEN)..];
    let trailer = Trailer::read(trailer, objects.windows.len() as u64)?;
    for member in MembersReader::open(objects.members.into(), &trailer)?.members() {
        survey.push(member?)?;
    }
    survey.seek_points = survey.members.len() as u64;
    Ok(())
}

async fn stream(archive: &Archive, survey: &mut Survey) -> Result<(), Failure> {
    let Archive { object, container } = archive;
    let mut unpacker = Unpacker::from_start(*container, Spacing::for_partition(1 << 29))?;
    let mut taker = Taker { walker: Walker::new(*container), survey };
    let mut head = Vec::new();
    let mut checked = false;
    let mut feed = |chunk: &[u8]| -> Result<bool, Failure> {
        if !checked {
            head.extend_from_slice(&chunk[..chunk.len().min(HEAD_LEN - head.len())]);
            if head.len() == HEAD_LEN || head.len() as u64 == object.size {
                check_head(*container, &head)?;
                checked = true;
            }
        }
        unpacker.feed(chunk, &mut taker)?;
        Ok(true)
    };
    let fed = object.each(&mut feed).await;
    let ended = fed.and_then(|()| unpacker.finish()).and_then(|()| taker.walker.finish());
    survey.uncompressed = unpacker.uncompressed();
    survey.lz4 = FrameFacts::read(&head);
    ended
}

struct Taker<'a> {
    walker: Walker,
    survey: &'a mut Survey,
}

impl Sink for Taker<'_> {
    fn restart(&mut self, _: Restart<'_>) -> Result<(), Failure> {
        self.survey.seek_points += 1;
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let survey = &mut *self.survey;
        self.walker.feed(bytes, &mut |member| survey.push(member))
    }
}

impl Survey {
    fn push(&mut self, member: Member) -> Result<(), Failure> {
        if self.members.len() >= MEMBERS_MAX {
            return Err(Failure::new(
                codes::ARCHIVE_LIMIT,
                format!("the archive has more than {MEMBERS_MAX} members"),
            ));
        }
        self.members.push(member);
        Ok(())
    }

    fn tally(&mut self, filter: &Filter) {
        let (mut names, mut ignored) = (HashSet::new(), Ignored::default());
        for member in &self.members {
            *self.kinds.entry(member.kind).or_default() += 1;
            self.duplicates += u64::from(!names.insert(&member.name));
            if filter.counts(member, &mut ignored) {
                self.counted += 1;
                self.largest = self.largest.max(member.size);
            }
        }
        self.ignored = ignored.unmatched;
    }
}
