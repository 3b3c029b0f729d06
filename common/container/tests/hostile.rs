//! Archives and indexes that mean harm: each is a typed failure or a right result, within a second and bounded memory.
//!
//! Mutants are made from a seed, so that a failure names itself: `container, round`. Headers that carry a checksum get a
//! right one after they were changed, or no mutant would get past it.

#[expect(dead_code, reason = "each test binary uses its part")]
#[path = "container/support.rs"]
mod support;

use std::{io::Write, sync::Mutex, time::Duration};
use support::{
    CLOSE, Lz4Style, Noise, identity, index, lz4_frame, lz4_skippable, pax, seal, tar_end, tar_entry,
};
use tarquet_common::failure::{Class, Failure};
use tarquet_container::{
    Container,
    index::{IndexBuilder, IndexLimits, IndexObjects, MembersReader, TRAILER_LEN, Trailer, index_zip},
    zip::RangedReader,
};
use tarquet_kit::measure::{Counting, measured};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Tests of this binary run one at a time: they measure.
static ALONE: Mutex<()> = Mutex::new(());

/// What indexing may hold for archives as small as these: the decompressors' windows and blocks (4 MiB of LZ4, 8 MiB of
/// Zstandard), and a row group of members.
const MEMORY_MAX: usize = 64 << 20;
/// Of a processor's time: what any archive may take, however busy the machine is otherwise.
const TIME_MAX: Duration = Duration::from_secs(1);
const ROUNDS: usize = if cfg!(debug_assertions) { 12_000 } else { 60_000 };

/// Does it, and notes what is wrong with how: a panic, too long, too much memory. What it gave, unless it panicked.
fn judged<T>(name: &str, wrong: &mut Vec<String>, work: impl FnOnce() -> T) -> Option<T> {
    let cost = measured(work);
    if cost.took > TIME_MAX {
        wrong.push(format!("{name}: took {:?}", cost.took));
    }
    if cost.peak_bytes > MEMORY_MAX {
        wrong.push(format!("{name}: {} bytes were held", cost.peak_bytes));
    }
    if cost.gave.is_none() {
        wrong.push(format!("{name}: panicked"));
    }
    cost.gave
}

/// An archive with everything in it that headers can say.
fn everything() -> Vec<u8> {
    let mut noise = Noise(11);
    let mut tar =
        tar_entry(b'x', b"p", &pax(&[("path", "l\u{e4}ng".as_bytes()), ("size", b"700"), ("mtime", b"1.5")]));
    tar.extend(tar_entry(b'0', b"a.h5", &noise.content(700)));
    tar.extend(tar_entry(b'L', b"l", &[b'n'; 300]));
    tar.extend(tar_entry(b'0', b"b.h5", &noise.content(3_000)));
    tar.extend(tar_entry(b'g', b"g", &pax(&[("comment", b"all"), ("linkpath", b"l")])));
    tar.extend(tar_entry(b'S', b"sparse.h5", &noise.content(600)));
    tar.extend(tar_entry(b'1', b"link.h5", b""));
    tar.extend(tar_entry(b'0', b"c.h5", &noise.content(40_000)));
    tar.extend(tar_end());
    tar
}

