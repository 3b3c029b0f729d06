//! The beginning of an archive, read to judge the rest by.

use super::filter::{Filter, Ignored};
use crate::{
    planner::SampleSink,
    stores::{OpenStores, parse_uri},
};
use futures::StreamExt;
use std::{io, sync::Arc};
use tarquet_common::{
    archive::{ArchiveRef, Container, Entry, Member, SeekPoint},
    codes::{ourselves, spec as codes},
    failure::{Class, Failure},
    kinds::convert::ConvertSpec,
    store::Store,
};
use tarquet_container::{
    Restart, Sink,
    index::{IndexLimits, IndexObjects, MembersReader, TRAILER_LEN, Trailer, index_zip},
    seek::Spacing,
    tar::Walker,
    unpack::Unpacker,
    zip::RangedReader,
};
use tokio::runtime::Handle;

/// Uncompressed bytes that are looked at; more only where not even one member ended in them.
const HEAD_BYTES: u64 = 32 << 20;
/// Largest body that is shown.
const BODY_BYTES_MAX: u64 = 16 << 20;

/// What the beginning of an archive says.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Uncompressed bytes that were looked at.
    pub(super) uncompressed: u64,
    /// Bytes of the object that these were made of.
    pub(super) compressed: u64,
    /// Members whose bodies ended there, of every kind.
    pub(super) members: Vec<Member>,
    /// Where decoding could start; windows are not kept.
    pub(super) points: Vec<SeekPoint>,
    /// There is no more.
    pub(super) whole: bool,
    /// What is wrong with the archive; what stands behind it was not seen.
    pub(super) problem: Option<Failure>,
    /// The first of the uncompressed bytes.
    pub(super) bytes: Vec<u8>,
}

/// An object that is read.
struct Object<'a> {
    archive: &'a ArchiveRef,
    store: Arc<dyn Store>,
    key: String,
}

/// Reads the head of an archive: a few mebibytes of a stream, the directory of a zip archive, a loose object if it is
/// small.
///
/// # Errors
/// What the store said. Damage is the [problem](Head::problem) of the head.
pub(super) async fn read_head(
    stores: &dyn OpenStores,
    spec: &ConvertSpec,
    archive: &ArchiveRef,
    spacing: Spacing,
) -> Result<Head, Failure> {
    let uri = parse_uri(&archive.uri)?;
    let none = || Failure::new(codes::BAD_URI, format!("{uri} is no object")).at_uri(&archive.uri);
    let (root, key) = uri.split().ok_or_else(none)?;
    let store = stores.open(&root, &spec.input.store).await?;
    let object = Object { archive, store, key: key.to_owned() };
    match archive.container {
        Container::Loose => object.loose().await,
        Container::Zip => object.directory().await,
        _ => object.stream(spacing, spec.limits.max_member_bytes.0).await,
    }
}

impl Head {
    /// Shows the bodies of the first `wanted` members that count, as far as they are there, and forgets them all.
    pub(super) fn show(&mut self, filter: &Filter, wanted: usize, sample: &mut SampleSink<'_>) {
        let bytes = std::mem::take(&mut self.bytes);
        let counted = self.members.iter().filter(|m| filter.counts(m, &mut Ignored::default()));
        for member in counted.take(wanted).filter(|m| m.size <= BODY_BYTES_MAX) {
            let (Ok(start), Ok(size)) = (usize::try_from(member.offset), usize::try_from(member.size)) else {
                continue;
            };
            if let Some(body) = bytes.get(start..start.saturating_add(size)) {
                sample(body.to_vec());
            }
        }
    }
}

