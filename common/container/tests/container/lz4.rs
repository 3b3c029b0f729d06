//! LZ4 frames: every way of writing them, every way of cutting them, every way of damaging them.

use crate::support::*;
use proptest::prelude::*;
use tarquet_common::codes::archive;
use tarquet_container::Container::TarLz4;
use tarquet_container::seek::Spacing;
use tarquet_container::{Entry, SeekPoint};

fn style() -> impl Strategy<Value = Lz4Style> {
    let block_lens = prop::collection::vec(
        prop_oneof![1_usize..300, 1_000_usize..70_000, Just(65_536), Just(262_144)],
        0..4,
    );
    // One long block among them keeps the number of blocks, each hashed with its window, in bounds.
    let block_lens = (block_lens, 20_000_usize..262_144).prop_map(|(mut lens, long)| {
        lens.push(long);
        lens
    });
    (4_u8..=5, any::<[bool; 4]>(), block_lens).prop_map(
        |(block_id, [linked, block_sums, content_sum, content_size], block_lens)| Lz4Style {
            block_id,
            linked,
            block_sums,
            content_sum,
            content_size,
            block_lens,
        },
    )
}

/// A piece of a stream: a frame, or bytes to skip.
#[derive(Clone, Debug)]
enum Piece {
    Frame(u64, usize, bool, Lz4Style),
    Skip(usize),
}

fn stream() -> impl Strategy<Value = Vec<Piece>> {
    let frame = (any::<u64>(), 0_usize..300_000, any::<bool>(), style())
        .prop_map(|(seed, len, noise, style)| Piece::Frame(seed, len, noise, style));
    let piece = prop_oneof![5 => frame, 1 => (0_usize..700).prop_map(Piece::Skip)];
    prop::collection::vec(piece, 1..4)
        .prop_filter("a frame", |p| p.iter().any(|p| matches!(p, Piece::Frame(..))))
}

fn write(pieces: &[Piece]) -> (Vec<u8>, Vec<u8>) {
    let (mut content, mut archive) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Frame(seed, len, noise, style) => {
                let mut source = Noise(*seed);
                let bytes = if *noise { source.bytes(*len) } else { source.content(*len) };
                archive.extend(lz4_frame(&bytes, style));
                content.extend(bytes);
            }
            Piece::Skip(len) => archive.extend(lz4_skippable(&vec![7; *len])),
        }
    }
    (content, archive)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_frames_in_any_chunks_decode_and_resume(
        pieces in stream(),
        chunk in prop_oneof![1_usize..100, 1_000_usize..200_000],
        min in prop_oneof![Just(1_u64), 1_000_u64..200_000],
        window in 65_536_u64..200_000,
    ) {
        let (content, archive) = write(&pieces);
        let whole = unpack(TarLz4, &archive, Spacing { min, window }, chunk).unwrap();
        prop_assert!(whole.bytes == content);
        prop_assert_eq!(whole.points[0].0, SeekPoint::START);
        prop_assert!(whole.points.windows(2).all(|p| p[1].0.uncompressed - p[0].0.uncompressed >= min.min(window)));
        check_points(TarLz4, &archive, &whole, chunk.max(1_000));
    }
}

#[test]
fn an_independent_block_is_a_point_and_a_linked_one_needs_a_window() {
    let content = Noise(1).content(1_000_000);
    let blocks = |linked| lz4_frame(&content, &Lz4Style { linked, ..Lz4Style::default() });
    let spacing = Spacing { min: 65_536, window: 200_000 };

    let whole = unpack(TarLz4, &blocks(false), spacing, 10_000).unwrap();
    assert_eq!(whole.points.len(), 16);
    assert!(whole.points.iter().all(|(_, window)| window.is_none()));

    let whole = unpack(TarLz4, &blocks(true), spacing, 10_000).unwrap();
    assert_eq!(whole.points.len(), 4, "{:?}", whole.points.iter().map(|p| p.0).collect::<Vec<_>>());
    assert!(whole.points[1..].iter().all(|(_, window)| window.is_some()));
}

#[test]
fn a_stored_block_of_64_kib_is_a_point_without_a_window() {
    let content = Noise(2).bytes(500_000);
    let archive = lz4_frame(&content, &Lz4Style::default());
    let spacing = Spacing { min: 1, window: 1 << 30 };
    let whole = unpack(TarLz4, &archive, spacing, 10_000).unwrap();
    assert_eq!(whole.points.len(), 7, "the frame's start and the six whole stored blocks behind its first");
    assert!(whole.points.iter().all(|(_, window)| window.is_none()));
    check_points(TarLz4, &archive, &whole, 999);
}

#[test]
fn a_flipped_byte_never_gives_other_data() {
    let content = Noise(3).content(3_000);
    for linked in [false, true] {
        let style =
            Lz4Style { linked, block_lens: vec![1_000, 700], content_size: linked, ..Lz4Style::default() };
        let mut archive = lz4_frame(&content, &style);
        archive.extend(lz4_skippable(b"skipped"));
        archive.extend(lz4_frame(&content, &style));
        let twice = content.repeat(2);
        for at in 0..archive.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bad = archive.clone();
                bad[at] ^= flip;
                if let Ok(taken) = unpack(TarLz4, &bad, CLOSE, 4_096) {
                    assert!(taken.bytes == twice, "byte {at} flipped by {flip:02x} gave other data");
                }
            }
        }
    }
}

