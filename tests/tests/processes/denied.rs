//! A store that says no in mid-job: held at once, with the permission that is missing, and nothing published.

use crate::{
    archives::{frames, lz4, tar},
    world::{BUCKET, World},
};
use tarquet_s3server::{Effect, Fault};

#[test]
fn a_missing_permission_holds_the_job_at_once_and_a_retry_goes_on() {
    let denied = || Effect::Status(403, "AccessDenied".into());
    for (operation, key, place) in [
        ("GetObject", "in/*", "s3://test/in/a.tar.lz4"),
        ("CreateMultipartUpload", "out/*", "s3://test/out"),
        ("UploadPart", "out/*", "s3://test/out"),
    ] {
        let world = World::new();
        world.write("in/a.tar.lz4", &lz4(&tar(&frames(4))));
        world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
        let fault = world.server.plant(Fault::always(operation, key, denied()));
        let args = ["--input", "s3://test/in/*.lz4", "--output", "s3://test/out", "--partitions", "2"];
        let held = world.run(&args).exits(5).json();
        assert!(fault.fired() > 0, "{operation}");
        let reason = &held["reason"];
        assert_eq!((&held["hold"], &reason["code"]), (&"denied".into(), &"E0604".into()), "{held}");
        assert!(
            reason["place"]["uri"].as_str().is_some_and(|u| u.starts_with(place)),
            "{operation}: {reason}"
        );
        let retried = held["stages"].as_array().unwrap().iter().map(|s| s["retried"].as_u64().unwrap());
        assert_eq!(retried.sum::<u64>(), 0, "trying again would not help: {held}");
        assert_eq!(world.keys("out/"), [""; 0], "nothing is published");

        world.server.heal();
        let resume = ["run", "--resume", "s3://test/out", "--retry", "--progress", "none", "-o", "json"];
        world.tarquet(&resume).exits(0);
        assert_eq!(world.keys("out/").len(), 2);
    }
}

#[test]
fn an_output_that_may_not_be_written_is_refused_and_stays_as_it_is() {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(4))));
    let denied = Effect::Status(403, "AccessDenied".into());
    let fault = world.server.plant(Fault::always("PutObject", "*", denied));
    let refused = world.run(&["--input", "in/*", "--output", "s3://test/out"]).exits(7);
    assert!(fault.fired() > 0);
    refused.says("E0604").says("hint").says("s3://test/out");
    assert_eq!(world.server.keys(BUCKET), [""; 0]);
}
