//! A coordinator and four workers on S3 do what one process does on local files.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World, assert_same},
};

fn spec(input: &str, output: &str) -> String {
    format!(
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"{input}/*.tar.lz4\"]\n[output]\nuri = \"{output}\"\n\
         partitions = 8\n[errors]\nmax_failed = \"1 %\"\n"
    )
}

#[test]
fn four_workers_on_s3_write_the_bytes_of_one_process_on_disk() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    world.write("local.toml", spec("in", "out").as_bytes());
    world.write("s3.toml", spec("s3://test/in", "s3://test/out").as_bytes());
    let alone = world.run(&["local.toml"]).exits(3).json();

    let cluster = Cluster::start(&world, 4);
    let submitted = cluster.ask(&["submit", "s3.toml", "--wait", "--progress", "none"]).exits(3).json();
    assert!(submitted["job"].is_string(), "{submitted}");
    assert_eq!(submitted["quarantine"]["items"], alone["quarantine"]["items"]);
    let parts = world.stored_parts("out/");
    assert_eq!(parts.len(), 8);
    assert_same(&parts, &world.local_parts("out"));
    assert_eq!(world.server.uploads(BUCKET), [], "no upload stays open");

    let job = submitted["job"].as_str().unwrap();
    let failures = cluster.ask(&["failures", job]).exits(0).json();
    assert_eq!(failures[0]["code"], "E0401", "{failures}");
    assert_eq!(failures.as_array().map(Vec::len), Some(1));
    // A second job on the same output is refused with the first one's id.
    cluster.ask(&["submit", "s3.toml"]).exits(2).says("E0801").says(job);
    assert_same(&world.stored_parts("out/"), &parts);
}

/// A run that is refused leaves a folder for its ledger; that makes the coordinator's job none of a run's.
#[test]
fn a_coordinator_s_job_stays_its_own_whoever_else_is_refused_there() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    world.write("s3.toml", spec("s3://test/in", "s3://test/out").as_bytes());
    let cluster = Cluster::start(&world, 0);
    let job = cluster.ask(&["submit", "s3.toml"]).exits(0).json();
    let job = job["job"].as_str().unwrap();
    for _ in 0..2 {
        world.run(&["s3.toml"]).exits(2).says("E0801").says(job).says("of a coordinator");
    }
    cluster.ask(&["cancel", "s3://test/out"]).exits(0);
    let status = cluster.ask(&["status", job]).exits(0).json();
    assert_eq!(status["state"], "cancelled", "the coordinator was asked: {status}");
}
