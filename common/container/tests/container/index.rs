//! Indexes: made from archives of every kind, read back, and used to fetch bodies.

use crate::support::*;
use proptest::prelude::*;
use std::io::Write;
use tarquet_common::{
    archive::{INDEX_VERSION, index_key},
    codes::archive,
    failure::Class,
};
use tarquet_container::{
    Check, Container, MemberKind,
    index::{IndexBuilder, IndexLimits, IndexObjects, MembersReader, TRAILER_LEN, Trailer},
    seek::{SeekTable, Spacing},
};

fn files(seed: u64, count: usize, len_max: usize) -> Vec<(String, Vec<u8>)> {
    let mut noise = Noise(seed);
    (0..count)
        .map(|i| {
            let len = noise.below(len_max);
            (format!("dir/member-{i:05}.h5"), noise.content(len))
        })
        .collect()
}

fn tar_files(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    tar_of(&files.iter().map(|(n, b)| (n.as_str(), b.clone())).collect::<Vec<_>>())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn pack(container: Container, tar: &[u8], pieces: usize) -> Vec<u8> {
    let piece = tar.len().div_ceil(pieces);
    match container {
        Container::TarLz4 => lz4_frame(tar, &Lz4Style::default()),
        Container::TarGz => tar.chunks(piece).flat_map(gzip).collect(),
        Container::TarZst => tar.chunks(piece).flat_map(|p| zstd::bulk::compress(p, 1).unwrap()).collect(),
        _ => tar.to_vec(),
    }
}

const STREAMS: [Container; 4] = [Container::Tar, Container::TarLz4, Container::TarGz, Container::TarZst];

#[test]
fn every_member_can_be_fetched_alone_and_with_others() {
    let files = files(1, 40, 60_000);
    let tar = tar_files(&files);
    for container in STREAMS {
        for pieces in [1, 7] {
            let archive = pack(container, &tar, pieces);
            let index = index(container, &archive, CLOSE, 70_000).unwrap();
            assert_eq!(index.summary.index.uncompressed_len, tar.len() as u64);
            let members = index.read_members();
            assert!(members.iter().map(|m| &m.name[..]).eq(files.iter().map(|(n, _)| n.as_bytes())));
            let bodies: Vec<Vec<u8>> = files.iter().map(|(_, b)| b.clone()).collect();
            assert!(fetch(container, &archive, &index, &members, 10_000).unwrap() == bodies);
            for i in 0..members.len() {
                let got = fetch(container, &archive, &index, &members[i..=i], 1 << 20).unwrap();
                assert!(got[0] == bodies[i], "{container} member {i}");
            }
            let some: Vec<_> = members.iter().skip(5).step_by(9).cloned().collect();
            let got = fetch(container, &archive, &index, &some, 777).unwrap();
            assert!(got.iter().eq(bodies.iter().skip(5).step_by(9)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_archive_gives_its_bodies_from_any_member_on(
        seed in any::<u64>(),
        count in 1_usize..12,
        which in 0_usize..4,
        pieces in 1_usize..5,
        chunk in prop_oneof![1_usize..64, 1_000_usize..100_000],
        window in 65_536_u64..300_000,
    ) {
        let files = files(seed, count, 50_000);
        let (container, tar) = (STREAMS[which], tar_files(&files));
        let archive = pack(container, &tar, pieces);
        let index = index(container, &archive, Spacing { min: window / 3, window }, chunk).unwrap();
        let members = index.read_members();
        let from = seed as usize % members.len();
        let got = fetch(container, &archive, &index, &members[from..], chunk).unwrap();
        prop_assert!(got.iter().eq(files[from..].iter().map(|(_, b)| b)));
    }
}

#[test]
fn seekable_means_that_members_are_near() {
    let tar = tar_files(&files(2, 20, 20_000));
    let seekable = |container, pieces| {
        index(container, &pack(container, &tar, pieces), CLOSE, 1 << 20).unwrap().summary.index.seekable
    };
    assert!(seekable(Container::Tar, 1) && seekable(Container::TarLz4, 1));
    assert!(!seekable(Container::TarGz, 1) && !seekable(Container::TarZst, 1));
    assert!(seekable(Container::TarGz, 5) && seekable(Container::TarZst, 5));
}

#[test]
fn what_is_no_file_is_counted_and_duplicates_too() {
    let entries = [
        tar_entry(b'0', b"/etc/passwd", b"a"),
        tar_entry(b'0', b"../up.h5", b"bb"),
        tar_entry(b'0', b"../up.h5", b"ccc"),
        tar_entry(b'2', b"link", b""),
        tar_entry(b'1', b"hard", b""),
        tar_entry(b'3', b"dev", b""),
        tar_entry(b'5', b"dir/", b""),
        tar_entry(b'0', b"\xff\x00", b""),
    ];
    let archive = [entries.concat(), tar_end()].concat();
    let index = index(Container::Tar, &archive, CLOSE, 100).unwrap();
    let summary = &index.summary.index;
    assert_eq!((summary.members, summary.duplicates), (8, 1));
    assert_eq!((summary.body_bytes, summary.largest_body), (6, 3));
    for (kind, count) in [
        (MemberKind::File, 4),
        (MemberKind::Symlink, 1),
        (MemberKind::Hardlink, 1),
        (MemberKind::Device, 1),
        (MemberKind::Dir, 1),
        (MemberKind::Sparse, 0),
    ] {
        assert_eq!(summary.count(kind), count, "{kind}");
    }
    let files = index.files();
    assert_eq!(files[3].name, b"\xff");
    let bodies = fetch(Container::Tar, &archive, &index, &files, 10).unwrap();
    assert_eq!(bodies, [&b"a"[..], b"bb", b"ccc", b""]);
}

#[test]
fn many_members_come_in_several_row_groups() {
    let mut archive = Vec::new();
    for i in 0..70_000 {
        archive.extend(tar_entry(b'0', format!("{i}").as_bytes(), b""));
    }
    archive.extend(tar_end());
    let index = index(Container::Tar, &archive, CLOSE, 1 << 20).unwrap();
    let reader = MembersReader::open(index.members.clone().into(), &index.trailer()).unwrap();
    assert_eq!(reader.row_groups(), 2);
    assert_eq!(reader.read(0).unwrap().len(), 65_536);
    let second = reader.read(1).unwrap();
    assert_eq!((second.len(), &second[0].name[..]), (70_000 - 65_536, &b"65536"[..]));
}

#[test]
fn long_names_end_a_row_group_early() {
    let mut archive = Vec::new();
    for _ in 0..300 {
        archive.extend(tar_entry(b'L', b"l", &vec![b'n'; 60_000]));
        archive.extend(tar_entry(b'0', b"short", b""));
    }
    archive.extend(tar_end());
    let index = index(Container::Tar, &archive, CLOSE, 1 << 20).unwrap();
    let reader = MembersReader::open(index.members.clone().into(), &index.trailer()).unwrap();
    assert_eq!(reader.row_groups(), 2);
    assert_eq!(index.summary.index.duplicates, 299);
}

#[test]
fn a_damaged_index_is_never_used() {
    let archive = lz4_frame(&tar_files(&files(3, 12, 30_000)), &Lz4Style::default());
    let good = index(Container::TarLz4, &archive, CLOSE, 1 << 20).unwrap();
    assert!(good.summary.windows > 0);
    let trailer = good.trailer();
    for at in 0..good.members.len() {
        let mut bad = good.members.clone();
        bad[at] ^= 1;
        let failure = MembersReader::open(bad.into(), &trailer).unwrap_err();
        assert_eq!(failure.code, archive::INDEX_DAMAGED);
    }
    let points = trailer.points_range();
    for at in points.start as usize..good.windows.len() {
        let mut bad = good.windows.clone();
        bad[at] ^= 1;
        let read = Trailer::read(&bad[bad.len() - TRAILER_LEN..], bad.len() as u64).and_then(|trailer| {
            let range = trailer.points_range();
            trailer.seek_table(&bad[range.start as usize..range.end as usize])
        });
        let code = read.unwrap_err().code;
        assert!([archive::INDEX_DAMAGED, archive::INDEX_OTHER].contains(&code), "byte {at}");
    }
    for len in 0..TRAILER_LEN {
        assert_eq!(Trailer::read(&good.windows[..len], len as u64).unwrap_err().code, archive::INDEX_DAMAGED);
    }
    let other = MembersReader::open(b"PAR1 but not ours".to_vec().into(), &trailer).unwrap_err();
    assert_eq!(other.code, archive::INDEX_DAMAGED);
}

#[test]
fn an_index_knows_its_archive() {
    let archive = tar_files(&files(4, 3, 100));
    let index = index(Container::Tar, &archive, CLOSE, 1 << 20).unwrap();
    let own = identity(&archive);
    assert!(index.summary.index.check(&own).is_ok());
    let mut other = own.clone();
    other.etag = "\"e2\"".to_owned();
    assert_eq!(index.summary.index.check(&other).unwrap_err().code, archive::INDEX_OTHER);
    let keys = [
        index_key(&own, INDEX_VERSION),
        index_key(&other, INDEX_VERSION),
        index_key(&own, INDEX_VERSION + 1),
    ];
    assert!(keys.iter().all(|k| k.len() == 64) && keys[0] != keys[1] && keys[0] != keys[2]);
    assert_eq!(keys[0], index_key(&identity(&archive), INDEX_VERSION));
}

#[test]
fn a_damaged_or_cut_archive_is_never_indexed() {
    let tar = tar_files(&files(5, 4, 900));
    for container in STREAMS {
        let archive = pack(container, &tar, 2);
        let whole = index(container, &archive, CLOSE, 1 << 20).unwrap();
        // Zeros behind the end mark may go: nothing is lost with them.
        let needed = if container == Container::Tar { tar.len() } else { archive.len() };
        // One block of zeros is an end, too.
        let one_block = if container == Container::Tar { needed - 512 } else { usize::MAX };
        for len in (0..needed).filter(|len| *len != one_block) {
            let failure = index(container, &archive[..len], CLOSE, 1 << 20).unwrap_err();
            assert_eq!(failure.class(), Class::Input, "{container} cut at {len}: {failure:?}");
            assert!(failure.place.uri.is_some());
        }
        if container == Container::Tar || container == Container::TarZst {
            continue; // neither carries a checksum of its content
        }
        for at in 0..archive.len() {
            let mut bad = archive.clone();
            bad[at] ^= 0x20;
            if let Ok(index) = index(container, &bad, CLOSE, 1 << 20) {
                assert_eq!(index.members, whole.members, "{container} byte {at}");
            }
        }
    }
}

#[test]
fn reading_less_than_the_object_is_no_index() {
    let archive = tar_files(&files(6, 3, 100));
    let mut own = identity(&archive);
    own.size += 1;
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let mut builder = IndexBuilder::new(own, Container::Tar, CLOSE, IndexLimits::default(), objects).unwrap();
    builder.feed(&archive).unwrap();
    let failure = builder.finish().map(|_| ()).unwrap_err();
    assert_eq!((failure.code, failure.class()), (archive::ARCHIVE_READ, Class::Environment));
}

#[test]
fn a_changed_body_is_no_input_failure() {
    let files = files(7, 10, 5_000);
    let tar = tar_files(&files);
    for container in STREAMS {
        let archive = pack(container, &tar, 1);
        let index = index(container, &archive, CLOSE, 1 << 20).unwrap();
        let members = index.files();
        for at in (0..archive.len()).step_by(37) {
            let mut bad = archive.clone();
            bad[at] ^= 0x20;
            match fetch(container, &bad, &index, &members, 3_000) {
                Ok(bodies) => {
                    assert!(bodies.iter().eq(files.iter().map(|(_, b)| b)), "{container} byte {at}")
                }
                Err(failure) => {
                    assert_eq!(failure.code, archive::BODY_CHANGED, "{container} byte {at}");
                    assert_eq!(failure.class(), Class::Environment);
                }
            }
        }
    }
}

#[test]
fn limits_hold() {
    let archive = tar_files(&files(8, 10, 100));
    let limits = IndexLimits { members_max: 9, ..IndexLimits::default() };
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let mut builder = IndexBuilder::new(identity(&archive), Container::Tar, CLOSE, limits, objects).unwrap();
    assert_eq!(builder.feed(&archive).unwrap_err().code, archive::ARCHIVE_LIMIT);
}

/// A disk that is full after some bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(buf.len()).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told() {
    let archive = lz4_frame(&tar_files(&files(9, 10, 60_000)), &Lz4Style::default());
    for (members, windows) in [(50, 1 << 30), (1 << 30, 50)] {
        let objects = IndexObjects { members: Full(members), windows: Full(windows) };
        let builder =
            IndexBuilder::new(identity(&archive), Container::TarLz4, CLOSE, IndexLimits::default(), objects);
        let ended = builder.and_then(|mut b| b.feed(&archive).and_then(|()| b.finish().map(|_| ())));
        let failure = ended.unwrap_err();
        assert_eq!((failure.code, failure.class()), (archive::INDEX_WRITE, Class::Environment));
    }
}

#[test]
fn a_loose_object_is_its_own_member() {
    let body = Noise(10).bytes(5_000);
    let member = tarquet_container::Member::loose("frames/one.h5", body.len() as u64);
    assert_eq!((member.check, member.refusal()), (Check::Unknown, None));
    let range = SeekTable::Anywhere.range_of(0..member.size, member.size);
    let mut stream = tarquet_container::stream::MemberStream::new(
        Container::Loose,
        &range.start,
        None,
        vec![(&member).into()],
    )
    .unwrap();
    let mut bodies = Bodies::default();
    for chunk in body.chunks(999) {
        stream.feed(chunk, &mut bodies).unwrap();
    }
    stream.finish(&mut bodies).unwrap();
    assert!(bodies.done[0].1 == body);
}