impl Object<'_> {
    async fn loose(&self) -> Result<Head, Failure> {
        let (name, size) = (self.key.as_str(), self.archive.size);
        let bytes = match size {
            0 | BODY_BYTES_MAX.. => Vec::new(),
            _ => {
                let whole = self.store.get_range(&self.key, 0..size, Some(&self.archive.etag)).await?;
                whole.to_vec()
            }
        };
        let members = vec![Member::loose(name, size)];
        Ok(Head { uncompressed: size, compressed: size, members, whole: true, bytes, ..Head::default() })
    }

    async fn stream(&self, spacing: Spacing, member_bytes_max: u64) -> Result<Head, Failure> {
        let mut unpacker = Unpacker::from_start(self.archive.container, spacing)?;
        let mut look = Look {
            walker: Walker::new(self.archive.container),
            head: Head::default(),
            search_bytes: HEAD_BYTES.saturating_add(member_bytes_max),
        };
        let mut given = 0;
        let fed = self.feed(&mut unpacker, &mut look, &mut given).await;
        let ended = given == self.archive.size && look.wants_more();
        // To its end is read what is as short as this: then it has to have one.
        let fed = match fed {
            Ok(()) if ended => unpacker.finish().and_then(|()| look.walker.finish()),
            other => other,
        };
        let mut head = look.head;
        (head.uncompressed, head.compressed) = (unpacker.uncompressed(), unpacker.compressed());
        match fed {
            Ok(()) => head.whole = ended,
            Err(failure) if failure.class() == Class::Input => {
                head.problem = Some(failure.at_uri(&self.archive.uri));
            }
            Err(failure) => return Err(failure),
        }
        Ok(head)
    }

    async fn feed(&self, unpacker: &mut Unpacker, look: &mut Look, given: &mut u64) -> Result<(), Failure> {
        if self.archive.size == 0 {
            return Ok(());
        }
        let range = 0..self.archive.size;
        let mut chunks = self.store.get_stream(&self.key, range, Some(&self.archive.etag)).await?;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            *given += chunk.len() as u64;
            unpacker.feed(&chunk, look)?;
            if !look.wants_more() {
                break;
            }
        }
        Ok(())
    }

    /// A zip archive says at its end what it holds.
    async fn directory(&self) -> Result<Head, Failure> {
        let (archive, runtime) = (self.archive.clone(), Handle::current());
        let reader =
            Ranged { runtime, store: self.store.clone(), key: self.key.clone(), archive: archive.clone() };
        let read = tokio::task::spawn_blocking(move || members_of_zip(&reader));
        let read = read.await.map_err(|died| {
            Failure::new(ourselves::PANICKED, "reading a directory panicked").caused_by(&died)
        })?;
        let mut head = Head { uncompressed: archive.size, compressed: archive.size, ..Head::default() };
        match read {
            Ok(members) => (head.members, head.whole) = (members, true),
            Err(failure) if failure.class() == Class::Input => head.problem = Some(failure),
            Err(failure) => return Err(failure),
        }
        Ok(head)
    }
}

/// Looks at the bytes that go by.
struct Look {
    walker: Walker,
    head: Head,
    /// Bytes within which one member must end.
    search_bytes: u64,
}

impl Sink for Look {
    fn restart(&mut self, restart: Restart<'_>) -> Result<(), Failure> {
        let Restart { compressed, uncompressed, .. } = restart;
        self.head.points.push(SeekPoint { compressed, uncompressed, entry: Entry::Frame });
        Ok(())
    }

    fn wants_more(&self) -> bool {
        let enough = if self.head.members.is_empty() { self.search_bytes } else { HEAD_BYTES };
        self.head.uncompressed < enough
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let head = &mut self.head;
        head.uncompressed += bytes.len() as u64;
        let room = HEAD_BYTES.saturating_sub(head.bytes.len() as u64);
        head.bytes.extend_from_slice(&bytes[..bytes.len().min(room as usize)]);
        self.walker.feed(bytes, &mut |member| {
            head.members.push(member);
            Ok(())
        })
    }
}

fn members_of_zip(reader: &Ranged) -> Result<Vec<Member>, Failure> {
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let (_, objects) = index_zip(reader.archive.identity(), reader, IndexLimits::default(), objects)?;
    let trailer = &objects.windows[objects.windows.len().saturating_sub(TRAILER_LEN)..];
    let trailer = Trailer::read(trailer, objects.windows.len() as u64)?;
    MembersReader::open(objects.members.into(), &trailer)?.members().collect()
}

/// Reads ranges of an object from a thread that may block.
struct Ranged {
    runtime: Handle,
    store: Arc<dyn Store>,
    key: String,
    archive: ArchiveRef,
}

impl RangedReader for Ranged {
    fn size(&self) -> u64 {
        self.archive.size
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let range = offset..offset.saturating_add(len as u64);
        let read = self.runtime.block_on(self.store.get_range(&self.key, range, Some(&self.archive.etag)));
        read.map(|bytes| bytes.to_vec()).map_err(io::Error::other)
    }
}
