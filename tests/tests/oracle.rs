//! The oracle that judges outputs is itself tried: it must see what is equal and every kind of difference. Then it judges the
//! sample of `examples/`, as the README's first command converts it: quarantined within its budget, the same whatever reads it.

use std::{fs, path::Path};
use tarquet_kit::environment::repository;
use tarquet_tests::{
    binary,
    python::{self, Pandas},
};

/// Published, with something in quarantine.
const PUBLISHED_WITH_QUARANTINE: i32 = 3;

/// A directory that holds the examples, so that the spec's relative paths lead somewhere and back.
fn workplace() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (repository().join("examples"), place.path().join("examples"));
    fs::create_dir_all(to.join("frames")).unwrap();
    for file in ["frames.toml", "frames/north.tar.lz4", "frames/south.tar.lz4"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    place
}

#[test]
fn the_sample_converts_with_one_member_in_quarantine() {
    let place = workplace();
    let mut command = binary::command();
    command.current_dir(place.path()).args(["run", "examples/frames.toml", "--progress", "none"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(PUBLISHED_WITH_QUARANTINE), "{said}");
    let out = place.path().join("out/frames");
    let mut names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, (0..8).map(|i| format!("part-{i:05}.parquet")).collect::<Vec<_>>());
    python::must_pass(Pandas::V23, "sample.py", &[Path::new(&out)]);
}

const NO_ARGUMENTS: [&str; 0] = [];

#[test]
fn the_oracle_sees_with_pandas_2() {
    python::must_pass(Pandas::V23, "selftest.py", &NO_ARGUMENTS);
}

#[test]
fn the_oracle_sees_with_pandas_3() {
    python::must_pass(Pandas::V31, "selftest.py", &NO_ARGUMENTS);
}
