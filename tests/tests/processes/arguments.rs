//! Jobs that cannot begin: an answer with code, place and hint, the exit code of the table, and nothing written.

use crate::{
    archives::{frames, lz4, tar},
    cluster::Cluster,
    world::{Answer, BUCKET, World, answer},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tarquet_kit::until;

/// A world with one good archive on disk and in the bucket.
fn world() -> World {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(3))));
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    world
}

fn files(at: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(at).into_iter().flatten().flatten() {
        found.insert(entry.path());
        if entry.path().is_dir() {
            files(&entry.path(), found);
        }
    }
}

/// Everything in the world: files, and keys of the bucket.
fn everything(world: &World) -> (BTreeSet<PathBuf>, Vec<String>) {
    let mut found = BTreeSet::new();
    files(world.dir.path(), &mut found);
    (found, world.server.keys(BUCKET))
}

/// The command must end with `code` and `exit` and leave nothing behind.
fn refused(world: &World, exit: i32, code: &str, run: impl FnOnce() -> Answer) -> Answer {
    let before = everything(world);
    let refused = run().exits(exit).says(code);
    assert!(refused.err.contains("hint") || refused.err.contains("did you mean"), "{}", refused.err);
    assert_eq!(everything(world), before, "something was written");
    refused
}

fn run(world: &World, exit: i32, code: &str, args: &[&str]) -> Answer {
    refused(world, exit, code, || world.run(args))
}

#[test]
fn an_output_that_is_not_free_is_refused() {
    let world = world();
    world.write("full/theirs.txt", b"x");
    run(&world, 2, "E0203", &["--input", "in/*.lz4", "--output", "full"]).says("theirs.txt");
    run(&world, 2, "E0203", &["--input", "in/*.lz4", "--output", "s3://test/in"]);
    run(&world, 2, "E0108", &["--input", "s3://test/in/*.lz4", "--output", "s3://test/in"]);
    run(&world, 2, "E0108", &["--input", "in", "--output", "in/out"]);
    run(&world, 2, "E0108", &["--input", "in/**/*.lz4", "--output", "in"]);
}

#[test]
fn a_job_under_the_same_output_is_refused_with_its_id() {
    let world = world();
    let bad = lz4(&tar(&frames(3)));
    world.write("held/a.tar.lz4", &bad[..bad.len() / 2]);
    let held = world.run(&["--input", "held/*", "--output", "out"]).exits(5).json();
    let again = world.run(&["--input", "in/*", "--output", "out"]).exits(2);
    again.says("E0801").says(held["job"].as_str().unwrap());
}

#[test]
fn specs_and_globs_that_cannot_be_meant_are_refused() {
    let world = world();
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/*.lz4\"]\n[output]\nuri = \"out\"\npartiton = 4\n";
    world.write("typo.toml", spec.as_bytes());
    run(&world, 2, "E0101", &["typo.toml"]).says("typo.toml:7:1").says("partitions");
    run(&world, 2, "E0105", &["--input", "in/[", "--output", "out"]);
    run(&world, 2, "E0201", &["--input", "in/*.zip", "--output", "out"]);
    run(&world, 2, "E0201", &["--input", "nowhere/", "--output", "out"]);
    run(&world, 2, "E0109", &["nowhere.toml"]);
    run(&world, 2, "E0107", &["--input", "in/*.lz4", "--output", "s3://test"]);
}

#[test]
fn buckets_and_credentials_that_are_not_there_are_told_from_each_other() {
    let world = world();
    run(&world, 7, "E0603", &["--input", "s3://nowhere/*.lz4", "--output", "out"]);
    run(&world, 7, "E0603", &["--input", "in/*.lz4", "--output", "s3://nowhere/out"]);
    let args = ["run", "--input", "s3://test/in/*.lz4", "--output", "out", "--progress", "none"];
    let wrong_secret = || answer(world.command().env("AWS_SECRET_ACCESS_KEY", "wrong").args(args));
    let told = refused(&world, 7, "E060", wrong_secret);
    assert!(told.err.contains("E0604") || told.err.contains("E0605"), "{}", told.err);
    let none = || {
        let mut command = world.command();
        command.env_remove("AWS_SECRET_ACCESS_KEY").env_remove("AWS_ACCESS_KEY_ID");
        answer(command.env("AWS_EC2_METADATA_DISABLED", "true").args(args))
    };
    refused(&world, 7, "E0605", none);
}

#[test]
fn a_coordinator_that_is_not_there_is_temporary() {
    let world = world();
    let args = ["submit", "--input", "s3://test/in/*.lz4", "--output", "s3://test/out"];
    let nobody = || answer(world.command().env("TARQUET_COORDINATOR", "http://127.0.0.1:1").args(args));
    refused(&world, 6, "E0755", nobody).says("127.0.0.1:1");
}

#[test]
fn waiting_for_workers_and_for_room_has_a_name() {
    let world = world();
    let mut cluster = Cluster::start(&world, 0);
    let spec = |output: &str, more: &str| {
        format!(
            "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[output]\n\
             uri = \"s3://test/{output}\"\n{more}"
        )
    };
    world.write("one.toml", spec("one", "").as_bytes());
    let job = cluster.submit("one.toml");
    let waiting =
        |job: &str| until("a named state", || Some(cluster.status(job)).filter(|s| !s["waiting"].is_null()));
    let nobody = waiting(&job);
    assert_eq!(nobody["waiting"], "no_workers", "{nobody}");
    assert_eq!(nobody["reason"]["code"], "E0701");
    let timed_out = cluster.ask(&["wait", &job, "--timeout", "1s", "--progress", "none"]);
    timed_out.exits(12);

    world.write("two.toml", spec("two", "row_group = \"8 GiB\"\n").as_bytes());
    let large = cluster.submit("two.toml");
    cluster.start_worker(&["--slots", "1", "--memory", "512MiB"]);
    cluster.wait(&job, 0);
    let cramped =
        until("no slot fits", || Some(cluster.status(&large)).filter(|s| s["waiting"] == "no_slot_fits"));
    assert_eq!(cramped["reason"]["code"], "E0702", "{cramped}");
    assert!(cramped["reason"]["expected"].is_string(), "{cramped}");
    cluster.ask(&["cancel", &large]).exits(0);
    cluster.wait(&large, 11);
}

#[test]
fn paths_that_workers_do_not_see_are_refused() {
    let world = world();
    let cluster = Cluster::start(&world, 0);
    let before = everything(&world);
    let args = ["submit", "--input", "in/*.lz4", "--output", "out"];
    cluster.ask(&args).exits(2).says("E0764").says("hint");
    assert_eq!(everything(&world).1, before.1);
    assert!(!world.path("out").exists() && !world.path("out.tarquet").exists());
}

#[test]
fn a_run_that_no_slot_fits_says_how_much_it_needs() {
    let world = world();
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/*.lz4\"]\n[output]\nuri = \"out\"\n\
                row_group = \"8 GiB\"\n";
    world.write("large.toml", spec.as_bytes());
    let ended = world.run(&["large.toml", "--memory", "512MiB", "--slots", "1"]).exits(10);
    assert!(ended.out.contains("E0702"), "{ended:?}");
    assert_eq!(fs::read_dir(world.path("out")).map_or(0, Iterator::count), 0);
}
