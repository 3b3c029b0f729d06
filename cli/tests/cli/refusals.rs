//! What a user asks wrongly is refused with a code, by the command itself, and nothing is written.

use crate::common::tarquet;
use std::{fs, os::unix::ffi::OsStrExt, path::Path};
use tarquet_common::codes::{Code, plan, publish, spec, store};

/// Runs the command in a folder and gives the code it ends with.
fn refusal(dir: &Path, args: &[&str]) -> String {
    let output = tarquet(args).current_dir(dir).output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{args:?} is not refused");
    let code = said.split_once("error[").and_then(|(_, rest)| rest.split_once(']'));
    code.unwrap_or_else(|| panic!("{args:?} ends without a code: {said}")).0.to_owned()
}

fn refused(dir: &Path, args: &[&str], code: Code) {
    assert_eq!(refusal(dir, args), code.to_string(), "{args:?}");
}

/// The job began and ended; its summary says why.
fn ends_because(dir: &Path, args: &[&str], exit: i32, code: Code) {
    let output = tarquet(args).current_dir(dir).output().expect("the command starts");
    let summary = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {summary}");
    assert!(summary.contains(&format!("({code})")), "{args:?}: {summary}");
}

#[test]
fn specs_and_arguments() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    fs::write(at.join("file"), b"x").expect("the test's folder can be written");
    for (args, code) in [
        (&["run", "--input", "in", "--output", "s3://bucket"][..], spec::BUCKET_ROOT),
        (&["run", "--input", "in/*.h5", "--output", "in"], spec::OUTPUT_OVERLAP),
        (&["run", "absent.toml"], spec::NO_SPEC),
        (&["run"], spec::BAD_ARGUMENT),
        (&["explain", "E9999"], spec::BAD_ARGUMENT),
        (&["man", "file/pages"], spec::CANNOT_WRITE),
        (&["failures", "./nowhere"], spec::NO_JOB_HERE),
        (&["inspect", "absent.h5"], store::OBJECT_NOT_FOUND),
    ] {
        refused(at, args, code);
    }
    let names: Vec<_> = fs::read_dir(at).expect("the folder is there").flatten().collect();
    assert_eq!(names.len(), 1, "nothing was written: {names:?}");
}

#[test]
fn inputs() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    let plan_of = |input| ["plan", "--input", input, "--output", "out"];
    refused(at, &plan_of("in/*.tar"), plan::NO_MATCH);
    fs::create_dir(at.join("in")).expect("the test's folder can be written");
    fs::write(at.join("in").join(std::ffi::OsStr::from_bytes(b"bad\xff.h5")), b"x").expect("so can this");
    refused(at, &plan_of("in"), plan::UNREADABLE_NAME);
    // An archive without a member: two blocks of zeros.
    fs::write(at.join("empty.tar"), [0; 1024]).expect("and this");
    ends_because(at, &["run", "--input", "empty.tar", "--output", "out"], 2, plan::NO_MEMBERS);
}

#[test]
fn what_a_failed_job_left_is_removed_after_a_yes() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = dir.path();
    fs::write(at.join("bad.h5"), b"not HDF5").expect("the test's folder can be written");
    let text = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"bad.h5\"]\n[output]\nuri = \"out\"\n";
    fs::write(at.join("job.toml"), format!("{text}[errors]\naction = \"fail\"\n")).expect("so can this");
    ends_because(at, &["run", "job.toml"], 4, publish::FAILED_BY_ACTION);
    refused(at, &["gc", "out"], spec::NEEDS_YES);
    let yes = tarquet(&["gc", "out", "-y"]).current_dir(at).status().expect("the command starts");
    assert!(yes.success());
    let clean = tarquet(&["gc", "out"]).current_dir(at).status().expect("the command starts");
    assert!(clean.success());
}
