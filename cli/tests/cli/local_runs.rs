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

/// Half of one of them is gone.
fn cut_an_archive(dir: &Path) {
    let path = dir.join("data/archive_01.tar.lz4");
    let bytes = fs::read(&path).expect("made");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("the test's folder can be written");
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
    cut_an_archive(dir.path());
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

/// Types what stands in a line's backquotes after `tarquet `, as whoever reads it would.
fn typed<'a>(dir: &Path, more: &[&'a str], command: &'a str) -> (Option<i32>, String) {
    let words = command.strip_prefix("tarquet ").expect("it is one of ours").split(' ');
    run(dir, &words.chain(more.iter().copied()).collect::<Vec<_>>())
}

/// What a refusal says to do, its lines joined.
fn advice(dir: &Path, args: &[&str], code: &str) -> String {
    let output = tarquet(args).current_dir(dir).output().expect("the command starts");
    let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(output.status.code() == Some(2) && told.contains(code), "{args:?}: {told}");
    told
}

/// Whoever deletes a dataset and runs again is told what to type, and that does it.
#[test]
fn a_dataset_that_was_deleted_is_no_dead_end() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    let job = ["run", "--input", "data/*.tar.lz4", "--output", "out", "--partitions", "2"];
    assert_eq!(run(at, &job).0, Some(0));
    let told = advice(at, &job, "E0203");
    assert!(told.contains("`tarquet run --replace`") && told.contains("`tarquet rm out`"), "{told}");
    fs::remove_dir_all(at.join("out")).expect("it is there");
    assert!(advice(at, &["run", "--resume", "out"], "E0810").contains("part-00000.parquet"));
    let (_, status) = run(at, &["status", "out"]);
    assert!(status.contains("gone from the output"), "{status}");
    let told = advice(at, &job, "E0801");
    assert!(told.contains("`tarquet run --replace`") && told.contains("is done"), "{told}");
    let replace = [&job[..], &["--replace"]].concat();
    assert!(advice(at, &replace, "E0152").contains("nobody has said yes"));
    assert_eq!(run(at, &[&replace[..], &["-y"]].concat()).0, Some(0));
    assert_eq!(fs::read_dir(at.join("out")).expect("written").count(), 2);
    // Once more, over what is there; and what is another's stays.
    fs::write(at.join("out/notes.txt"), "mine").expect("written");
    assert!(advice(at, &[&replace[..], &["-y"]].concat(), "E0203").contains("notes.txt"));
    assert_eq!(
        fs::read_dir(at.join("out")).expect("there").count(),
        3,
        "nothing is removed for a job that cannot begin"
    );
    fs::remove_file(at.join("out/notes.txt")).expect("it is there");
    let wrong = ["run", "--input", "nothere/*.tar.lz4", "--output", "out", "--replace", "-y"];
    advice(at, &wrong, "E0201");
    assert_eq!(fs::read_dir(at.join("out")).expect("there").count(), 2, "nor for one without inputs");
}

/// A copied dataset has a copy of the claim beside it: what is typed about the copy does nothing to the original.
#[test]
fn a_copy_of_a_dataset_has_no_job_of_its_own() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    let job = ["run", "--input", "data/*.tar.lz4", "--output", "out"];
    assert_eq!(run(at, &job).0, Some(0));
    for (from, to) in [("out", "copy"), ("out.tarquet", "copy.tarquet")] {
        let copied = std::process::Command::new("cp").args(["-a", from, to]).current_dir(at).status();
        assert!(copied.expect("cp is there").success());
    }
    let replace = ["run", "--input", "data/*.tar.lz4", "--output", "copy", "--replace", "-y"];
    for args in [&["rm", "copy", "-y"][..], &["cancel", "copy"], &["run", "--resume", "copy"], &replace] {
        let output = tarquet(args).current_dir(at).output().expect("the command starts");
        let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.code() == Some(2), "{args:?}: {told}");
        assert!(
            told.contains("E0153") && told.contains("writes elsewhere") || told.contains("E0203"),
            "{args:?}: {told}"
        );
        assert_eq!(fs::read_dir(at.join("out")).expect("there").count(), 1, "{args:?}");
    }
}

