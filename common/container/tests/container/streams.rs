//! Gzip and Zstandard as decompressors, and garbage in all of them.

use crate::support::*;
use flate2::{Compression, GzBuilder};
use proptest::prelude::*;
use std::io::Write;
use tarquet_common::codes::archive;
use tarquet_common::failure::{Class, Failure};
use tarquet_container::Container::{Tar, TarGz, TarLz4, TarZst};
use tarquet_container::index::{IndexLimits, IndexObjects, index_zip};
use tarquet_container::{Container, SeekPoint, Sink, unpack::Unpacker};

fn gzip(content: &[u8], builder: GzBuilder) -> Vec<u8> {
    let mut out = builder.write(Vec::new(), Compression::default());
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

fn plain(content: &[u8]) -> Vec<u8> {
    gzip(content, GzBuilder::new())
}

fn code(container: Container, bytes: &[u8]) -> tarquet_common::codes::Code {
    unpack(container, bytes, CLOSE, 7).unwrap_err().code
}

#[test]
fn gzip_headers_may_carry_everything() {
    let content = Noise(1).content(300_000);
    let full = || GzBuilder::new().filename("a name").comment("a comment").extra(vec![1; 300]);
    let mut with_crc = gzip(&content, full());
    // The header's own checksum stands behind all other parts; nobody writes it, some read it.
    let body = 10 + 2 + 300 + "a name".len() + 1 + "a comment".len() + 1;
    with_crc[3] |= 2;
    with_crc.splice(body..body, [0xab, 0xcd]);
    for archive in [gzip(&content, full()), with_crc, gzip(&content, GzBuilder::new().extra(vec![]))] {
        for chunk in [1, 1_000, 1 << 20] {
            assert!(unpack(TarGz, &archive, CLOSE, chunk).unwrap().bytes == content);
        }
    }
}

#[test]
fn gzip_members_follow_each_other_and_zeros_may_follow_them() {
    let (one, two) = (Noise(2).content(100_000), Noise(3).content(50_000));
    let mut archive = [plain(&one), plain(&two)].concat();
    let whole = unpack(TarGz, &archive, CLOSE, 999).unwrap();
    assert!(whole.bytes == [one, two].concat());
    assert_eq!(whole.points.len(), 2);
    check_points(TarGz, &archive, &whole, 50);
    archive.extend([0; 700]);
    assert!(unpack(TarGz, &archive, CLOSE, 999).unwrap().bytes == whole.bytes);
    archive.push(1);
    assert_eq!(code(TarGz, &archive), archive::TRAILING_BYTES);
}

#[test]
fn gzip_damage_has_names() {
    let good = plain(&Noise(4).content(20_000));
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        code(TarGz, &bad)
    };
    assert_eq!(with(0, 0x1e), archive::OTHER_CONTAINER);
    assert_eq!(with(2, 7), archive::ARCHIVE_DAMAGED, "method");
    assert_eq!(with(3, 0x80), archive::ARCHIVE_DAMAGED, "reserved flag");
    assert_eq!(with(10, 0xff), archive::ARCHIVE_DAMAGED, "deflate block");
    assert_eq!(with(good.len() - 8, !good[good.len() - 8]), archive::CHECKSUM_WRONG);
    assert_eq!(with(good.len() - 4, !good[good.len() - 4]), archive::ARCHIVE_DAMAGED, "length");
    assert_eq!(code(TarGz, &[&good[..], b"no header."].concat()), archive::TRAILING_BYTES);
    assert_eq!(code(TarGz, b""), archive::ARCHIVE_TRUNCATED);
    for len in (1..good.len()).step_by(41).chain(good.len() - 12..good.len()) {
        assert_eq!(code(TarGz, &good[..len]), archive::ARCHIVE_TRUNCATED, "cut at {len}");
    }
}

#[test]
fn zstandard_frames_follow_each_other() {
    let (one, two) = (Noise(5).content(400_000), Noise(6).content(50_000));
    let pack = |content: &[u8]| zstd::bulk::compress(content, 3).unwrap();
    let skip = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
    let archive = [&skip[..], &pack(&one), &pack(b""), skip, &pack(&two)].concat();
    for chunk in [1, 999, 1 << 20] {
        let whole = unpack(TarZst, &archive, CLOSE, chunk).unwrap();
        assert!(whole.bytes == [&one[..], &two].concat());
        assert_eq!(whole.points[0].0, SeekPoint::START);
        check_points(TarZst, &archive, &whole, 1_000);
    }
    for len in (0..archive.len()).step_by(97).filter(|len| *len > skip.len()) {
        let cut = unpack(TarZst, &archive[..len], CLOSE, 999);
        assert!(cut.is_err_and(|f| f.code == archive::ARCHIVE_TRUNCATED), "cut at {len}");
    }
    assert_eq!(code(TarZst, &[&archive[..], b"more"].concat()), archive::ARCHIVE_DAMAGED);
    assert_eq!(code(TarZst, b"PK\x03\x04"), archive::OTHER_CONTAINER);
    assert_eq!(code(TarZst, b""), archive::ARCHIVE_TRUNCATED);
}