fn zip(tar: &[u8]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflated = ::zip::write::SimpleFileOptions::default();
    for (name, large) in [("a.h5", true), ("b.h5", false), ("dir/c.h5", false)] {
        zip.start_file(name, deflated.large_file(large)).unwrap();
        zip.write_all(tar).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Every container, small, in each of its ways.
fn originals() -> Vec<(Container, Vec<u8>)> {
    let tar = everything();
    let small = Lz4Style { content_sum: false, block_lens: vec![900, 5_000], ..Lz4Style::default() };
    let independent = Lz4Style { linked: false, block_sums: true, content_size: true, ..small.clone() };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    let mut frames = lz4_skippable(b"skip me");
    frames.extend(lz4_frame(&tar, &small));
    vec![
        (Container::TarLz4, frames),
        (Container::TarLz4, lz4_frame(&tar, &independent)),
        (Container::TarGz, gzip.finish().unwrap()),
        (Container::TarZst, zstd::bulk::compress(&tar, 1).unwrap()),
        (Container::Zip, zip(&tar)),
        (Container::Tar, tar),
    ]
}

/// Flips, overwrites with numbers that hurt, cuts, repeats.
fn mutate(original: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=noise.below(4) {
        let at = noise.below(bytes.len());
        match noise.below(6) {
            0 | 1 => bytes[at] ^= 1 << noise.below(8),
            2 => bytes[at] = noise.next() as u8,
            3 => {
                let word = [0, u64::MAX, 1 << 31, 1 << 62, noise.next()][noise.below(5)].to_le_bytes();
                let len = (1 << noise.below(4)).min(bytes.len() - at);
                bytes[at..at + len].copy_from_slice(&word[..len]);
            }
            4 => bytes.truncate(1 + noise.below(bytes.len())),
            _ => {
                let (from, len) = (noise.below(bytes.len()), 1 + noise.below(200));
                let piece = bytes[from..(from + len).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// Changes the numbers of a tar's headers and gives them a right checksum.
fn mutate_headers(original: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=noise.below(2) {
        let header = 512 * noise.below(bytes.len() / 512);
        let block = &mut bytes[header..header + 512];
        let at = [0, 124, 124 + noise.below(12), 156, 257, 345, noise.below(512)][noise.below(7)];
        let word: &[u8] = match noise.below(6) {
            0 => b"77777777777\0",
            1 => b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
            2 => b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            3 => b"x",
            4 => b"L",
            _ => b"99999999999999999999 path=x\n",
        };
        let len = word.len().min(512 - at);
        block[at..at + len].copy_from_slice(&word[..len]);
        seal(block);
    }
    bytes
}

/// Indexes an archive as a worker does.
fn read(container: Container, bytes: &[u8]) -> Result<(), Failure> {
    if container != Container::Zip {
        return index(container, bytes, CLOSE, 10_000).map(drop);
    }
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    index_zip(identity(bytes), bytes, IndexLimits::default(), objects).map(drop)
}

#[test]
fn mutants_of_every_container_neither_panic_nor_hang_nor_swell() {
    let _alone = ALONE.lock();
    let originals = originals();
    for (container, bytes) in &originals {
        read(*container, bytes).unwrap_or_else(|e| panic!("{container} is good: {e:?}"));
    }
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut noise, mut wrong, mut failed) = (Noise(0x7a72_7175_6574_0002), Vec::new(), 0);
    for round in 0..ROUNDS {
        let (container, original) = &originals[noise.below(originals.len())];
        let sealed = *container == Container::Tar && round % 2 == 0;
        let mutant = if sealed { mutate_headers(original, &mut noise) } else { mutate(original, &mut noise) };
        let name = format!("{container}, round {round}");
        match judged(&name, &mut wrong, || read(*container, &mutant)) {
            Some(Err(failure)) if failure.class() != Class::Input || failure.message.is_empty() => {
                wrong.push(format!("{name}: an unhelpful failure: {failure:?}"));
            }
            Some(Err(_)) => failed += 1,
            Some(Ok(())) | None => {}
        }
    }
    std::panic::set_hook(quiet);
    assert!(wrong.is_empty(), "{} of {ROUNDS}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(
        failed > ROUNDS / 3,
        "only {failed} of {ROUNDS} mutants failed: they are not changed where it matters"
    );
}

#[test]
fn mutants_of_an_index_are_never_used() {
    let _alone = ALONE.lock();
    let tar = everything();
    let archive = lz4_frame(&tar, &Lz4Style { block_lens: vec![900, 5_000], ..Lz4Style::default() });
    let good = index(Container::TarLz4, &archive, CLOSE, 10_000).unwrap();
    let trailer = good.trailer();
    let whole = good.table();
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut noise, mut wrong, mut failed) = (Noise(0x7a72_7175_6574_0003), Vec::new(), 0);
    for round in 0..ROUNDS / 2 {
        let members = mutate(&good.members, &mut noise);
        if members != good.members {
            let opened = judged(&format!("members, round {round}"), &mut wrong, || {
                MembersReader::open(members.into(), &trailer).map(drop)
            });
            failed += usize::from(matches!(opened, Some(Err(_))));
            if matches!(opened, Some(Ok(()))) {
                wrong.push(format!("members, round {round}: believed"));
            }
        }
        let windows = mutate(&good.windows, &mut noise);
        let name = format!("windows, round {round}");
        let table = judged(&name, &mut wrong, || {
            let tail = windows.len().saturating_sub(TRAILER_LEN);
            let trailer = Trailer::read(&windows[tail..], windows.len() as u64)?;
            let range = trailer.points_range();
            let points = windows.get(range.start as usize..range.end as usize).unwrap_or_default();
            trailer.seek_table(points)
        });
        // The windows themselves are proved one by one, when they are used.
        if table.is_some_and(|t| t.is_ok_and(|table| table != whole)) {
            wrong.push(format!("{name}: believed"));
        }
    }
    std::panic::set_hook(quiet);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(failed > ROUNDS / 3, "only {failed} were changed");
}

/// A zip of empty members whose directory entries have comments of 64 KiB: no byte but the entries' own is kept anywhere.
struct Hollow {
    entries: u32,
}

const ENTRY: u64 = 46 + u16::MAX as u64;
const LOCAL: u64 = 30;

impl Hollow {
    fn directory(&self) -> u64 {
        LOCAL * u64::from(self.entries)
    }

    fn entry(&self, n: u32) -> Vec<u8> {
        let mut entry = b"PK\x01\x02".to_vec();
        entry.resize(46, 0);
        entry[32..34].copy_from_slice(&u16::MAX.to_le_bytes());
        entry[42..46].copy_from_slice(&(n * LOCAL as u32).to_le_bytes());
        entry
    }

    fn end(&self) -> Vec<u8> {
        let (count, len) = (self.entries as u16, (ENTRY * u64::from(self.entries)) as u32);
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        end.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
        end.extend([len.to_le_bytes(), (self.directory() as u32).to_le_bytes()].concat());
        end.extend([0, 0]);
        end
    }
}

impl RangedReader for Hollow {
    fn size(&self) -> u64 {
        self.directory() + ENTRY * u64::from(self.entries) + 22
    }

    fn read_at(&self, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut lay = |at: u64, piece: &[u8]| {
            for (at, byte) in (at..).zip(piece) {
                if let Some(place) = at.checked_sub(offset).and_then(|i| bytes.get_mut(i as usize)) {
                    *place = *byte;
                }
            }
        };
        lay(0, b"PK\x03\x04");
        (0..self.entries).for_each(|n| lay(self.directory() + ENTRY * u64::from(n), &self.entry(n)));
        lay(self.size() - 22, &self.end());
        Ok(bytes)
    }
}

#[test]
fn a_directory_of_hundreds_of_mebibytes_is_not_held() {
    let _alone = ALONE.lock();
    let hollow = Hollow { entries: 6_000 };
    assert!(hollow.size() > 375 << 20);
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let cost = measured(|| index_zip(identity(b"hollow"), &hollow, IndexLimits::default(), objects).unwrap());
    let (summary, _) = cost.gave.unwrap();
    assert_eq!(summary.index.members, 6_000);
    assert!(cost.peak_bytes < 16 << 20, "{} bytes were held", cost.peak_bytes);
}

#[test]
fn names_are_bounded_in_all() {
    let _alone = ALONE.lock();
    let name = vec![b'n'; 60_000];
    let mut tar = Vec::new();
    for _ in 0..50 {
        tar.extend(tar_entry(b'L', b"l", &name));
        tar.extend(tar_entry(b'0', b"short", b""));
    }
    tar.extend(tar_end());
    let limits = |names_max| IndexLimits { names_max, ..IndexLimits::default() };
    let of = |limits| {
        let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
        let spacing = tarquet_container::seek::Spacing::for_partition(1 << 30);
        let archive = tarquet_common::archive::ArchiveIdentity { size: tar.len() as u64, ..identity(&tar) };
        let mut builder = IndexBuilder::new(archive, Container::Tar, spacing, limits, objects).unwrap();
        builder.feed(&tar).and_then(|()| builder.finish()).map(|(summary, _)| summary.index.members)
    };
    assert_eq!(of(limits(50 * 60_000)).unwrap(), 50);
    let refused = of(limits(50 * 60_000 - 1)).unwrap_err();
    assert_eq!(refused.code, tarquet_common::codes::archive::ARCHIVE_LIMIT);
    assert!(refused.message.contains("names"), "{refused}");
}