#[test]
fn what_a_job_has_written_is_removed_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    let job = ["run", "--input", "data/*.tar.lz4", "--output", "out"];
    assert_eq!(run(at, &job).0, Some(0));
    fs::write(at.join("out/part-00007.parquet"), "somebody's").expect("written");
    advice(at, &["rm", "out"], "E0152");
    assert_eq!(run(at, &["rm", "out", "-y"]).0, Some(0));
    let left: Vec<_> =
        fs::read_dir(at.join("out")).expect("there").map(|e| e.expect("readable").file_name()).collect();
    assert_eq!(left, ["part-00007.parquet"]);
    assert!(!at.join("out.tarquet/claim").exists());
    fs::remove_file(at.join("out/part-00007.parquet")).expect("it is there");
    assert_eq!(run(at, &job).0, Some(0), "the output is free again");
}

/// Every line that a held job says to type is typed, and does what it says.
#[test]
fn every_next_line_of_a_held_run_does_what_it_says() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    cut_an_archive(at);
    let job = ["run", "--input", "data/*.tar.lz4", "--output", "out"];
    let (code, out) = run(at, &job);
    assert_eq!(code, Some(5), "{out}");
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("`tarquet run --resume out --accept` goes on without them"), "{out}");
    assert!(!out.contains(" JOB"), "a run is named by its output: {out}");
    let next = json(at, &["status", "out"])["next"].clone();
    let next: Vec<&str> = next.as_array().expect("lines").iter().filter_map(Value::as_str).collect();
    let expected = [
        "tarquet failures out",
        "tarquet run --resume out --accept",
        "tarquet run --resume out --retry",
        "tarquet cancel out",
    ];
    assert_eq!(next, expected);
    let told = advice(at, &job, "E0801");
    assert!(told.contains("is held") && told.contains("`tarquet cancel out`"), "{told}");
    assert!(advice(at, &["rm", "out", "-y"], "E0811").contains("`tarquet cancel OUTPUT`"));
    assert_eq!(typed(at, &[], next[0]).0, Some(0));
    assert_eq!(typed(at, &[], next[2]).0, Some(5), "it is still damaged");
    let (code, out) = typed(at, &[], next[3]);
    assert!(code == Some(0) && out.contains("cancelled"), "{out}");
    assert_eq!(json(at, &["status", "out"])["state"], "cancelled");
    assert_eq!(run(at, &job).0, Some(5), "the output is free, so the same command begins anew");
    assert_eq!(typed(at, &[], next[1]).0, Some(3));
}

#[test]
fn an_output_that_is_a_file_is_refused_before_anything_is_read() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    fs::write(at.join("file"), "precious").expect("written");
    for output in ["file", "file/below"] {
        let args = ["run", "--input", "data/*.tar.lz4", "--output", output];
        let refused = tarquet(&args).current_dir(at).output().expect("the command starts");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && told.contains("a file, not a folder"), "{told}");
    }
    advice(at, &["run", "--input", "data/*.tar.lz4", "--output", "file"], "E0213");
    assert_eq!(fs::read(at.join("file")).expect("there"), b"precious");
    assert!(!at.join("file.tarquet").exists(), "nothing was begun");
}

/// The spec keeps the job's objects elsewhere; the output alone finds them again.
#[test]
fn a_run_with_a_home_of_its_own_goes_on_by_its_output() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    cut_an_archive(at);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"data/*.tar.lz4\"]\n[output]\nuri = \"out\"\njob_uri = \"home\"\n";
    fs::write(at.join("s.toml"), spec).expect("written");
    assert_eq!(run(at, &["run", "s.toml"]).0, Some(5));
    assert_eq!(json(at, &["gc", "out"]), Value::Array(Vec::new()), "its job is known, and goes on");
    assert_eq!(run(at, &["run", "--resume", "out", "--accept"]).0, Some(3));
    assert_eq!(json(at, &["status", "out"])["state"], "done");
    assert_eq!(run(at, &["rm", "out", "-y"]).0, Some(0));
    assert_eq!(fs::read_dir(at.join("out")).expect("there").count(), 0);
}

