//! Zip: directories of every kind, members fetched alone, damage anywhere.

use crate::support::*;
use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};
use std::io::{Cursor, Write};
use tarquet_common::codes::archive;
use tarquet_common::failure::{Class, Failure};
use tarquet_container::index::{IndexLimits, IndexObjects, index_zip};
use tarquet_container::zip::RangedReader;
use tarquet_container::{Container, Member, MemberKind};

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
}

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn write(fill: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    fill(&mut writer);
    writer.finish().unwrap().into_inner()
}

/// Files of some sizes, stored and deflated in turn, an empty one among them.
fn sample() -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut noise = Noise(1);
    let bodies: Vec<Vec<u8>> =
        [0, 1, 700, 300_000, 0, 5_000].map(|len| noise.content(len)).into_iter().collect();
    let archive = write(|zip| {
        for (i, body) in bodies.iter().enumerate() {
            zip.start_file(format!("m{i}"), if i % 2 == 0 { stored() } else { deflated() }).unwrap();
            zip.write_all(body).unwrap();
        }
    });
    (archive, bodies)
}

fn index(archive: &[u8]) -> Result<Indexed, Failure> {
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let (summary, objects) = index_zip(identity(archive), archive, IndexLimits::default(), objects)?;
    Ok(Indexed { summary, members: objects.members, windows: objects.windows })
}

fn get(archive: &[u8], index: &Indexed, members: &[Member], chunk: usize) -> Result<Vec<Vec<u8>>, Failure> {
    fetch(Container::Zip, archive, index, members, chunk)
}

fn code(archive: &[u8]) -> tarquet_common::codes::Code {
    index(archive).unwrap_err().code
}

#[test]
fn members_are_fetched_alone_and_together() {
    let (archive, bodies) = sample();
    let index = index(&archive).unwrap();
    let members = index.read_members();
    assert!(index.summary.index.seekable);
    assert!(members.iter().all(|m| m.kind == MemberKind::File));
    for chunk in [1, 17, 40_000, 1 << 20] {
        assert!(get(&archive, &index, &members, chunk).unwrap() == bodies, "chunks of {chunk}");
    }
    for i in 0..members.len() {
        assert!(get(&archive, &index, &members[i..=i], 999).unwrap()[0] == bodies[i], "member {i}");
    }
    let odd = [members[1].clone(), members[3].clone(), members[4].clone()];
    assert!(get(&archive, &index, &odd, 999).unwrap() == [&bodies[1][..], &bodies[3], &bodies[4]]);
}

#[test]
fn an_empty_zip_has_no_members() {
    let index = index(&write(|_| {})).unwrap();
    assert_eq!((index.summary.index.members, index.read_members().len()), (0, 0));
}

#[test]
fn zip64_is_read() {
    let body = Noise(2).content(4_000);
    let archive = write(|zip| {
        zip.start_file("big", deflated().large_file(true)).unwrap();
        zip.write_all(&body).unwrap();
    });
    let index = index(&archive).unwrap();
    assert!(get(&archive, &index, &index.read_members(), 50).unwrap() == [body]);
}

#[test]
fn more_members_than_a_small_end_record_counts() {
    let archive = write(|zip| {
        for i in 0..66_000 {
            zip.start_file(i.to_string(), stored()).unwrap();
        }
    });
    let index = index(&archive).unwrap();
    assert_eq!(index.summary.index.members, 66_000);
    let members = index.read_members();
    assert!(members.windows(2).all(|m| m[0].offset < m[1].offset));
}

#[test]
fn a_comment_may_hold_another_end_record() {
    let (archive, _) = sample();
    let mut comment = b"PK\x05\x06".to_vec();
    comment.resize(60, 0);
    let mut with = archive.clone();
    let at = with.len() - 2;
    with.splice(at.., 60_u16.to_le_bytes());
    with.extend(comment);
    assert_eq!(index(&with).unwrap().read_members(), index(&archive).unwrap().read_members());
}