#[test]
fn an_expansion_beyond_measure_is_refused() {
    let bomb = zstd::bulk::compress(&vec![0; 100 << 20], 1).unwrap().repeat(12);
    let failure = index(TarZst, &bomb, CLOSE, 1 << 20).unwrap_err();
    // The zeros end an empty tar: only their number is wrong.
    assert_eq!(failure.code, archive::ARCHIVE_LIMIT);
}

fn samples() -> Vec<(Container, Vec<u8>)> {
    let mut noise = Noise(7);
    let mut tar = tar_entry(b'x', b"p", &pax(&[("path", b"long"), ("size", b"700")]));
    tar.extend(tar_entry(b'0', b"a", &noise.content(700)));
    tar.extend(tar_entry(b'L', b"l", &[b'n'; 300]));
    tar.extend(tar_entry(b'0', b"b", &noise.content(3_000)));
    tar.extend(tar_end());
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a", ::zip::write::SimpleFileOptions::default().large_file(true)).unwrap();
    zip.write_all(&tar).unwrap();
    let unsummed = Lz4Style { content_sum: false, block_lens: vec![900], ..Lz4Style::default() };
    vec![
        (TarLz4, lz4_frame(&tar, &Lz4Style { linked: false, ..unsummed.clone() })),
        (TarLz4, lz4_frame(&tar, &unsummed)),
        (TarGz, plain(&tar)),
        (TarZst, zstd::bulk::compress(&tar, 1).unwrap()),
        (Container::Zip, zip.finish().unwrap().into_inner()),
        (Tar, tar),
    ]
}

/// Takes so many bytes and has enough.
struct Enough(usize);

impl Sink for Enough {
    fn wants_more(&self) -> bool {
        self.0 > 0
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0 = self.0.saturating_sub(bytes.len());
        Ok(())
    }
}

#[test]
fn who_has_enough_is_given_no_more_and_told_what_it_was_made_of() {
    let content = Noise(9).content(4 << 20);
    for (container, archive) in [
        (TarLz4, lz4_frame(&content, &Lz4Style { linked: false, ..Lz4Style::default() })),
        (TarLz4, lz4_frame(&content, &Lz4Style::default())),
        (TarGz, plain(&content)),
        (TarZst, zstd::bulk::compress(&content, 1).unwrap()),
    ] {
        let mut unpacker = Unpacker::from_start(container, CLOSE).unwrap();
        unpacker.feed(&archive, &mut Enough(1 << 20)).unwrap();
        let (made, of) = (unpacker.uncompressed(), unpacker.compressed());
        assert!((1 << 20..(1 << 20) + (128 << 10)).contains(&made), "{container}: {made}");
        let share = |part: u64, whole: usize| part as f64 / whole as f64;
        let (made, of) = (share(made, content.len()), share(of, archive.len()));
        assert!((made - of).abs() < 0.05, "{container}: {made} of the content, {of} of the object");
        let mut whole = Unpacker::from_start(container, CLOSE).unwrap();
        whole.feed(&archive, &mut Enough(usize::MAX)).unwrap();
        assert_eq!(whole.compressed(), archive.len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes: a typed failure of the input, or an index that reads back.
    #[test]
    fn garbage_is_a_typed_failure(
        which in 0_usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
        chunk in 1_usize..5_000,
    ) {
        let (container, mut bytes) = samples().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if chunk % 4 == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        let indexed = if container == Container::Zip {
            let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
            index_zip(identity(&bytes), &bytes[..], IndexLimits::default(), objects)
                .map(|(summary, o)| Indexed { summary, members: o.members, windows: o.windows })
        } else {
            index(container, &bytes, CLOSE, chunk)
        };
        match indexed {
            Ok(index) => {
                let files = index.files();
                if !files.is_empty() && let Err(failure) = fetch(container, &bytes, &index, &files, chunk) {
                    prop_assert_eq!(failure.code, archive::BODY_CHANGED);
                }
            }
            Err(failure) => prop_assert_eq!(failure.class(), Class::Input, "{:?}", failure),
        }
    }
}
