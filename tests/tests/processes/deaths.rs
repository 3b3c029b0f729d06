//! SIGKILL in mid-job, and the ledger gone: the job ends, nothing with a receipt is done twice, the bytes are the same.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World, assert_same},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

const PARTITIONS: usize = 20;
/// How long each partition's upload is held back, so that there is a middle of the job to die in.
const UPLOAD_MS: u64 = 700;

/// Part names that have a receipt.
fn done(receipts: &[(String, Value)]) -> BTreeSet<String> {
    let artifacts = receipts.iter().flat_map(|(_, r)| r["artifacts"].as_array().cloned().unwrap_or_default());
    artifacts.map(|a| a["name"].as_str().expect("a name").to_owned()).collect()
}

/// Parts that a worker began to upload since request number `from`.
fn begun_since(world: &World, from: usize) -> BTreeSet<String> {
    let log = world.server.stats().log;
    let begun = log[from..].iter().filter(|e| e.operation == "CreateMultipartUpload");
    begun.filter_map(|e| e.key.strip_prefix("out/").map(str::to_owned)).collect()
}

#[test]
fn a_job_survives_its_worker_its_coordinator_and_its_ledger() {
    let world = World::new();
    let made =
        ["generate", "frames", "--output", "in", "--archives", "3", "--members", "120", "--rows", "150"];
    world.tarquet(&made).exits(0);
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let count = PARTITIONS.to_string();
    world.run(&["--input", "in/*.tar.lz4", "--output", "undisturbed", "--partitions", &count]).exits(0);

    let slow = world.server.plant(Fault::always("UploadPart", "out/*", Effect::Delay(UPLOAD_MS)));
    let mut cluster = Cluster::start(&world, 4);
    let spec = format!(
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.tar.lz4\"]\n[output]\n\
         uri = \"s3://test/out\"\npartitions = {PARTITIONS}\n"
    );
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    let receipts =
        |least: usize| until("receipts", || Some(world.receipts("out")).filter(|r| r.len() >= least));

    receipts(2);
    cluster.workers.remove(0).kill();
    receipts(5);
    cluster.coordinator.take().expect("it runs").kill();
    let (at_first, from) = (world.receipts("out"), world.server.stats().log.len());
    assert!(at_first.len() < PARTITIONS, "the job was over before the coordinator died");
    cluster.start_coordinator();

    receipts(at_first.len() + 3);
    cluster.coordinator.take().expect("it runs").kill();
    let (at_second, from_second) = (world.receipts("out"), world.server.stats().log.len());
    assert!(at_second.len() < PARTITIONS, "the job was over before the coordinator died again");
    fs::remove_dir_all(world.path("state")).expect("the ledger was there");
    cluster.start_coordinator();

    let ended = cluster.wait(&job, 0);
    assert_eq!(ended["generation"], 3, "each start raises it");
    assert!(slow.fired() >= PARTITIONS as u64, "the delays fired {} times", slow.fired());
    let last = world.receipts("out");
    assert_eq!(last.len(), PARTITIONS, "one receipt a shard");
    for (before, since) in [(&at_first, from), (&at_second, from_second)] {
        for (key, receipt) in before {
            assert!(last.contains(&(key.clone(), receipt.clone())), "{key} has changed");
        }
        let again: Vec<String> = begun_since(&world, since).intersection(&done(before)).cloned().collect();
        assert_eq!(again, Vec::<String>::new(), "done although there was a receipt");
    }
    assert_same(&world.stored_parts("out/"), &world.local_parts("undisturbed"));
    until("abandoned uploads to be aborted", || world.server.uploads(BUCKET).is_empty().then_some(()));
    for worker in &mut cluster.workers {
        assert!(worker.is_running(), "a worker ended:\n{}", worker.log());
    }
}

#[test]
fn a_worker_that_is_asked_to_leave_hands_back_and_nothing_is_lost() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let slow = world.server.plant(Fault::always("UploadPart", "out/*", Effect::Delay(UPLOAD_MS)));
    let mut cluster = Cluster::start(&world, 2);
    let spec = format!(
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.tar.lz4\"]\n[output]\n\
         uri = \"s3://test/out\"\npartitions = {PARTITIONS}\n[errors]\nmax_failed = 1\n"
    );
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    until("receipts", || (world.receipts("out").len() > 2).then_some(()));
    cluster.workers[0].terminate();
    cluster.workers[0].ends();
    let before = world.receipts("out");
    assert!(before.len() < PARTITIONS, "the job was over before the worker left");
    let ended = cluster.wait(&job, 3);
    assert!(slow.fired() >= PARTITIONS as u64);
    assert_eq!(ended["stages"][3]["retried"], 0, "leaving is not failing: {ended}");
    let last = world.receipts("out");
    assert!(last.len() == PARTITIONS && before.iter().all(|receipt| last.contains(receipt)));
    assert!(cluster.workers[1].is_running(), "the other stays");
}