#[test]
fn names_stay_the_bytes_they_are_and_duplicates_are_two() {
    let archive = write(|zip| {
        for name in ["/etc/passwd", "../up", "twin-a", "twin-b"] {
            zip.start_file(name, stored()).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
    });
    // The library refuses to write a name twice, or one that is not text.
    let swap = |bytes: Vec<u8>, from: &[u8], to: &[u8]| {
        let mut out = bytes;
        while let Some(at) = out.windows(from.len()).position(|w| w == from) {
            out[at..at + from.len()].copy_from_slice(to);
        }
        out
    };
    let archive = swap(archive, b"twin-b", b"twin-a");
    let archive = swap(archive, b"../up", b"\xff./\xfep");
    let found = index(&archive);
    // Bodies were changed with the names, but an index does not read them.
    let index = found.unwrap();
    let names: Vec<Vec<u8>> = index.read_members().into_iter().map(|m| m.name).collect();
    assert_eq!(names, [&b"/etc/passwd"[..], b"\xff./\xfep", b"twin-a", b"twin-a"]);
    assert_eq!(index.summary.index.duplicates, 1);
}

#[test]
fn what_is_no_file_has_its_kind() {
    let archive = write(|zip| {
        zip.add_directory("dir/", stored()).unwrap();
        zip.add_symlink("link", "/etc/passwd", stored()).unwrap();
        zip.start_file("locked", stored()).unwrap();
        zip.start_file("odd", stored()).unwrap();
        zip.start_file("plain", stored()).unwrap();
    });
    let mut bad = archive.clone();
    let entry = |name: &[u8]| archive.windows(name.len()).rposition(|w| w == name).unwrap() - 46;
    bad[entry(b"locked") + 8] |= 1;
    bad[entry(b"odd") + 10] = 14;
    let members = index(&bad).unwrap().read_members();
    let kinds: Vec<MemberKind> = members.iter().map(|m| m.kind).collect();
    use MemberKind::{Dir, Encrypted, File, Method, Symlink};
    assert_eq!(kinds, [Dir, Symlink, Encrypted, Method, File]);
    let codes: Vec<_> = members.iter().filter_map(|m| m.refusal()).map(|f| f.code).collect();
    let not_a_file = archive::MEMBER_NOT_A_FILE;
    assert_eq!(codes, [not_a_file, not_a_file, archive::MEMBER_ENCRYPTED, archive::MEMBER_METHOD]);
}

#[test]
fn a_cut_zip_is_never_whole() {
    let (archive, _) = sample();
    for len in (0..archive.len()).step_by(7).chain(archive.len() - 400..archive.len()) {
        let failure = index(&archive[..len]).unwrap_err();
        let typed = [archive::ARCHIVE_TRUNCATED, archive::ARCHIVE_DAMAGED, archive::OTHER_CONTAINER];
        assert!(typed.contains(&failure.code), "cut at {len}: {failure:?}");
        assert!(failure.place.uri.is_some());
    }
}

#[test]
fn a_flipped_byte_never_gives_other_data() {
    let mut noise = Noise(3);
    let bodies: Vec<Vec<u8>> = vec![noise.content(900), noise.content(1_200)];
    let archive = write(|zip| {
        for (i, body) in bodies.iter().enumerate() {
            zip.start_file(format!("m{i}"), if i == 0 { stored() } else { deflated() }).unwrap();
            zip.write_all(body).unwrap();
        }
    });
    let good = index(&archive).unwrap();
    let members = good.read_members();
    for at in 0..archive.len() {
        let mut bad = archive.clone();
        bad[at] ^= 0x11;
        // With the index of the undamaged object: the bytes changed on their way.
        match get(&bad, &good, &members, 500) {
            Ok(got) => assert!(got == bodies, "byte {at}"),
            Err(failure) => assert_eq!(failure.class(), Class::Environment, "byte {at}"),
        }
        // With an index of the damaged object.
        if let Ok(index) = index(&bad)
            && let Ok(got) = get(&bad, &index, &index.files(), 500)
        {
            let fewer = index.files().len() < bodies.len();
            assert!(fewer || got == bodies || index.read_members() != members, "byte {at}");
            assert!(got.iter().all(|g| bodies.contains(g)), "byte {at}");
        }
    }
}

#[test]
fn members_that_share_bytes_are_refused() {
    let archive = write(|zip| {
        for name in ["aa", "bb"] {
            zip.start_file(name, stored()).unwrap();
            zip.write_all(b"body").unwrap();
        }
    });
    let mut bad = archive.clone();
    let entry = archive.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    bad[entry + 42..entry + 46].fill(0);
    assert_eq!(code(&bad), archive::ARCHIVE_DAMAGED);
}

#[test]
fn members_come_in_their_own_order_whatever_that_of_the_directory() {
    let archive = write(|zip| {
        for name in ["aa", "bb"] {
            zip.start_file(name, stored()).unwrap();
            zip.write_all(b"body").unwrap();
        }
    });
    let entries: Vec<usize> =
        archive.windows(4).enumerate().filter(|(_, w)| w == b"PK\x01\x02").map(|(at, _)| at).collect();
    let len = entries[1] - entries[0];
    let mut swapped = archive.clone();
    swapped.copy_within(entries[0]..entries[1], entries[1]);
    swapped[entries[0]..entries[1]].copy_from_slice(&archive[entries[1]..entries[1] + len]);
    assert_ne!(swapped, archive);
    assert_eq!(index(&swapped).unwrap().read_members(), index(&archive).unwrap().read_members());
}

#[test]
fn a_claim_of_petabytes_is_not_believed() {
    let archive = write(|zip| {
        zip.start_file("vast", deflated()).unwrap();
        zip.write_all(b"little").unwrap();
    });
    let mut bad = archive.clone();
    let entry = archive.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    bad[entry + 27] = 0x70;
    assert_eq!(code(&bad), archive::ARCHIVE_DAMAGED);
}

#[test]
fn refusals_have_names() {
    let (archive, _) = sample();
    let end = archive.len() - 22;
    let with = |at: usize, byte: u8| {
        let mut bad = archive.clone();
        bad[at] = byte;
        code(&bad)
    };
    assert_eq!(with(end + 4, 1), archive::FEATURE_REFUSED, "several disks");
    assert_eq!(with(end + 10, 9), archive::ARCHIVE_DAMAGED, "another number of members");
    assert_eq!(with(end + 19, 9), archive::ARCHIVE_DAMAGED, "a directory behind the end");
    assert_eq!(code(b"\x1f\x8b but called zip"), archive::OTHER_CONTAINER);
}

/// A store that fails.
struct Broken;

impl RangedReader for Broken {
    fn size(&self) -> u64 {
        1_000
    }

    fn read_at(&self, _offset: u64, _len: usize) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::ConnectionReset.into())
    }
}

#[test]
fn a_store_that_fails_is_told() {
    let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
    let failure =
        index_zip(identity(&[0; 1_000]), &Broken, IndexLimits::default(), objects).map(|_| ()).unwrap_err();
    assert_eq!((failure.code, failure.class()), (archive::ARCHIVE_READ, Class::Environment));
}
