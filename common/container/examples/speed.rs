//! How fast an archive is indexed and its members are fetched, on one core.
//!
//! `cargo run --release -p tarquet-container --example speed -- FILE.tar.lz4`

#![expect(clippy::print_stdout, reason = "it is what this program is for")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::time::Instant;
use tarquet_common::{archive::ArchiveIdentity, failure::Failure};
use tarquet_container::{
    BodySink, Container, MemberKind, SeekPoint, Sink, Wanted,
    index::{IndexBuilder, IndexLimits, IndexObjects, MembersReader, Trailer},
    seek::Spacing,
    stream::MemberStream,
    unpack::Unpacker,
};

const CHUNK: usize = 8 << 20;

struct Nowhere(u64);

impl Sink for Nowhere {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0 += bytes.len() as u64;
        Ok(())
    }
}

/// One place for all bodies, as a ring would be.
#[derive(Default)]
struct Place(Vec<u8>, usize);

impl BodySink for Place {
    fn begin(&mut self, _member: usize, size: u64) -> Result<(), Failure> {
        self.1 = size as usize;
        if self.0.len() < self.1 {
            self.0.resize(self.1, 0);
        }
        Ok(())
    }

    fn body(&mut self) -> &mut [u8] {
        &mut self.0[..self.1]
    }

    fn complete(&mut self, _member: usize) -> Result<(), Failure> {
        Ok(())
    }
}

fn report(what: &str, start: Instant, bytes: u64) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what:<28} {seconds:7.3} s  {:8.0} MB/s of output", bytes as f64 / seconds / 1e6);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("an archive is needed")?;
    let archive = std::fs::read(&path)?;
    let container = Container::of(&path)?;
    let spacing = Spacing::for_partition(64 << 20);

    let start = Instant::now();
    let mut nowhere = Nowhere(0);
    let mut unpacker = Unpacker::resume(container, &SeekPoint::START, None)?;
    for chunk in archive.chunks(CHUNK) {
        unpacker.feed(chunk, &mut nowhere)?;
    }
    unpacker.finish()?;
    report("decompress", start, nowhere.0);

    let start = Instant::now();
    let identity = ArchiveIdentity { uri: path, etag: String::new(), size: archive.len() as u64 };
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let mut builder = IndexBuilder::new(identity, container, spacing, IndexLimits::default(), objects)?;
    for chunk in archive.chunks(CHUNK) {
        builder.feed(chunk)?;
    }
    let (summary, objects) = builder.finish()?;
    report("index", start, summary.index.uncompressed_len);
    println!(
        "  {} members, {} points, {} windows, members.parquet {} bytes, windows.bin {} bytes",
        summary.index.members,
        summary.seek.points().len(),
        summary.windows,
        summary.members_bytes,
        summary.windows_bytes
    );

    let tail = objects.windows.len() - tarquet_container::index::TRAILER_LEN;
    let trailer = Trailer::read(&objects.windows[tail..], objects.windows.len() as u64)?;
    let start = Instant::now();
    let members =
        MembersReader::open(objects.members.into(), &trailer)?.members().collect::<Result<Vec<_>, _>>()?;
    println!("read the index               {:7.3} s", start.elapsed().as_secs_f64());

    let start = Instant::now();
    let wanted: Vec<Wanted> =
        members.iter().filter(|m| m.kind == MemberKind::File).map(Wanted::from).collect();
    let mut stream = MemberStream::new(container, &SeekPoint::START, None, wanted)?;
    let mut place = Place::default();
    for chunk in archive.chunks(CHUNK) {
        stream.feed(chunk, &mut place)?;
    }
    stream.finish(&mut place)?;
    report("members", start, summary.index.body_bytes);
    Ok(())
}
