//! Small files that claim much: what is read and made of a member stays within what it may take, before it is taken.

use std::{path::PathBuf, process::Command, time::Duration};
use tarquet_common::{
    codes::{cluster, format},
    failure::Failure,
};
use tarquet_decode::{Limits, Options, decode};
use tarquet_kit::{
    environment,
    measure::{Cost, Counting, measured},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Tests of this binary run one at a time: they measure.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

const MIB: usize = 1 << 20;

/// What a small member may become by a plan's usual limits.
const DECODED: usize = 16 * MIB;

/// Decodes a member that may become so many bytes, and says what it cost.
fn cost(bytes: Vec<u8>, decoded: usize) -> Cost<Result<(), Failure>> {
    let limits = Limits {
        decoded_bytes: decoded as u64,
        object_bytes: decoded as u64,
        vlen_bytes: decoded as u64,
        chunk_bytes: decoded as u64,
        ..Limits::default()
    };
    measured(|| decode(bytes, &Options { limits, ..Options::default() }).map(drop))
}

/// Asserts that a member is refused in time and in memory: two accounts, and what grows by doubling.
fn refused(what: &str, bytes: Vec<u8>, decoded: usize) {
    let size = bytes.len();
    let cost = cost(bytes, decoded);
    let code = cost.gave.expect("no panic").map_err(|failure| failure.code);
    assert_eq!(code, Err(format::OVER_LIMIT), "{what}");
    assert!(cost.peak_bytes < 3 * decoded + 4 * size, "{what}: {} bytes of {size}", cost.peak_bytes);
    assert!(cost.took < Duration::from_secs(10), "{what}: {:?}", cost.took);
}

/// An attack as the shared script makes it; `None` where there is no script or no Python for it.
fn attack(kind: &str, size: &str) -> Option<Vec<u8>> {
    let script = environment::shared("attacks/make.py")?;
    let python: PathBuf = environment::path("TARQUET_PYTHON23")?;
    let file = std::env::temp_dir().join(format!("tarquet-{kind}-{}.h5", std::process::id()));
    let made = Command::new(python).arg(script).arg(kind).arg(&file).arg(size).status().unwrap();
    assert!(made.success(), "{kind}");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    Some(bytes)
}

#[test]
fn references_to_one_object_are_paid_for_each_time() {
    let _alone = ALONE.lock();
    let Some(bytes) = attack("hdf5-shared-heap", "100") else { return };
    // Each column alone is well within.
    refused("a hundred columns of 30 MiB", bytes, 64 * MIB);
}

/// A table of `rows` rows whose texts are one text of 30 kB, as no writer makes it; `None` without a Python to make it.
fn one_text_in_all_rows(rows: u32) -> Option<Vec<u8>> {
    const SCRIPT: &str = "import sys, h5py, numpy as np
path, rows = sys.argv[1], int(sys.argv[2])
with h5py.File(path, 'w') as f:
    d = f.create_dataset('t', (rows,), dtype=[('k', 'i4'), ('s', h5py.string_dtype())])
    d[0] = (1, 'x' * 30_000)
    start, step = d.id.get_offset(), d.id.get_storage_size() // rows
data = bytearray(open(path, 'rb').read())
data[start:start + step * rows] = data[start:start + step] * rows
open(path, 'wb').write(data)";
    let python: PathBuf = environment::path("TARQUET_PYTHON23")?;
    let file = std::env::temp_dir().join(format!("tarquet-one-text-{}.h5", std::process::id()));
    let made = Command::new(python).args(["-c", SCRIPT]).arg(&file).arg(rows.to_string()).status().unwrap();
    assert!(made.success());
    let bytes = std::fs::read(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    Some(bytes)
}

#[test]
fn a_text_that_all_rows_of_a_table_lead_to_is_paid_for_in_each() {
    let _alone = ALONE.lock();
    let Some(few) = one_text_in_all_rows(3) else { return };
    assert!(cost(few, DECODED).gave.expect("no panic").is_ok(), "the file is well made");
    refused("two thousand times 30 kB", one_text_in_all_rows(2000).unwrap(), DECODED);
}

#[test]
fn a_small_process_tells_what_no_process_would_take_from_what_it_lacks() {
    let _alone = ALONE.lock();
    let Some(bytes) = attack("hdf5-shared-heap", "100") else { return };
    let ends = |decoded_bytes: u64| {
        let limits = Limits { decoded_bytes, memory_bytes: 20 << 20, ..Limits::default() };
        let (bytes, options) = (bytes.clone(), Options { limits, ..Options::default() });
        let cost = measured(|| decode(bytes, &options).unwrap_err().code);
        assert!(cost.peak_bytes < 3 * 20 * MIB, "{} bytes", cost.peak_bytes);
        cost.gave
    };
    // 100 columns of 30 MiB.
    assert_eq!(ends(100 << 20), Some(format::OVER_LIMIT));
    assert_eq!(ends(8 << 30), Some(cluster::SLOT_TOO_SMALL));
}

#[test]
fn a_name_made_of_one_tuple_many_times_is_paid_for_as_what_it_becomes() {
    let _alone = ALONE.lock();
    let Some(bytes) = attack("pickle-breadth", "2000") else { return };
    refused("a name of four million parts", bytes, DECODED);
}

/// Appends numbers of so many bytes, little-endian.
fn put(into: &mut Vec<u8>, fields: &[(u64, usize)]) {
    for (value, width) in fields {
        into.extend_from_slice(&value.to_le_bytes()[..*width]);
    }
}

/// An old-style file whose root lists `links` soft links, all of one name of `name` bytes.
/// (Format: HDF5 File Format Specification, II.A, III.A, III.D, IV.A.)
fn one_name(links: u64, name: usize) -> Vec<u8> {
    let (header, tree, node) = (96, 136, 136 + 24 + 24);
    let heap = node + 8 + 40 * links;
    let segment = heap + 32;
    let end = segment + name as u64 + 1;
    let mut file = b"\x89HDF\r\n\x1a\n".to_vec();
    put(&mut file, &[(0, 5), (8, 1), (8, 1), (0, 1), (u64::from(u16::MAX), 2), (16, 2), (0, 4)]);
    put(&mut file, &[(0, 8), (u64::MAX, 8), (end, 8), (u64::MAX, 8)]);
    put(&mut file, &[(0, 8), (header, 8), (0, 4), (0, 4), (0, 8), (0, 8)]);
    // the root's header: one message, the symbol table
    put(
        &mut file,
        &[(1, 2), (1, 2), (1, 4), (24, 4), (0, 4), (0x11, 2), (16, 2), (0, 4), (tree, 8), (heap, 8)],
    );
    file.extend_from_slice(b"TREE");
    put(&mut file, &[(0, 1), (0, 1), (1, 2), (u64::MAX, 8), (u64::MAX, 8), (0, 8), (node, 8), (0, 8)]);
    file.extend_from_slice(b"SNOD");
    put(&mut file, &[(1, 2), (links, 2)]);
    for _ in 0..links {
        put(&mut file, &[(0, 8), (u64::MAX, 8), (2, 4), (0, 4), (0, 8), (0, 8)]);
    }
    file.extend_from_slice(b"HEAP");
    put(&mut file, &[(0, 4), (name as u64 + 1, 8), (u64::MAX, 8), (segment, 8)]);
    file.resize(segment as usize + name, b'n');
    file.push(0);
    file
}

#[test]
fn one_long_name_for_many_links_is_paid_for_each_time() {
    let _alone = ALONE.lock();
    let few = cost(one_name(3, 10), DECODED).gave.expect("no panic").unwrap_err();
    assert_eq!(few.code, format::LINK_UNUSABLE, "the file is well made: {few:?}");
    refused("five thousand links of one name", one_name(5_000, 60_000), DECODED);
    refused("a name of a megabyte", one_name(1, MIB), DECODED);
}
