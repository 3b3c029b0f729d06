//! Writers of small archives and takers of what comes out of them.

use tarquet_common::{
    archive::{ArchiveIdentity, WINDOW_LEN},
    failure::Failure,
};
use tarquet_container::{
    BodySink, Container, Entry, Member, MemberKind, Restart, RestartEntry, SeekPoint, Sink, Wanted,
    index::{IndexBuilder, IndexLimits, IndexObjects, IndexSummary, MembersReader, TRAILER_LEN, Trailer},
    seek::{SeekTable, Spacing},
    stream::MemberStream,
    unpack::Unpacker,
};
use xxhash_rust::xxh32::xxh32;

/// Numbers that look random and are the same each time.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Bytes that shrink a little: noise, repeats from far back, runs.
    pub(crate) fn content(&mut self, len: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(len);
        while out.len() < len {
            match self.below(4) {
                0 => out.extend((0..self.below(400)).map(|_| self.next() as u8)),
                1 => out.extend(std::iter::repeat_n(self.next() as u8, self.below(300))),
                _ if out.is_empty() => out.push(0),
                _ => {
                    let back = 1 + self.below(out.len().min(65_535));
                    let run = 4 + self.below(2_000);
                    let from = out.len() - back;
                    for i in 0..run {
                        out.push(out[from + i]);
                    }
                }
            }
        }
        out.truncate(len);
        out
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// How our own LZ4 writer writes a frame.
#[derive(Clone, Debug)]
pub(crate) struct Lz4Style {
    /// 4 to 7.
    pub(crate) block_id: u8,
    pub(crate) linked: bool,
    pub(crate) block_sums: bool,
    pub(crate) content_sum: bool,
    pub(crate) content_size: bool,
    /// Block lengths, used in turn; cut to the maximum.
    pub(crate) block_lens: Vec<usize>,
}

impl Default for Lz4Style {
    fn default() -> Self {
        Self {
            block_id: 4,
            linked: true,
            block_sums: false,
            content_sum: true,
            content_size: false,
            block_lens: vec![65_536],
        }
    }
}

pub(crate) fn lz4_frame(content: &[u8], style: &Lz4Style) -> Vec<u8> {
    let flag = |on: bool, bit: u8| u8::from(on) << bit;
    let flg = 0x40
        | flag(!style.linked, 5)
        | flag(style.block_sums, 4)
        | flag(style.content_size, 3)
        | flag(style.content_sum, 2);
    let mut descriptor = vec![flg, style.block_id << 4];
    if style.content_size {
        descriptor.extend((content.len() as u64).to_le_bytes());
    }
    let mut out = 0x184D_2204_u32.to_le_bytes().to_vec();
    out.extend(&descriptor);
    out.push((xxh32(&descriptor, 0) >> 8) as u8);
    let block_max = 1 << (8 + 2 * usize::from(style.block_id));
    let mut at = 0;
    for len in style.block_lens.iter().cycle() {
        if at == content.len() {
            break;
        }
        let end = (at + (*len).clamp(1, block_max)).min(content.len());
        let block = &content[at..end];
        let packed = if style.linked {
            lz4_flex::block::compress_with_dict(block, &content[at.saturating_sub(65_536)..at])
        } else {
            lz4_flex::block::compress(block)
        };
        let (bytes, stored) =
            if packed.len() < block.len() { (&packed[..], 0) } else { (block, 1_u32 << 31) };
        out.extend((bytes.len() as u32 | stored).to_le_bytes());
        out.extend(bytes);
        if style.block_sums {
            out.extend(xxh32(bytes, 0).to_le_bytes());
        }
        at = end;
    }
    out.extend([0; 4]);
    if style.content_sum {
        out.extend(xxh32(content, 0).to_le_bytes());
    }
    out
}

pub(crate) fn lz4_skippable(content: &[u8]) -> Vec<u8> {
    let mut out = 0x184D_2A53_u32.to_le_bytes().to_vec();
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    out
}

/// One header and body, as they stand in a tar.
pub(crate) fn tar_entry(kind: u8, name: &[u8], body: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut header);
    let mut out = header.to_vec();
    out.extend(body);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// Writes the checksum of a header.
pub(crate) fn seal(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header[..512].iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub(crate) fn tar_end() -> Vec<u8> {
    vec![0; 1024]
}

pub(crate) fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut len = rest + 1;
        while len != rest + len.to_string().len() {
            len = rest + len.to_string().len();
        }
        body.extend(format!("{len} {key}=").bytes());
        body.extend(*value);
        body.push(b'\n');
    }
    body
}

/// A tar of plain files.
pub(crate) fn tar_of(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out: Vec<u8> = files.iter().flat_map(|(n, b)| tar_entry(b'0', n.as_bytes(), b)).collect();
    out.extend(tar_end());
    out
}

pub(crate) fn identity(bytes: &[u8]) -> ArchiveIdentity {
    ArchiveIdentity {
        uri: "s3://bucket/some.tar".to_owned(),
        etag: "\"e1\"".to_owned(),
        size: bytes.len() as u64,
    }
}

pub(crate) const CLOSE: Spacing = Spacing { min: 1, window: 65_536 };

/// An index with both its objects.
#[derive(Clone, Debug)]
pub(crate) struct Indexed {
    pub(crate) summary: IndexSummary,
    pub(crate) members: Vec<u8>,
    pub(crate) windows: Vec<u8>,
}

impl Indexed {
    pub(crate) fn trailer(&self) -> Trailer {
        let at = self.windows.len() - TRAILER_LEN;
        Trailer::read(&self.windows[at..], self.windows.len() as u64).unwrap()
    }

