//! Tar: headers of every kind, names of every kind, ends of every kind.

use crate::support::*;
use proptest::prelude::*;
use tarquet_common::codes::archive;
use tarquet_common::failure::Failure;
use tarquet_container::crc32c;
use tarquet_container::tar::Walker;
use tarquet_container::{Check, Container, Member, MemberKind};

fn walk(stream: &[u8], chunk: usize) -> Result<Vec<Member>, Failure> {
    let mut members = Vec::new();
    let mut walker = Walker::new(Container::Tar);
    for chunk in stream.chunks(chunk) {
        walker.feed(chunk, &mut |member| {
            members.push(member);
            Ok(())
        })?;
    }
    walker.finish()?;
    assert_eq!(walker.offset(), stream.len() as u64);
    Ok(members)
}

fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), tar_end()].concat()
}

fn one(entries: &[Vec<u8>]) -> Member {
    let members = walk(&tar(entries), 100).unwrap();
    assert_eq!(members.len(), 1);
    members.into_iter().next().unwrap()
}

fn code(stream: &[u8]) -> tarquet_common::codes::Code {
    walk(stream, 1_000).unwrap_err().code
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn members_are_found_in_any_chunks(
        lens in prop::collection::vec(prop_oneof![Just(0_usize), Just(512), 0_usize..3_000], 0..8),
        chunk in prop_oneof![1_usize..600, Just(1_000_000)],
        padding in 0_usize..3_000,
    ) {
        let bodies: Vec<Vec<u8>> = lens.iter().map(|len| Noise(*len as u64).bytes(*len)).collect();
        let entries: Vec<Vec<u8>> =
            bodies.iter().enumerate().map(|(i, b)| tar_entry(b'0', format!("m{i}").as_bytes(), b)).collect();
        let mut stream = tar(&entries);
        stream.resize(stream.len() + padding, 0);
        let members = walk(&stream, chunk).unwrap();
        prop_assert_eq!(members.len(), bodies.len());
        for (i, (member, body)) in members.iter().zip(&bodies).enumerate() {
            let start = member.offset as usize;
            prop_assert!(stream[start..start + member.size as usize] == body[..]);
            prop_assert_eq!(member.check, Check::Crc32c(crc32c(body)));
            let name = format!("m{i}").into_bytes();
            prop_assert_eq!(&member.name, &name);
        }
    }
}

#[test]
fn names_stay_the_bytes_they_are() {
    for name in [&b"/etc/passwd"[..], b"../../up", b"a/../b", b"\xff\xfe.h5", b"with space\n", b"back\\slash"]
    {
        assert_eq!(one(&[tar_entry(b'0', name, b"x")]).name, name);
    }
}

#[test]
fn a_ustar_prefix_is_part_of_the_name() {
    let mut entry = tar_entry(b'0', b"file.h5", b"x");
    entry[345..348].copy_from_slice(b"dir");
    seal(&mut entry);
    assert_eq!(one(&[entry]).name, b"dir/file.h5");
}

#[test]
fn long_names_come_from_gnu_and_from_pax() {
    let long = vec![b'n'; 1_000];
    let gnu = [tar_entry(b'L', b"././@LongLink", &[&long[..], b"\0"].concat())];
    let body = tar_entry(b'0', b"short", b"body");
    assert_eq!(one(&[gnu[0].clone(), body.clone()]).name, long);
    let target = tar_entry(b'K', b"././@LongLink", b"target\0");
    assert_eq!(one(&[target, gnu[0].clone(), body.clone()]).name, long);

    let records = pax(&[("path", &long), ("mtime", b"1.5")]);
    let member = one(&[tar_entry(b'x', b"PaxHeaders/short", &records), body.clone()]);
    assert_eq!((member.name, member.size), (long.clone(), 4));

    let both = [tar_entry(b'x', b"p", &pax(&[("path", b"pax")])), gnu[0].clone(), body];
    assert_eq!(one(&both).name, b"pax");
}

