//! A kind that nothing of the engine knows: the same exactly-once, whatever dies.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World, assert_same},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

const OBJECTS: usize = 45;
const OF_A_PART: usize = 3;
const PARTS: usize = OBJECTS / OF_A_PART;
/// How long each part's upload is held back, so that there is a middle of the job to die in.
const UPLOAD_MS: u64 = 700;
/// More than one GET, and more than one part of an upload.
const LARGE: usize = 19 << 20;

/// Objects to copy, in the order of their names, and the parts that they have to become.
fn objects(world: &World) -> Vec<(String, Vec<u8>)> {
    let body = |i: usize| match i {
        4 => Vec::new(),
        7 => (0..LARGE).map(|at| (at * 31 % 251) as u8).collect(),
        _ => format!("object {i}\n").repeat(i * 100 + 1).into_bytes(),
    };
    let bodies: Vec<Vec<u8>> = (0..OBJECTS).map(body).collect();
    for (i, body) in bodies.iter().enumerate() {
        world.write(&format!("in/object-{i:02}"), body);
    }
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let parts = bodies.chunks(OF_A_PART).map(<[Vec<u8>]>::concat).enumerate();
    parts.map(|(part, bytes)| (format!("part-{part:05}.bin"), bytes)).collect()
}

fn spec(world: &World, more: &str) {
    let spec = format!(
        "version = 1\nkind = \"mirror\"\n[input]\nuris = [\"s3://test/in/\"]\n{more}\n[output]\n\
         uri = \"s3://test/out\"\nobjects = {OF_A_PART}\n[errors]\nmax_failed = 1\n"
    );
    world.write("mirror.toml", spec.as_bytes());
}

/// Receipts of the job: their keys and what they say.
fn receipts(world: &World) -> Vec<(String, Value)> {
    let keys = world.keys("out.tarquet/jobs/").into_iter().filter(|key| key.contains("/receipts/000/"));
    keys.map(|key| {
        let bytes = world.server.object(BUCKET, &key).expect("it is listed");
        (key, serde_json::from_slice(&bytes).expect("a receipt"))
    })
    .collect()
}

fn at_least(world: &World, n: usize) -> Vec<(String, Value)> {
    until("receipts", || Some(receipts(world)).filter(|found| found.len() >= n))
}

#[test]
fn a_made_up_kind_survives_its_worker_its_coordinator_and_its_ledger() {
    let world = World::new();
    let wanted = objects(&world);
    let slow = world.server.plant(Fault::always("UploadPart", "out/*", Effect::Delay(UPLOAD_MS)));
    let mut cluster = Cluster::start(&world, 3);
    spec(&world, "");
    let job = cluster.submit("mirror.toml");

    at_least(&world, 2);
    cluster.workers.remove(0).kill();
    at_least(&world, 4);
    cluster.coordinator.take().expect("it runs").kill();
    let at_first = receipts(&world);
    assert!(at_first.len() < PARTS, "the job was over before the coordinator died");
    cluster.start_coordinator();
    at_least(&world, at_first.len() + 2);
    cluster.coordinator.take().expect("it runs").kill();
    let at_second = receipts(&world);
    assert!(at_second.len() < PARTS, "the job was over before the coordinator died again");
    fs::remove_dir_all(world.path("state")).expect("the ledger was there");
    cluster.start_coordinator();

    let ended = cluster.wait(&job, 0);
    assert_eq!((ended["kind"].as_str(), ended["generation"].as_u64()), (Some("mirror"), Some(3)), "{ended}");
    assert!(slow.fired() >= PARTS as u64, "the delays fired {} times", slow.fired());
    let last = receipts(&world);
    assert_eq!(last.len(), PARTS, "one receipt a shard");
    for receipt in at_first.iter().chain(&at_second) {
        assert!(last.contains(receipt), "{} has changed", receipt.0);
    }
    let workers: BTreeSet<&str> = last.iter().filter_map(|(_, receipt)| receipt["worker"].as_str()).collect();
    assert!(workers.len() > 1, "all was done by {workers:?}");
    assert_same(&world.stored_parts("out/"), &wanted);
    until("abandoned uploads to be aborted", || world.server.uploads(BUCKET).is_empty().then_some(()));
}

#[test]
fn what_a_made_up_kind_refuses_goes_to_quarantine_and_its_words_are_its_own() {
    let world = World::new();
    let mut wanted = objects(&world);
    wanted[7 / OF_A_PART].1.drain("object 6\n".len() * 601..);
    let tail = "object 8\n".repeat(801);
    wanted[7 / OF_A_PART].1.extend_from_slice(tail.as_bytes());
    spec(&world, "max_bytes = \"1 MiB\"");
    let plan = world.tarquet(&["plan", "mirror.toml"]).exits(0);
    assert!(plan.out.contains("45 objects"), "{}", plan.out);
    let ran = world.tarquet(&["run", "mirror.toml", "--progress", "none"]).exits(3);
    assert!(ran.out.contains("44 of 45 objects") && ran.out.contains("without a byte"), "{ran:?}");
    assert_same(&world.stored_parts("out/"), &wanted);
    let kept = world.keys("out.tarquet/jobs/").into_iter().filter(|key| key.contains("quarantine"));
    assert_eq!(kept.count(), 1);
}
