//! Two HDF5 libraries, one frame: what libhdf5 can read, both read alike.

#![cfg(feature = "libhdf5")]

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::path::Path;
use tarquet_common::codes::format;
use tarquet_decode::{KeyChoice, Options, decode, decode_with_libhdf5, frame::Frame};
use tarquet_kit::environment;

fn same(a: &Frame, b: &Frame) -> bool {
    a.key == b.key
        && (a.rows, a.series, a.layout) == (b.rows, b.series, b.layout)
        && a.column_levels == b.column_levels
        && a.columns.len() == b.columns.len()
        && a.index.len() == b.index.len()
        && a.columns
            .iter()
            .zip(&b.columns)
            .all(|(a, b)| a.label == b.label && a.logical == b.logical && *a.values == *b.values)
        && a.index
            .iter()
            .zip(&b.index)
            .all(|(a, b)| a.name == b.name && a.logical == b.logical && *a.values == *b.values)
}

/// How many fixtures both read, after comparing all.
fn compare(dir: &Path) -> usize {
    let (mut wrong, mut both) = (Vec::new(), 0);
    for case in support::cases(dir) {
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        let (expected, bytes) = support::load(&case);
        let key = expected["key"].as_str().unwrap_or("df").to_owned();
        let options = Options { key: KeyChoice::Named(key), ..Options::default() };
        match (decode(bytes.clone(), &options), decode_with_libhdf5(&bytes, &options)) {
            (Ok(ours), Ok(theirs)) if same(&ours, &theirs) => both += 1,
            // without plugins libhdf5 reads neither blosc nor bzip2
            (_, Err(failure)) if failure.code == format::FILTER_FAILED => {}
            (Err(ours), Err(theirs)) if ours.code == theirs.code => both += 1,
            (Err(ours), _) if ours.code == format::FILTER_UNKNOWN => {}
            (ours, theirs) => wrong
                .push(format!("{name}:\n  {ours:?}\n  {theirs:?}").chars().take(1500).collect::<String>()),
        }
    }
    assert!(wrong.is_empty(), "{} differ, {both} agree:\n{}", wrong.len(), wrong.join("\n"));
    both
}

#[test]
fn the_rules_of_fidelity_hold_through_libhdf5_too() {
    assert!(compare(&support::fidelity()) > 650);
}

#[test]
fn the_fixtures_of_three_pandas_are_one_through_both() {
    if let Some(dir) = environment::shared("fixtures/hdf5") {
        assert!(compare(&dir) > 60);
    }
}
