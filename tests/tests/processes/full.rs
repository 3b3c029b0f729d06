//! No room: in scratch, or on the output's disk.

use crate::{
    archives::{frames, lz4, tar},
    cluster::Cluster,
    world::{BUCKET, World, answer, assert_same},
};
use std::{fs, process::Command};
use tarquet_kit::until;
use tarquet_tests::confine::with_small_disk;

#[test]
fn a_full_scratch_fails_attempts_cleanly_and_others_do_the_work() {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(6))));
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    fs::create_dir(world.path("scratch")).unwrap();
    // A ring needs two segments of a mebibyte.
    let Some(cramped) = with_small_disk(&world.command(), 1 << 20, &world.path("scratch")) else { return };
    let mut cluster = Cluster::start(&world, 0);
    let scratch = world.path("scratch").display().to_string();
    cluster.start_worker_as(cramped, &["--slots", "1", "--memory", "1GiB", "--scratch", &scratch]);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[output]\n\
                uri = \"s3://test/out\"\npartitions = 2\n[errors]\nretries = 1000\n";
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    let told = until("a failure that says why", || {
        let failures = cluster.ask(&["failures", &job]).exits(0).json();
        failures.as_array().and_then(|f| f.first().cloned())
    });
    assert_eq!((&told["code"], &told["retryable"]), (&"E0795".into(), &true.into()), "{told}");
    assert!(told["hint"].as_str().is_some_and(|h| h.contains("--shm-size")), "{told}");
    assert!(cluster.workers[0].is_running(), "a full scratch is not the worker's end");
    assert_eq!(world.keys("out/"), [""; 0]);

    cluster.start_worker(&["--slots", "1", "--memory", "1GiB"]);
    let done = cluster.wait(&job, 0);
    let retried: u64 =
        done["stages"].as_array().unwrap().iter().map(|s| s["retried"].as_u64().unwrap()).sum();
    assert!(retried > 0, "{done}");
    world.run(&["--input", "in/*", "--output", "alone", "--partitions", "2"]).exits(0);
    assert_same(&world.stored_parts("out/"), &world.local_parts("alone"));
}

/// Runs, makes room, and goes on, all where the small disk can be seen. Exit codes and what the first run left visible are
/// written beside it, and the dataset is copied out.
const STORY: &str = r#"
"$0" run --input 'in/*' --output disk/out --partitions 3 --progress none -o json >first.json 2>first.err
echo $? >first
ls -1 disk/out 2>/dev/null | wc -l >visible
mount -o remount,size=400m disk
"$0" run --resume disk/out --retry --progress none -o json >second.json 2>second.err
echo $? >second
cp -r disk/out copied
"#;

#[test]
fn a_full_disk_holds_the_job_and_room_lets_it_go_on() {
    let world = World::new();
    let made =
        ["generate", "frames", "--output", "in", "--archives", "2", "--members", "200", "--rows", "3000"];
    world.tarquet(&made).exits(0);
    fs::remove_file(world.path("in/truth.json")).unwrap();
    world.run(&["--input", "in/*", "--output", "alone", "--partitions", "3"]).exits(0);
    let whole: usize = world.local_parts("alone").iter().map(|(_, bytes)| bytes.len()).sum();
    // The ledger has its reserve there too.
    let room = (16 << 20) + 4 * (whole as u64) / 5;
    fs::create_dir(world.path("disk")).unwrap();
    let tarquet = world.command();
    let mut story = Command::new("sh");
    story.args(["-c", STORY]).arg(tarquet.get_program()).current_dir(world.dir.path());
    story.envs(tarquet.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let Some(mut confined) = with_small_disk(&story, room, &world.path("disk")) else { return };
    answer(&mut confined).exits(0);
    let read = |name: &str| fs::read_to_string(world.path(name)).unwrap();
    let first = (read("first"), read("first.json") + &read("first.err"));
    // Held where an attempt met the full disk, temporary where the ledger did.
    assert!(["5", "6"].contains(&first.0.trim()), "{first:?}");
    assert!(["E0609", "E0751"].iter().any(|code| first.1.contains(code)), "{first:?}");
    assert_eq!(read("visible").trim(), "0", "a part is visible before all are");
    assert_eq!(read("second").trim(), "0", "{}{}", read("second.json"), read("second.err"));
    assert_same(&world.local_parts("copied"), &world.local_parts("alone"));
}