#[test]
fn a_flip_in_content_is_caught_by_each_kind_of_checksum() {
    let typed = [archive::CHECKSUM_WRONG, archive::ARCHIVE_DAMAGED, archive::ARCHIVE_TRUNCATED];
    let mut caught = 0;
    let content = Noise(4).content(20_000);
    for (block_sums, content_sum) in [(true, false), (false, true)] {
        let style = Lz4Style { block_sums, content_sum, ..Lz4Style::default() };
        let archive = lz4_frame(&content, &style);
        let end = archive.len() - if content_sum { 8 } else { 4 };
        for at in 11..end {
            let mut bad = archive.clone();
            bad[at] ^= 4;
            match unpack(TarLz4, &bad, CLOSE, 4_096) {
                // A match that copies out of another part of a run gives the same bytes.
                Ok(taken) => assert!(taken.bytes == content && !block_sums, "byte {at}"),
                Err(failure) => {
                    assert!(typed.contains(&failure.code), "byte {at}: {failure:?}");
                    assert!(failure.place.offset.is_some());
                    caught += 1;
                }
            }
        }
    }
    assert!(caught > 100);
}

#[test]
fn a_cut_stream_is_never_whole() {
    let content = Noise(5).content(2_000);
    for content_sum in [false, true] {
        let archive = lz4_frame(&content, &Lz4Style { content_sum, ..Lz4Style::default() });
        for len in 0..archive.len() {
            let failure = unpack(TarLz4, &archive[..len], CLOSE, 100).unwrap_err();
            assert_eq!(failure.code, archive::ARCHIVE_TRUNCATED, "cut at {len}");
            assert_eq!(failure.place.offset, Some(len as u64), "cut at {len}");
        }
    }
}

#[test]
fn refusals_have_names() {
    let code = |bytes: &[u8]| unpack(TarLz4, bytes, CLOSE, 3).unwrap_err().code;
    let frame = lz4_frame(b"hello", &Lz4Style::default());
    let with = |at: usize, byte: u8| {
        let mut bad = frame.clone();
        bad[at] = byte;
        code(&bad)
    };
    assert_eq!(code(b"\x02\x21\x4c\x18____"), archive::FEATURE_REFUSED, "legacy");
    assert_eq!(with(4, 0x41), archive::FEATURE_REFUSED, "dictionary");
    assert_eq!(with(4, 0x84), archive::FEATURE_REFUSED, "version 2");
    assert_eq!(with(4, 0x46), archive::ARCHIVE_DAMAGED, "reserved bit");
    assert_eq!(with(5, 0x30), archive::ARCHIVE_DAMAGED, "block size id 3");
    assert_eq!(with(5, 0xc0), archive::ARCHIVE_DAMAGED, "reserved bit of BD");
    assert_eq!(with(6, frame[6] ^ 1), archive::CHECKSUM_WRONG, "header checksum");
    assert_eq!(with(9, 0x7f), archive::ARCHIVE_DAMAGED, "block larger than the maximum");
    assert_eq!(code(&[&frame[..], b"more"].concat()), archive::TRAILING_BYTES);
    let failure = unpack(TarLz4, b"\x1f\x8b\x08\x00....", CLOSE, 9).unwrap_err();
    assert_eq!((failure.code, failure.found.as_deref()), (archive::OTHER_CONTAINER, Some("gzip")));
}

#[test]
fn a_wrong_content_size_is_damage() {
    let style = Lz4Style { content_size: true, content_sum: false, ..Lz4Style::default() };
    let mut archive = lz4_frame(b"hello", &style);
    archive[6] = 6;
    archive[14] = (xxhash_rust::xxh32::xxh32(&archive[4..14], 0) >> 8) as u8;
    let failure = unpack(TarLz4, &archive, CLOSE, 3).unwrap_err();
    assert_eq!(failure.code, archive::ARCHIVE_DAMAGED);
    assert_eq!(failure.expected.as_deref(), Some("6 bytes of content"));
}

#[test]
fn a_window_is_proved_before_it_is_used() {
    let archive = lz4_frame(&Noise(6).content(400_000), &Lz4Style::default());
    let whole = unpack(TarLz4, &archive, CLOSE, 10_000).unwrap();
    let (point, window) = whole.points.iter().find(|p| p.1.is_some()).unwrap();
    let resume = |window: Option<&[u8]>| {
        tarquet_container::unpack::Unpacker::resume(TarLz4, point, window).map_err(|f| f.code)
    };
    let mut window = window.clone().unwrap();
    assert!(resume(Some(&window)).is_ok());
    assert_eq!(resume(None).unwrap_err(), archive::INDEX_DAMAGED);
    assert_eq!(resume(Some(&window[1..])).unwrap_err(), archive::INDEX_DAMAGED);
    window[77] ^= 1;
    assert_eq!(resume(Some(&window)).unwrap_err(), archive::INDEX_DAMAGED);
    let no_frame = SeekPoint { entry: Entry::Block { flg: 0xff, bd: 0, window: None }, ..*point };
    let resumed = tarquet_container::unpack::Unpacker::resume(TarLz4, &no_frame, None);
    assert_eq!(resumed.unwrap_err().code, archive::INDEX_DAMAGED);
}
