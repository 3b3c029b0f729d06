//! Every exit code of the table that can be reached, by a whole command.

use crate::{
    common::{SPEC, tarquet},
    fake::{Fake, Scene, ended, running, with},
};
use serde_json::json;
use std::collections::BTreeSet;
use tarquet::Exit;

/// How a command ends that talks to a coordinator of this scene.
fn exit(scene: Scene, args: &[&str]) -> i32 {
    let fake = Fake::start(scene);
    let output = tarquet(args).env("TARQUET_COORDINATOR", &fake.url).output().expect("the command starts");
    output.status.code().unwrap_or_else(|| panic!("{args:?} was killed"))
}

#[test]
fn a_waiting_command_ends_as_its_job_does() {
    let clean = with(crate::fake::done(), &[("/quarantine/items", json!(0))]);
    let left_out = with(clean.clone(), &[("/stages/0/excluded", json!(1))]);
    let wait = |status| exit(Scene::of(status), &["wait", "--progress", "none"]);
    for (status, code) in [
        (clean, Exit::Done),
        (left_out, Exit::Quarantine),
        (crate::fake::done(), Exit::Quarantine),
        (ended("failed", "E0901", "a rule of ours was broken"), Exit::Bug),
        (ended("failed", "E0207", "the spec is wrong"), Exit::Usage),
        (ended("failed", "E0803", "an archive ends early"), Exit::Failed),
        (ended("held", "E0802", "too many"), Exit::Held),
        (ended("failed", "E0604", "not granted"), Exit::Denied),
        (ended("cancelled", "E0711", "cancelled"), Exit::Cancelled),
    ] {
        assert_eq!(wait(status.clone()), i32::from(code.code()), "{}", status["reason"]);
    }
    let patience = ["wait", "--progress", "none", "--timeout", "200ms"];
    assert_eq!(
        exit(Scene { open: true, ..Scene::of(running()) }, &patience),
        i32::from(Exit::TimedOut.code())
    );
}

/// Where each code of the table is reached. Ctrl-C (130) is pressed in `terminals`, 10 is reached where real workers are
/// too small, in the tests of processes; nothing is verified yet, so nothing differs.
#[test]
fn every_code_of_the_table_is_accounted_for() {
    let here = [0, 1, 2, 3, 4, 5, 7, 11, 12];
    let elsewhere = [
        6,   // transcripts: without a coordinator
        10,  // processes: no slot fits
        130, // terminals: Ctrl-C
        13,  // reached by nothing yet
    ];
    let all: BTreeSet<u8> = Exit::ALL.iter().map(|e| e.code()).collect();
    assert_eq!(all, here.into_iter().chain(elsewhere).collect());
}

#[test]
fn a_shard_that_fits_no_slot_is_a_limit() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let made = ["generate", "frames", "--output", "in", "--archives", "1", "--members", "4"];
    assert!(tarquet(&made).current_dir(dir.path()).status().expect("the command starts").success());
    // A row group of all rows of a partition, in a slot that is as small as slots may be.
    let spec = SPEC.replace("uri = \"out\"\n", "uri = \"out\"\nrow_group = \"2 GiB\"\n");
    std::fs::write(dir.path().join("job.toml"), spec).expect("the test's folder can be written");
    let args = ["run", "job.toml", "--slots", "1", "--memory", "256MiB", "--progress", "none"];
    let output = tarquet(&args).current_dir(dir.path()).output().expect("the command starts");
    assert_eq!(output.status.code(), Some(i32::from(Exit::Limit.code())), "{output:?}");
}