    pub(crate) fn read_members(&self) -> Vec<Member> {
        let reader = MembersReader::open(self.members.clone().into(), &self.trailer()).unwrap();
        assert_eq!(reader.index(), &self.summary.index);
        reader.members().collect::<Result<_, _>>().unwrap()
    }

    pub(crate) fn files(&self) -> Vec<Member> {
        self.read_members().into_iter().filter(|m| m.kind == MemberKind::File).collect()
    }

    pub(crate) fn window(&self, point: &SeekPoint) -> Option<Vec<u8>> {
        point.window().map(|w| {
            let range = w.range();
            self.windows[range.start as usize..range.end as usize].to_vec()
        })
    }

    pub(crate) fn table(&self) -> SeekTable {
        let trailer = self.trailer();
        let range = trailer.points_range();
        let table = trailer.seek_table(&self.windows[range.start as usize..range.end as usize]).unwrap();
        assert_eq!(table, self.summary.seek);
        table
    }
}

pub(crate) fn index(
    container: Container,
    bytes: &[u8],
    spacing: Spacing,
    chunk: usize,
) -> Result<Indexed, Failure> {
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let mut builder =
        IndexBuilder::new(identity(bytes), container, spacing, IndexLimits::default(), objects)?;
    for chunk in bytes.chunks(chunk) {
        builder.feed(chunk)?;
    }
    let (summary, IndexObjects { members, windows }) = builder.finish()?;
    assert_eq!(summary.members_bytes, members.len() as u64);
    assert_eq!(summary.windows_bytes, windows.len() as u64);
    Ok(Indexed { summary, members, windows })
}

/// Bodies, kept.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    pub(crate) begun: Vec<u8>,
    pub(crate) done: Vec<(usize, Vec<u8>)>,
}

impl BodySink for Bodies {
    fn begin(&mut self, _member: usize, size: u64) -> Result<(), Failure> {
        self.begun = vec![0xaa; size as usize];
        Ok(())
    }

    fn body(&mut self) -> &mut [u8] {
        &mut self.begun
    }

    fn complete(&mut self, member: usize) -> Result<(), Failure> {
        self.done.push((member, std::mem::take(&mut self.begun)));
        Ok(())
    }
}

/// The bodies of `members`, read from the range that the index gives for them and from no other byte.
pub(crate) fn fetch(
    container: Container,
    archive: &[u8],
    index: &Indexed,
    members: &[Member],
    chunk: usize,
) -> Result<Vec<Vec<u8>>, Failure> {
    let wanted: Vec<Wanted> = members.iter().map(Wanted::from).collect();
    let (first, last) = (&members[0], members.last().unwrap());
    let mut range = index.table().range_of(first.offset..last.offset + last.size, archive.len() as u64);
    if let Some(zip) = last.zip {
        range.end =
            tarquet_container::zip::member_range(last.offset, zip.stored_size, archive.len() as u64).end;
    }
    let window = index.window(&range.start);
    let mut stream = MemberStream::new(container, &range.start, window.as_deref(), wanted)?;
    let mut bodies = Bodies::default();
    for chunk in archive[range.start.compressed as usize..range.end as usize].chunks(chunk) {
        stream.feed(chunk, &mut bodies)?;
    }
    stream.finish(&mut bodies)?;
    assert!(stream.is_done());
    assert!(bodies.done.iter().map(|(n, _)| *n).eq(0..members.len()));
    Ok(bodies.done.into_iter().map(|(_, body)| body).collect())
}

/// Uncompressed bytes and seek points, kept.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) bytes: Vec<u8>,
    pub(crate) points: Vec<(SeekPoint, Option<Vec<u8>>)>,
}

impl Sink for Taken {
    fn restart(&mut self, restart: Restart<'_>) -> Result<(), Failure> {
        let Restart { compressed, uncompressed, entry } = restart;
        let (entry, window) = match entry {
            RestartEntry::Frame => (Entry::Frame, None),
            RestartEntry::Block { flg, bd, window } => {
                let reference = window.map(|w| {
                    assert_eq!(w.len(), WINDOW_LEN);
                    let index = self.points.len() as u32;
                    tarquet_common::archive::Window { index, crc32c: tarquet_container::crc32c(w) }
                });
                (Entry::Block { flg, bd, window: reference }, window.map(<[u8]>::to_vec))
            }
        };
        self.points.push((SeekPoint { compressed, uncompressed, entry }, window));
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// Decodes all of `archive`, in chunks.
pub(crate) fn unpack(
    container: Container,
    archive: &[u8],
    spacing: Spacing,
    chunk: usize,
) -> Result<Taken, Failure> {
    let mut taken = Taken::default();
    let mut unpacker = Unpacker::from_start(container, spacing)?;
    for chunk in archive.chunks(chunk) {
        unpacker.feed(chunk, &mut taken)?;
    }
    unpacker.finish()?;
    assert_eq!(unpacker.uncompressed(), taken.bytes.len() as u64);
    Ok(taken)
}

/// Decodes from seek points (all, or sixteen spread over them) and compares with the tail of the whole.
pub(crate) fn check_points(container: Container, archive: &[u8], whole: &Taken, chunk: usize) {
    for (point, window) in whole.points.iter().step_by(whole.points.len().div_ceil(16)) {
        let mut taken = Taken::default();
        let mut unpacker = Unpacker::resume(container, point, window.as_deref()).unwrap();
        for chunk in archive[point.compressed as usize..].chunks(chunk) {
            unpacker.feed(chunk, &mut taken).unwrap();
        }
        unpacker.finish().unwrap();
        assert!(taken.bytes == whole.bytes[point.uncompressed as usize..], "from {point:?}");
    }
}