/// An input that was overwritten is another object. The job cannot go on without a part of its dataset, and does not say so; what
/// is refused leaves the job as it was.
#[test]
fn what_cannot_be_gone_without_is_not_offered_and_a_refused_accept_changes_nothing() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    fs::write(at.join("bad.h5"), "this is not HDF5").expect("the test's folder can be written");
    let job = ["run", "--input", "data/*.tar.lz4", "bad.h5", "--output", "out", "--partitions", "2"];
    assert_eq!(run(at, &job).0, Some(5), "one member fails, none may");
    for entry in fs::read_dir(at.join("data")).expect("made") {
        let path = entry.expect("readable").path();
        let bytes = fs::read(&path).expect("readable");
        fs::write(&path, [&bytes[..], b"more"].concat()).expect("the test's folder can be written");
    }
    let (code, out) = run(at, &["run", "--resume", "out", "--retry"]);
    assert_eq!(code, Some(5), "{out}");
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("E0803") && words.contains("`tarquet cancel out`"), "{out}");
    assert!(!out.contains("--accept") && !out.contains(" JOB"), "{out}");
    for _ in 0..2 {
        let told = advice(at, &["run", "--resume", "out", "--accept"], "E0712");
        assert!(told.contains("would be missing") && told.contains("run --resume out --retry"), "{told}");
        let status = json(at, &["status", "out"]);
        assert_eq!((status["state"].as_str(), status["hold"].as_str()), (Some("held"), Some("shards")));
    }
    assert_eq!(run(at, &["cancel", "out"]).0, Some(0));
    assert_eq!(run(at, &job).0, Some(5), "the same command begins anew, over the objects as they are");
}

/// What is fetched ahead fails while another object is in hand: the failure names the one that is gone.
#[test]
fn a_failure_names_the_object_that_failed() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    fs::write(at.join("bad.h5"), "this is not HDF5").expect("the test's folder can be written");
    let job = ["run", "--input", "data/*.tar.lz4", "bad.h5", "--output", "out", "--partitions", "1"];
    assert_eq!(run(at, &job).0, Some(5), "one member fails, none may");
    let gone = at.join("data/archive_01.tar.lz4");
    fs::rename(&gone, at.join("elsewhere")).expect("the test's folder can be written");
    let (code, out) = run(at, &["run", "--resume", "out", "--retry"]);
    assert_eq!(code, Some(5), "{out}");
    let failures = json(at, &["failures", "out"]);
    let named: Vec<&str> =
        failures.as_array().expect("a list").iter().filter_map(|f| f["uri"].as_str()).collect();
    assert!(named.iter().any(|uri| uri.ends_with("archive_01.tar.lz4")), "{failures}");
    assert!(!named.iter().any(|uri| uri.ends_with("archive_00.tar.lz4")), "{failures}");
    fs::rename(at.join("elsewhere"), &gone).expect("it is there");
    assert_eq!(run(at, &["run", "--resume", "out", "--retry"]).0, Some(5), "the bad member is what is left");
    assert_eq!(run(at, &["run", "--resume", "out", "--accept"]).0, Some(3));
}

/// Who has the output is told as what it is.
#[test]
fn a_run_that_is_at_work_is_not_called_a_coordinator() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    samples(at);
    cut_an_archive(at);
    assert_eq!(run(at, &["run", "--input", "data/*.tar.lz4", "--output", "out"]).0, Some(5));
    let ledger = fs::File::open(at.join("out.tarquet/state/ledger/db")).expect("the ledger is there");
    ledger.lock().expect("nobody has it");
    let output = tarquet(&["cancel", "out"]).current_dir(at).output().expect("the command starts");
    let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!output.status.success() && told.contains("E0752"), "{told}");
    assert!(told.contains("Another `tarquet run` is at work") && told.contains("Ctrl-C"), "{told}");
    drop(ledger);
    assert_eq!(run(at, &["cancel", "out"]).0, Some(0));
}
