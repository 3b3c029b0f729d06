//! Archives that the programs people use have written (`tests/data/make.py` says which).

use crate::support::*;
use crc_fast::{CrcAlgorithm, checksum};
use std::path::PathBuf;
use tarquet_common::codes::archive;
use tarquet_common::failure::Failure;
use tarquet_container::index::{IndexLimits, IndexObjects, index_zip};
use tarquet_container::{Container, MemberKind};

fn data(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Name in hexadecimal, size and CRC-32 of each plain file that an archive holds.
fn expected(archive: &str) -> Vec<(String, u64, String)> {
    let text = String::from_utf8(data("expected.txt")).unwrap();
    let rows = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let rows = rows.filter(|row| row[0] == archive);
    rows.map(|row| (row[1].to_owned(), row[2].parse().unwrap(), row[3].to_owned())).collect()
}

fn read(name: &str) -> Result<Indexed, Failure> {
    let (container, archive) = (Container::of(name).unwrap(), data(name));
    if container != Container::Zip {
        return index(container, &archive, CLOSE, 5_000);
    }
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let (summary, o) = index_zip(identity(&archive), &archive[..], IndexLimits::default(), objects)?;
    Ok(Indexed { summary, members: o.members, windows: o.windows })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Indexes an archive and fetches every plain file alone and all together.
fn check(name: &str) -> Indexed {
    let (container, archive) = (Container::of(name).unwrap(), data(name));
    let index = read(name).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let files = index.files();
    let together = fetch(container, &archive, &index, &files, 4_000).unwrap();
    let row = |(member, body): (&tarquet_container::Member, &Vec<u8>)| {
        let crc = checksum(CrcAlgorithm::Crc32IsoHdlc, body);
        (hex(&member.name), body.len() as u64, format!("{crc:08x}"))
    };
    let found: Vec<_> = files.iter().zip(&together).map(row).collect();
    assert_eq!(found, expected(name), "{name}");
    for (member, body) in files.iter().zip(&together) {
        let alone = fetch(container, &archive, &index, std::slice::from_ref(member), 1 << 20).unwrap();
        assert!(alone[0] == *body, "{name}: {}", member.display_name());
    }
    index
}

#[test]
fn archives_of_other_programs_are_read() {
    let names: Vec<String> = std::fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Container::from_name(name).is_some() && name != "legacy.tar.lz4")
        .collect();
    assert!(names.len() >= 15, "{names:?}");
    for name in names {
        check(&name);
    }
}

#[test]
fn linked_blocks_have_windows_and_independent_ones_need_none() {
    assert!(check("python-compress.tar.lz4").summary.windows > 0);
    assert!(check("python-open.tar.lz4").summary.windows > 0);
    assert!(check("cli-linked.tar.lz4").summary.windows > 0);
    let independent = check("python-independent.tar.lz4").summary;
    assert!(independent.windows == 0 && independent.seek.points().len() > 3);
    assert_eq!(check("cli-two-frames.tar.lz4").summary.seek.points().len(), 2);
}

#[test]
fn what_is_no_plain_file_is_counted() {
    let index = check("odd.tar.lz4").summary.index;
    assert_eq!((index.count(MemberKind::Symlink), index.count(MemberKind::Hardlink)), (1, 1));
    assert_eq!((index.count(MemberKind::Device), index.count(MemberKind::Dir)), (2, 1));
    assert_eq!(index.duplicates, 1);
    for name in ["sparse-gnu.tar.lz4", "sparse-posix.tar.lz4"] {
        assert_eq!(check(name).summary.index.count(MemberKind::Sparse), 1, "{name}");
    }
}

#[test]
fn the_legacy_frame_is_refused_by_name() {
    let failure = read("legacy.tar.lz4").unwrap_err();
    assert_eq!(failure.code, archive::FEATURE_REFUSED);
    assert!(failure.message.contains("legacy"));
}

/// Bytes flipped and lengths cut all over an archive with checksums that a real program wrote.
#[test]
fn a_real_archive_that_was_damaged_is_never_taken_for_whole() {
    let name = "cli.tar.lz4";
    let (whole, archive) = (read(name).unwrap(), data(name));
    for at in (0..archive.len()).step_by(7).chain(archive.len() - 40..archive.len()) {
        let mut bad = archive.clone();
        bad[at] ^= 0x40;
        if let Ok(index) = index(Container::TarLz4, &bad, CLOSE, 1 << 20) {
            assert_eq!(index.members, whole.members, "byte {at}");
        }
        let cut = index(Container::TarLz4, &archive[..at], CLOSE, 1 << 20).unwrap_err();
        assert_eq!(cut.code, archive::ARCHIVE_TRUNCATED, "cut at {at}");
    }
}