#[test]
fn an_extension_speaks_of_one_member_and_a_global_one_of_none() {
    let files = [tar_entry(b'0', b"one", b"1"), tar_entry(b'0', b"two", b"2")];
    let names = |extension: Vec<u8>| -> Vec<Vec<u8>> {
        let stream = tar(&[extension, files[0].clone(), files[1].clone()]);
        walk(&stream, 100).unwrap().into_iter().map(|m| m.name).collect()
    };
    let records = pax(&[("path", b"other")]);
    assert_eq!(names(tar_entry(b'x', b"p", &records)), [&b"other"[..], b"two"]);
    let global = tar(&[tar_entry(b'g', b"p", &records), files[0].clone()]);
    assert_eq!(code(&global), archive::TAR_EXTENSION);
    assert_eq!(names(tar_entry(b'g', b"p", &pax(&[("comment", b"c")]))), [&b"one"[..], b"two"]);
}

#[test]
fn sizes_come_from_pax_and_from_base_256() {
    let body = Noise(1).bytes(700);
    let mut entry = tar_entry(b'0', b"big", &body);
    entry[124..136].copy_from_slice(b"00000000000\0");
    seal(&mut entry);
    let member = one(&[tar_entry(b'x', b"p", &pax(&[("size", b"700")])), entry.clone()]);
    assert_eq!((member.size, member.check), (700, Check::Crc32c(crc32c(&body))));

    entry[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xbc]);
    seal(&mut entry);
    assert_eq!(one(&[entry]).size, 700);
}

#[test]
fn impossible_sizes_are_refused() {
    let sizes: [&[u8; 12]; 5] = [
        &[0xff; 12],
        b"\x80\x01\0\0\0\0\0\0\0\0\0\0",
        b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
        b"not a number",
        &[0; 12],
    ];
    for size in sizes {
        let mut entry = tar_entry(b'0', b"a", b"x");
        let ahead = tar_entry(b'0', b"ahead", b"x");
        entry[124..136].copy_from_slice(size);
        seal(&mut entry);
        assert_eq!(code(&tar(&[ahead, entry])), archive::TAR_HEADER, "{size:?}");
    }
    let entry = tar_entry(b'x', b"p", &pax(&[("size", b"9223372036854775807")]));
    assert_eq!(code(&tar(&[entry, tar_entry(b'0', b"a", b"x")])), archive::TAR_EXTENSION);
}

#[test]
fn links_devices_and_sparse_files_are_told() {
    let mut entries: Vec<Vec<u8>> = b"123456D"
        .iter()
        .map(|kind| tar_entry(*kind, &[*kind], if *kind == b'D' { b"dump" } else { b"" }))
        .collect();
    // A link that claims a size has no body all the same.
    entries[1][124..136].copy_from_slice(b"00000001000\0");
    seal(&mut entries[1]);
    let members = walk(&tar(&entries), 100).unwrap();
    let kinds: Vec<MemberKind> = members.iter().map(|m| m.kind).collect();
    use MemberKind::{Device, Dir, Hardlink, Other, Symlink};
    assert_eq!(kinds, [Hardlink, Symlink, Device, Device, Dir, Device, Other]);
    assert!(members[..6].iter().all(|m| m.size == 0));
    for member in &members {
        let refusal = member.refusal().unwrap();
        assert_eq!(refusal.code, archive::MEMBER_NOT_A_FILE);
        assert_eq!(refusal.place.member, Some(member.display_name()));
    }
}

