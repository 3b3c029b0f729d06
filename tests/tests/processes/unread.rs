//! Jobs whose objects cannot be read when a coordinator starts.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World, assert_same},
};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

#[test]
fn a_job_whose_store_is_away_keeps_no_other_waiting() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    for output in ["near", "far"] {
        let spec = format!(
            "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.tar.lz4\"]\n[output]\n\
             uri = \"s3://test/{output}\"\npartitions = 2\n[errors]\nmax_failed = 1\n"
        );
        world.write(&format!("{output}.toml"), spec.as_bytes());
    }
    // No part arrives, so that no job can end before the coordinator is gone.
    let parts =
        ["near/*", "far/*"].map(|key| world.server.plant(Fault::always("UploadPart", key, Effect::Hang)));
    let mut cluster = Cluster::start(&world, 2);
    let [near, far] = ["near.toml", "far.toml"].map(|spec| cluster.submit(spec));
    until("uploads that hang", || parts.iter().any(|p| p.fired() > 0).then_some(()));
    cluster.coordinator.take().expect("it runs").kill();

    world.server.heal();
    let away = world.server.plant(Fault::always("GetObject", "far.tarquet/jobs/*", Effect::DropBefore));
    cluster.start_coordinator();
    cluster.wait(&near, 3);
    assert!(away.fired() > 0, "its objects were asked for");
    let waits = cluster.status(&far);
    assert_eq!(waits["waiting"], "store", "{waits}");
    assert!(
        waits["reason"]["code"]
            .as_str()
            .is_some_and(|code| code.starts_with("E07") || code.starts_with("E06")),
        "{waits}"
    );

    let before = away.fired();
    until("another try", || (away.fired() > before).then_some(()));
    world.server.heal();
    cluster.wait(&far, 3);
    assert_same(&world.stored_parts("far/"), &world.stored_parts("near/"));
}
