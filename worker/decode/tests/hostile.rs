//! Files that mean harm: each is a typed failure or a right result, within a second and bounded memory.

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tarquet_common::{codes::format, failure::Class};
use tarquet_decode::{Limits, Options, decode};
use tarquet_kit::{
    environment,
    measure::{Counting, measured},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Tests of this binary run one at a time: they measure.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

const MIB: u64 = 1 << 20;

/// Small limits, so that a claim that is believed shows.
fn tight() -> Options {
    let limits = Limits {
        decoded_bytes: 64 * MIB,
        object_bytes: 32 * MIB,
        chunk_bytes: 8 * MIB,
        header_bytes: MIB,
        vlen_bytes: 16 * MIB,
        pickle_values: 1_000_000,
        ..Limits::default()
    };
    Options { limits, ..Options::default() }
}

/// Of a processor's time: what any file may take, however busy the machine is otherwise.
const TIME_MAX: Duration = Duration::from_secs(1);

/// Decodes and judges: no panic, a failure of class Input or a frame, in time, in memory.
fn judge(name: &str, bytes: Vec<u8>, wrong: &mut Vec<String>) -> Option<tarquet_common::codes::Code> {
    let size = bytes.len();
    let cost = measured(|| decode(bytes, &tight()));
    if cost.took > TIME_MAX {
        wrong.push(format!("{name}: took {:?}", cost.took));
    }
    // what is decoded, its source, and what stands in between
    if cost.peak_bytes > 4 * 64 * MIB as usize + 8 * size {
        wrong.push(format!("{name}: {} bytes allocated for a file of {size}", cost.peak_bytes));
    }
    match cost.gave {
        None => wrong.push(format!("{name}: panicked")),
        Some(Ok(_)) => {}
        Some(Err(failure)) => {
            if failure.class() != Class::Input || failure.message.is_empty() || failure.place.item.is_none() {
                wrong.push(format!("{name}: an unhelpful failure: {failure:?}"));
            }
            return Some(failure.code);
        }
    }
    None
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_none_or(|ext| ext != "md"))
        .collect();
    found.sort();
    found
}

#[test]
fn the_malformed_files_of_hdf5_do_no_harm() {
    let _alone = ALONE.lock();
    let Some(dir) = environment::shared("corpus/cve_hdf5") else { return };
    let files = files(&dir);
    assert_eq!(files.len(), 137, "files in {}", dir.display());
    let mut wrong = Vec::new();
    for file in &files {
        judge(&file.file_name().unwrap().to_string_lossy(), support::bytes(file), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_that_try_to_leave_themselves_are_refused_by_name() {
    let _alone = ALONE.lock();
    let Some(dir) = environment::shared("fixtures/hdf5-escape") else { return };
    for file in files(&dir) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let mut wrong = Vec::new();
        let code = judge(&name, support::bytes(&file), &mut wrong);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let expected =
            if name.contains("soft_link") { format::LINK_UNUSABLE } else { format::EXTERNAL_STORAGE };
        assert_eq!(code, Some(expected), "{name}");
    }
}

/// A small generator that needs no crate (xorshift64*, S. Vigna).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap()
    }
}

/// Flips, overwrites, cuts or splices, mostly within the part that is not zeros.
fn mutate(original: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let used: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i] != 0).collect();
    let spot = |random: &mut Random| if used.is_empty() { 0 } else { used[random.below(used.len())] };
    for _ in 0..=random.below(4) {
        let at = spot(random).min(bytes.len().saturating_sub(1));
        match random.below(6) {
            0 | 1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = random.next() as u8,
            3 => {
                let end = (at + 8).min(bytes.len());
                let word = [0, u64::MAX, 1 << 31, random.next()][random.below(4)].to_le_bytes();
                let len = end - at;
                bytes[at..end].copy_from_slice(&word[..len]);
            }
            4 if bytes.len() > 600 => bytes.truncate(512 + random.below(bytes.len() - 512)),
            _ => {
                let (from, len) = (spot(random).min(bytes.len() - 1), 1 + random.below(64));
                let end = (at + len).min(bytes.len()).min(at + bytes.len() - from);
                bytes.copy_within(from..from + (end - at), at);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn thousands_of_mutants_neither_panic_nor_hang() {
    let _alone = ALONE.lock();
    let fixtures: Vec<(String, Vec<u8>)> = support::cases(&support::fidelity())
        .iter()
        .map(|case| (case.file_stem().unwrap().to_string_lossy().into_owned(), support::load(case).1))
        .filter(|(_, bytes)| bytes.len() < 200_000)
        .collect();
    let rounds = if cfg!(debug_assertions) { 3_000 } else { 30_000 };
    let mut random = Random(0x7a72_7175_6574_0001);
    let (mut wrong, mut failed) = (Vec::new(), 0);
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for round in 0..rounds {
        let (name, original) = &fixtures[random.below(fixtures.len())];
        let code = judge(&format!("{name}, round {round}"), mutate(original, &mut random), &mut wrong);
        failed += usize::from(code.is_some());
    }
    std::panic::set_hook(quiet);
    assert!(wrong.is_empty(), "{} of {rounds}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(
        failed > rounds / 20,
        "only {failed} of {rounds} mutants failed: they are not mutated where it matters"
    );
}

#[test]
fn what_is_not_hdf5_says_so() {
    let _alone = ALONE.lock();
    for bytes in [Vec::new(), b"hello".to_vec(), vec![0; 4096], b"\x89HDF\r\n\x1a\n".to_vec()] {
        let len = bytes.len();
        let failure = decode(bytes, &Options::default()).unwrap_err();
        let expected = if len == 8 { format::HDF5_DAMAGED } else { format::NOT_HDF5 };
        assert_eq!(failure.code, expected, "{failure:?}");
    }
}

#[test]
fn a_file_cut_short_is_truncated() {
    let _alone = ALONE.lock();
    let Some(dir) = environment::shared("fixtures/hdf5") else { return };
    let whole = support::bytes(&dir.join("p23_fx_f64.h5"));
    for keep in [whole.len() - 1, whole.len() / 2, 600] {
        let failure = decode(whole[..keep].to_vec(), &Options::default()).unwrap_err();
        assert_eq!(failure.code, format::HDF5_TRUNCATED, "{keep}: {failure:?}");
    }
}

#[test]
fn limits_are_checked_before_anything_is_allocated() {
    let _alone = ALONE.lock();
    let Some(dir) = environment::shared("fixtures/hdf5") else { return };
    let bytes = support::bytes(&dir.join("p23_fx_numeric_mix.h5"));
    let all = Limits::default();
    let tight = [
        Limits { member_bytes: 100, ..all.clone() },
        Limits { decoded_bytes: 100, ..all.clone() },
        Limits { object_bytes: 8, ..all.clone() },
        Limits { header_bytes: 64, ..all.clone() },
        Limits { links: 3, ..all.clone() },
        Limits { depth: 0, ..all.clone() },
        Limits { rows: 5, ..all.clone() },
        Limits { columns: 1, ..all.clone() },
    ];
    for limits in tight {
        let options = Options { limits, ..Options::default() };
        let failure = decode(bytes.clone(), &options).unwrap_err();
        assert_eq!(failure.code, format::OVER_LIMIT, "{:?}: {failure:?}", options.limits);
    }
}