#[test]
fn sparse_members_are_refused_by_name_and_passed_over() {
    let after = tar_entry(b'0', b"after", b"x");
    let mut gnu = tar_entry(b'S', b"sparse", &[7; 600]);
    gnu[257..265].copy_from_slice(b"ustar  \0");
    gnu[482] = 1;
    seal(&mut gnu);
    let mut map = vec![0; 1_024];
    map[504] = 1;
    gnu.splice(512..512, map);
    let members = walk(&tar(&[gnu, after.clone()]), 100).unwrap();
    assert_eq!((members[0].kind, members[0].offset, members[0].size), (MemberKind::Sparse, 1_536, 600));
    assert_eq!((members[0].check, &members[1].name[..]), (Check::Crc32c(crc32c(&[7; 600])), &b"after"[..]));

    let pax_sparse = tar_entry(b'x', b"p", &pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")]));
    let members = walk(&tar(&[pax_sparse, tar_entry(b'0', b"s", b"map"), after]), 100).unwrap();
    assert_eq!(members.iter().map(|m| m.kind).collect::<Vec<_>>(), [MemberKind::Sparse, MemberKind::File]);
    assert_eq!(members[0].refusal().unwrap().code, archive::MEMBER_SPARSE);
}

#[test]
fn an_old_directory_is_no_file() {
    assert_eq!(one(&[tar_entry(0, b"dir/", b"")]).kind, MemberKind::Dir);
    assert_eq!(one(&[tar_entry(0, b"file", b"x")]).kind, MemberKind::File);
}

#[test]
fn the_end_mark_is_asked_for() {
    let entry = tar_entry(b'0', b"a", b"x");
    assert_eq!(walk(&tar(&[]), 100).unwrap(), []);
    // One block is what some writers end with, and GNU tar reads it.
    assert_eq!(walk(&[entry.clone(), vec![0; 512]].concat(), 100).unwrap().len(), 1);
    for end in [vec![], vec![0; 1_023]] {
        assert_eq!(code(&[entry.clone(), end].concat()), archive::TAR_END_MISSING);
    }
    assert_eq!(code(&[entry.clone(), vec![0; 512], entry.clone()].concat()), archive::TAR_END_MISSING);
    assert_eq!(code(&[tar(std::slice::from_ref(&entry)), entry.clone()].concat()), archive::TRAILING_BYTES);
    assert_eq!(code(b""), archive::TAR_END_MISSING);
}

#[test]
fn a_cut_stream_is_never_whole() {
    let stream = tar(&[
        tar_entry(b'0', b"a", &[1; 700]),
        tar_entry(b'x', b"p", &pax(&[("path", b"b")])),
        tar_entry(b'0', b"b", b""),
    ]);
    for len in (0..stream.len()).filter(|len| *len != stream.len() - 512) {
        let failure = walk(&stream[..len], 333).unwrap_err();
        let typed = [archive::TAR_END_MISSING, archive::ARCHIVE_TRUNCATED];
        assert!(typed.contains(&failure.code), "cut at {len}: {failure:?}");
        assert!(failure.place.offset.is_some());
    }
}

#[test]
fn damage_in_a_header_is_named() {
    let stream = tar(&[tar_entry(b'0', b"a", b"x"), tar_entry(b'0', b"b", b"y")]);
    for at in 1_024..1_536 {
        let mut bad = stream.clone();
        bad[at] ^= 0x10;
        match walk(&bad, 4_096) {
            Err(failure) => {
                assert_eq!(failure.code, archive::TAR_HEADER);
                assert_eq!(failure.place.offset, Some(1_024));
            }
            // The two bytes behind the checksum's digits carry nothing.
            Ok(members) => assert_eq!(members, walk(&stream, 4_096).unwrap(), "byte {at}"),
        }
    }
    let failure = walk(&[7; 2_048], 4_096).unwrap_err();
    assert_eq!(
        (failure.code, failure.found.as_deref()),
        (archive::OTHER_CONTAINER, Some("something unknown"))
    );
}

#[test]
fn bad_extensions_are_named() {
    let file = tar_entry(b'0', b"a", b"x");
    let cases = [
        tar(&[tar_entry(b'x', b"p", b"99 path=a\n"), file.clone()]),
        tar(&[tar_entry(b'x', b"p", &pax(&[("path", b"a")]))]),
        tar(&[tar_entry(b'L', b"l", b"name\0")]),
        tar(&[tar_entry(b'L', b"l", &vec![b'n'; 70_000]), file.clone()]),
        tar(&[tar_entry(b'x', b"p", &vec![b'1'; (1 << 20) + 1]), file]),
    ];
    for (n, stream) in cases.iter().enumerate() {
        assert_eq!(code(stream), archive::TAR_EXTENSION, "case {n}");
    }
}
