//! A store that ignores conditions: a coordinator with another ledger takes a job over only when somebody says so.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World, assert_same},
};
use std::fs;
use tarquet_kit::until;
use tarquet_s3server::{Conditions, Config, Effect, Fault};

const SPEC: &str = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.tar.lz4\"]\n[output]\n\
                    uri = \"s3://test/out\"\npartitions = 6\n[errors]\nmax_failed = 1\n";

#[test]
fn where_the_store_keeps_no_conditions_taking_over_needs_a_word() {
    let world = World::with(Config { conditions: Conditions::Ignored, ..Config::default() });
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    world.write("local.toml", SPEC.replace("s3://test/", "").as_bytes());
    world.write("s3.toml", SPEC.as_bytes());
    world.run(&["local.toml"]).exits(3);

    // No part arrives, so the job cannot end before it is taken over.
    let held = world.server.plant(Fault::always("UploadPart", "out/*", Effect::Hang));
    let mut cluster = Cluster::start(&world, 1);
    let job = cluster.submit("s3.toml");
    until("an upload that hangs", || (held.fired() > 0).then_some(()));
    assert!(cluster.status(&job).to_string().contains("run one coordinator only"));

    // With its ledger it is the same coordinator.
    cluster.coordinator.take().expect("it runs").kill();
    cluster.start_coordinator();
    cluster.ask(&["status", &job]).exits(0);

    // Without, it may be a second one.
    cluster.coordinator.take().expect("it runs").kill();
    fs::remove_dir_all(world.path("state")).expect("the ledger was there");
    cluster.start_coordinator();
    let coordinator = cluster.coordinator.take().expect("it runs");
    assert!(coordinator.log().contains("E0772"), "{}", coordinator.log());
    cluster.ask(&["status", &job]).exits(2);
    let prefix = format!("s3://test/out.tarquet/jobs/{job}");
    cluster.ask(&["adopt", &prefix]).exits(7).says("E0772").says("--take-over");

    coordinator.kill();
    cluster.start_coordinator_with(&["--take-over"]);
    world.server.heal();
    cluster.wait(&job, 3);
    assert_same(&world.stored_parts("out/"), &world.local_parts("out"));
}
