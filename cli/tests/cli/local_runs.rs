//! `tarquet run` and what reads its traces afterwards, as a person uses them.

use crate::common::tarquet;
use serde_json::Value;
use std::{fs, path::Path};

/// Runs a command in `dir`; gives its exit code and stdout.
fn run(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = tarquet(args).current_dir(dir).output().expect("the command starts");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    eprintln!("$ tarquet {}\n{out}{}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), out)
}

fn json(dir: &Path, args: &[&str]) -> Value {
    let (_, out) = run(dir, &[args, &["-o", "json"]].concat());
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e} in {out:?}"))
}

fn samples(dir: &Path) {
    let made = run(
        dir,
        &["generate", "frames", "--output", "data", "--archives", "2", "--members", "30", "--rows", "80"],
    );
    assert_eq!(made.0, Some(0));
}

#[test]
fn a_clean_run_ends_with_0_and_says_how_to_read_the_result() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    samples(dir.path());
    let (code, out) = run(
        dir.path(),
        &["run", "--input", "data/*.tar.lz4", "--output", "out", "--partitions", "3", "--slots", "2"],
    );
    assert_eq!(code, Some(0));
    assert!(out.starts_with("Finished in ") && out.contains("pd.read_parquet(\""), "{out}");
    let mut parts: Vec<_> = fs::read_dir(dir.path().join("out"))
        .expect("it is there")
        .map(|e| e.expect("readable").file_name())
        .collect();
    parts.sort();
    assert_eq!(parts, ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]);
    let truth: Value =
        serde_json::from_slice(&fs::read(dir.path().join("data/truth.json")).expect("made")).expect("JSON");
    let status = json(dir.path(), &["status", "out"]);
    let rows: u64 = status["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter_map(|s| s["counts"]["rows"].as_u64())
        .sum();
    assert_eq!((status["state"].as_str(), Some(rows)), (Some("done"), truth["rows"].as_u64()));
    assert_eq!(json(dir.path(), &["failures", "out"]), Value::Array(Vec::new()));
    assert_eq!(run(dir.path(), &["gc", "out"]), (Some(0), "Nothing to remove.\n".to_owned()));
    let again = run(dir.path(), &["run", "--input", "data/*.tar.lz4", "--output", "out"]);
    assert_eq!(again.0, Some(2), "an output that is not empty is refused");
}

#[test]
fn a_damaged_archive_holds_the_job_and_accept_goes_on_without_it() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    samples(dir.path());
    let path = dir.path().join("data/archive_01.tar.lz4");
    let bytes = fs::read(&path).expect("made");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("the test's folder can be written");
    let (code, out) = run(
        dir.path(),
        &["run", "--input", "data/*.tar.lz4", "--output", "out", "--partitions", "2", "--slots", "2"],
    );
    assert_eq!(code, Some(5), "{out}");
    assert!(out.contains("tarquet run --resume out --accept"), "{out}");
    assert!(
        !dir.path().join("out").exists()
            || fs::read_dir(dir.path().join("out")).expect("readable").count() == 0
    );

    let status = json(dir.path(), &["status", "out"]);
    assert_eq!(
        (status["state"].as_str(), status["hold"].as_str()),
        (Some("held"), Some("shards")),
        "{status}"
    );
    let failures = json(dir.path(), &["failures", "out"]);
    assert_eq!(failures[0]["code"], "E0303", "{failures}");
    assert!(failures[0]["uri"].as_str().is_some_and(|u| u.ends_with("archive_01.tar.lz4")), "{failures}");
    let (code, shown) = run(dir.path(), &["failures", "out", "show", "1"]);
    assert!(code == Some(0) && shown.starts_with("E0303: "), "{shown}");

    let (code, out) = run(dir.path(), &["run", "--resume", "out", "--accept"]);
    assert_eq!(code, Some(3), "{out}");
    assert_eq!(json(dir.path(), &["status", "out"])["state"], "done");
}

#[test]
fn names_that_are_not_utf8_are_shown_and_never_become_paths() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let dir = tempfile::tempdir().expect("a folder for the test");
    let mut tar = tar::Builder::new(Vec::new());
    for name in [&b"caf\xe9.h5"[..], b"../../escape.h5", b"red\x1b[31m.h5"] {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().expect("GNU").name[..name.len()].copy_from_slice(name);
        header.set_size(4);
        header.set_cksum();
        tar.append(&header, &b"nope"[..]).expect("to memory");
    }
    fs::write(dir.path().join(OsStr::from_bytes(b"odd.tar")), tar.into_inner().expect("to memory"))
        .expect("written");
    let (code, out) = run(dir.path(), &["inspect", "odd.tar"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("caf\u{fffd}.h5") && out.contains("red\\u{1b}[31m.h5") && !out.contains('\u{1b}'),
        "{out}"
    );
    let (code, out) = run(
        dir.path(),
        &["run", "--input", "odd.tar", "--output", "out", "--partitions", "1", "--slots", "1"],
    );
    assert_ne!(code, Some(0), "{out}");
    assert!(!dir.path().parent().expect("a parent").join("escape.h5").exists());
}
