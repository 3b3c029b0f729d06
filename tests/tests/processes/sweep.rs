//! What killed workers leave in the store is gone when the job ends; what is not ours stays.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World},
};
use std::sync::Arc;
use tarquet_common::store::{Metadata, Store, StoreSettings, Stores, Uri};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

/// Begins an upload, as somebody else would, or a worker that nobody remembers.
fn begin(world: &World, root: &str, key: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stores = Stores::with_keys(&world.server.access_key, &world.server.secret_key);
        let endpoint = Some(world.server.url.clone());
        let settings =
            StoreSettings { endpoint, region: Some("us-east-1".into()), ..StoreSettings::default() };
        let store: Arc<dyn Store> = stores.open(&Uri::parse_here(root).unwrap(), &settings).await.unwrap();
        store.begin_upload(key, &Metadata::new()).await.unwrap();
    });
}

/// Keys of open uploads.
fn open_uploads(world: &World) -> Vec<String> {
    world.server.uploads(BUCKET).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn uploads_of_a_killed_worker_are_aborted_and_those_of_others_are_not() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    begin(&world, "s3://test/out", "backup.bin");
    // The first worker hangs while it writes an index, and is killed there.
    let hang = world.server.plant(Fault::once("UploadPart", "out.tarquet/index/*", Effect::Delay(120_000)));
    let mut cluster = Cluster::start(&world, 1);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[output]\n\
                uri = \"s3://test/out\"\npartitions = 4\n[errors]\nmax_failed = 1\n";
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    until("the worker to hang", || (hang.fired() > 0).then_some(()));
    cluster.workers.remove(0).kill();
    let left = open_uploads(&world);
    assert!(left.iter().any(|k| k.starts_with("out.tarquet/index/")), "it left nothing: {left:?}");
    // One that was forgotten in the job's prefix, and one of a part.
    begin(&world, &format!("s3://test/out.tarquet/jobs/{job}"), "quarantine/convert/0.0.9.parquet");
    begin(&world, "s3://test/out", "part-00001.parquet");

    cluster.start_worker(&["--slots", "1", "--memory", "1GiB"]);
    cluster.wait(&job, 3);
    let others = || (open_uploads(&world) == ["out/backup.bin"]).then_some(());
    until("the uploads of the job to be aborted", others);

    // A zombie that wakes up after the end leaves one more. While it is young it may be a job's that is not known here.
    begin(&world, "s3://test/out", "part-00002.parquet");
    let kept = world.keys("");
    let gc = world.tarquet(&["gc", "s3://test/out", "-y", "-o", "json"]).exits(0).json();
    assert_eq!(gc.as_array().map(Vec::len), Some(0), "{gc}");
    assert_eq!(open_uploads(&world), ["out/backup.bin", "out/part-00002.parquet"]);
    assert_eq!(world.keys(""), kept, "nothing of a finished job is litter");
}

#[test]
fn gc_removes_what_a_cancelled_job_left_and_says_so_first() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let slow = world.server.plant(Fault::always("UploadPart", "out/*", Effect::Delay(800)));
    let cluster = Cluster::start(&world, 1);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[output]\n\
                uri = \"s3://test/out\"\npartitions = 8\n[errors]\nmax_failed = 1\n";
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    until("a receipt", || (!world.receipts("out").is_empty()).then_some(()));
    begin(&world, "s3://test/out", "backup.bin");
    // While the job goes on, nothing of it is litter.
    let gc = world.tarquet(&["gc", "s3://test/out", "-y", "-o", "json"]).exits(0).json();
    assert_eq!(gc.as_array().map(Vec::len), Some(0), "{gc}");
    assert!(slow.fired() > 0);

    cluster.ask(&["cancel", &job]).exits(0);
    cluster.wait(&job, 11);
    until("the uploads to be aborted", || (open_uploads(&world) == ["out/backup.bin"]).then_some(()));
    let listed = world.tarquet(&["gc", "s3://test/out", "-o", "json"]).exits(2).says("E0152").json();
    let keys: Vec<&str> = listed.as_array().unwrap().iter().filter_map(|l| l["key"].as_str()).collect();
    assert!(!keys.is_empty());
    let ours = format!("jobs/{job}/");
    assert!(keys.iter().all(|k| k.starts_with(&ours)), "{keys:?}");
    let before = world.keys("");
    world.tarquet(&["gc", "s3://test/out", "-y", "-o", "json"]).exits(0);
    let after = world.keys("");
    let gone: Vec<&String> = before.iter().filter(|k| !after.contains(k)).collect();
    assert_eq!(gone.len(), keys.len(), "what was listed is what went");
    assert!(after.iter().any(|k| k.ends_with("outcome.json")) && after.iter().any(|k| k.starts_with("in/")));
    assert_eq!(open_uploads(&world), ["out/backup.bin"]);
}
