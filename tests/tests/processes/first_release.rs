//! What the first release left behind is still good: a ledger, the objects of its jobs, and its indexes.
//!
//! `tests/data/first_release.tar.gz` holds what version 0.1.0 had written when it was stopped: `state/` is the ledger,
//! `bucket/` the objects, of the sample archives converted twice. One job is published; the other is held, with one
//! member more in quarantine than it may have. Its open uploads are not in there, as after a bucket's lifecycle rule.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World, assert_same},
};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::{
    fs::{self, File},
    time::{Duration, UNIX_EPOCH},
};
use tarquet_kit::environment::repository;

const DONE: &str = "01M8RHY2DSA530774G5BW3PH1E";
const HELD: &str = "01M8RHY1WV1H14BDMEF3FBBPQN";

/// A world in which the first release was at work.
fn world() -> World {
    let world = World::new();
    let kept = File::open(repository().join("tests/data/first_release.tar.gz")).unwrap();
    tar::Archive::new(MultiGzDecoder::new(kept)).unpack(world.dir.path()).unwrap();
    world.samples("in");
    for archive in fs::read_dir(world.path("in")).unwrap() {
        // The server's tag for a loaded file is when it was changed: plans and indexes name it.
        let file = File::options().write(true).open(archive.unwrap().path()).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    }
    for (prefix, dir) in [("in/", "in"), ("", "bucket")] {
        world.server.load(BUCKET, prefix, &world.path(dir)).unwrap();
    }
    world
}

fn start(world: &World) -> Cluster<'_> {
    let mut cluster = Cluster::start(world, 0);
    drop(cluster.coordinator.take());
    cluster.start_coordinator_with(&["--registry", "s3://test/registry"]);
    cluster.start_worker(&["--slots", "1", "--memory", "1GiB"]);
    cluster
}

/// The published job as it always was; and the held one, which goes on to the same bytes.
fn both_are_known(world: &World, cluster: &Cluster<'_>) {
    let done = cluster.status(DONE);
    assert_eq!(done["phase"], "done", "{done}");
    let converted = stage(&done, "convert");
    assert_eq!((&converted["counts"]["items"], &converted["counts"]["failed"]), (&320.into(), &1.into()));
    assert_eq!((&converted["counts"]["rows"], &converted["partitions"]), (&23_788.into(), &2.into()));
    let failures = cluster.ask(&["failures", DONE]).exits(0).json();
    assert_eq!(failures[0]["code"], "E0401", "{failures}");

    cluster.ask(&["accept", HELD]).exits(0);
    let ended = cluster.wait(HELD, 3);
    assert_eq!(stage(&ended, "convert")["counts"]["rows"], 23_788);
    assert_same(&world.stored_parts("held/"), &world.stored_parts("done/"));
}

fn stage<'a>(status: &'a Value, name: &str) -> &'a Value {
    let stages = status["stages"].as_array().expect("stages");
    stages.iter().find(|s| s["name"] == name).unwrap_or_else(|| panic!("no stage {name} in {status}"))
}

#[test]
fn its_ledger_opens_and_its_jobs_go_on() {
    let world = world();
    let cluster = start(&world);
    let held = cluster.status(HELD);
    assert_eq!((&held["phase"], &held["reason"]["code"]), (&"held".into(), &"E0802".into()), "{held}");
    let log = cluster.coordinator.as_ref().expect("it runs").log();
    assert!(!log.contains("moved aside") && log.contains("2 jobs"), "{log}");
    both_are_known(&world, &cluster);
}

#[test]
fn its_objects_are_enough_without_the_ledger() {
    let world = world();
    fs::remove_dir_all(world.path("state")).unwrap();
    let cluster = start(&world);
    // What holds a job stands in the ledger alone: it goes on until the same holds it again.
    cluster.wait(HELD, 5);
    both_are_known(&world, &cluster);
}

#[test]
fn its_indexes_are_used_again() {
    let world = world();
    let cluster = start(&world);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.tar.lz4\"]\n[output]\n\
                uri = \"s3://test/again\"\npartitions = 2\nindex_uri = \"s3://test/done.tarquet/index/\"\n\
                [errors]\nmax_failed = \"1 %\"\n";
    world.write("again.toml", spec.as_bytes());
    let job = cluster.submit("again.toml");
    let ended = cluster.wait(&job, 3);
    assert_eq!(stage(&ended, "index")["shards"], 0, "both archives have an index");
    assert_same(&world.stored_parts("again/"), &world.stored_parts("done/"));
}
