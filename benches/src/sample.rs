//! A **sample archive** as `tarquet generate frames` makes it, indexed, and its members' bodies.

use std::{ffi::OsString, fs};
use tarquet_common::{archive::ArchiveIdentity, failure::Failure};
use tarquet_container::{
    BodySink, Container, Member, Wanted,
    index::{IndexBuilder, IndexLimits, IndexObjects, IndexSummary, MembersReader, Trailer},
    seek::Spacing,
    stream::MemberStream,
};

/// Bytes given to a decoder at a time: one GET.
pub const CHUNK_BYTES: usize = 8 << 20;

/// How the archive's LZ4 frame is cut, as `generate --blocks` calls it.
pub const BLOCKS: [&str; 2] = ["linked", "independent"];

/// One `.tar.lz4` archive of `members` members.
///
/// # Panics
/// When it cannot be made.
pub fn archive(members: u32, blocks: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let members = members.to_string();
    let mut arguments: Vec<OsString> =
        ["tarquet", "-q", "generate", "frames", "--archives", "1", "--members", &members, "--blocks", blocks]
            .map(OsString::from)
            .into();
    arguments.extend(["--output".into(), folder.path().into()]);
    assert_eq!(tarquet::main(arguments).code(), 0);
    let mut files =
        fs::read_dir(folder.path()).expect("the folder is there").map(|e| e.expect("listed").path());
    let archive = files.find(|p| p.to_string_lossy().ends_with(".tar.lz4")).expect("one archive");
    fs::read(archive).expect("it was written")
}

/// An archive's index: what is told of it, and its members.
#[derive(Debug)]
pub struct Indexed {
    /// Seek points and totals.
    pub summary: IndexSummary,
    /// `windows.bin`.
    pub windows: Vec<u8>,
    /// Members, by offset.
    pub members: Vec<Member>,
}

/// Reads an archive once, as the index stage does.
///
/// # Errors
/// When it is damaged.
pub fn index(bytes: &[u8]) -> Result<Indexed, Failure> {
    let identity = ArchiveIdentity { uri: "bench".into(), etag: "bench".into(), size: bytes.len() as u64 };
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let spacing = Spacing::for_partition(256 << 20);
    let mut builder =
        IndexBuilder::new(identity, Container::TarLz4, spacing, IndexLimits::default(), objects)?;
    for chunk in bytes.chunks(CHUNK_BYTES) {
        builder.feed(chunk)?;
    }
    let (summary, IndexObjects { members, windows }) = builder.finish()?;
    let end = windows.len() - tarquet_container::index::TRAILER_LEN;
    let trailer = Trailer::read(&windows[end..], windows.len() as u64)?;
    let members = MembersReader::open(members.into(), &trailer)?.members().collect::<Result<_, _>>()?;
    Ok(Indexed { summary, windows, members })
}

/// The bodies of `members`, read from the nearest seek point on.
///
/// # Errors
/// When the archive is damaged.
pub fn bodies(bytes: &[u8], index: &Indexed, members: &[Member]) -> Result<Vec<Vec<u8>>, Failure> {
    let (Some(first), Some(last)) = (members.first(), members.last()) else { return Ok(Vec::new()) };
    let range = index.summary.seek.range_of(first.offset..last.offset + last.size, bytes.len() as u64);
    let at = |n: u64| usize::try_from(n).expect("the archive is in memory");
    let window = range.start.window().map(|w| &index.windows[at(w.range().start)..at(w.range().end)]);
    let wanted = members.iter().map(Wanted::from).collect();
    let mut stream = MemberStream::new(Container::TarLz4, &range.start, window, wanted)?;
    let mut kept = Kept::default();
    for chunk in bytes[at(range.start.compressed)..at(range.end)].chunks(CHUNK_BYTES) {
        stream.feed(chunk, &mut kept)?;
    }
    stream.finish(&mut kept)?;
    Ok(kept.done)
}

#[derive(Default)]
struct Kept {
    filling: Vec<u8>,
    done: Vec<Vec<u8>>,
}

impl BodySink for Kept {
    fn begin(&mut self, _member: usize, size: u64) -> Result<(), Failure> {
        self.filling = vec![0; usize::try_from(size).expect("a member fits into memory")];
        Ok(())
    }

    fn body(&mut self) -> &mut [u8] {
        &mut self.filling
    }

    fn complete(&mut self, _member: usize) -> Result<(), Failure> {
        self.done.push(std::mem::take(&mut self.filling));
        Ok(())
    }
}
