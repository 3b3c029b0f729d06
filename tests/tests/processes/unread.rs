//! Jobs whose objects cannot be read when a coordinator starts.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World, assert_same},
};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

#[test]
fn a_job_whose_store_is_away_keeps_no_other_waiting() {
    away(Effect::DropBefore);
}

#[test]
fn a_job_whose_store_does_not_answer_keeps_no_other_waiting() {
    away(Effect::Hang);
}

fn away(how: Effect) {
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
    let away = world.server.plant(Fault::always("GetObject", "far.tarquet/jobs/*", how));
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

/// A job object that no coordinator of ours has written.
#[test]
fn a_job_object_that_contradicts_its_spec_is_not_adopted() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    world.write(
        "job.toml",
        b"version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.tar.lz4\"]\n[output]\n\
          uri = \"s3://test/out\"\npartitions = 2\n[errors]\nmax_failed = 1\n",
    );
    let cluster = Cluster::start(&world, 0);
    let job = cluster.submit("job.toml");
    let key = format!("out.tarquet/jobs/{job}/job.json");
    let honest = until("the job object", || world.server.object(BUCKET, &key));
    let honest: serde_json::Value = serde_json::from_slice(&honest).unwrap();

    let other = cluster_elsewhere(&world);
    let secret = world.path("secret").display().to_string();
    let tampered: [(&str, &str, serde_json::Value, &str); 5] = [
        ("output", "/output_uri", format!("file://{secret}").into(), "E0773"),
        ("kind", "/kind", "merge".into(), "E0773"),
        ("stages", "/stages/0", "publish".into(), "E0773"),
        ("store", "/store", serde_json::json!({ "endpoint": "http://127.0.0.1:1" }), "E0773"),
        ("path", "/spec/output/uri", secret.clone().into(), "E07"),
    ];
    for (name, place, value, code) in tampered {
        let mut object = honest.clone();
        *object.pointer_mut(place).expect("it is there") = value;
        let dir = world.path(name);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("job.json"), serde_json::to_vec(&object).unwrap()).unwrap();
        world.server.load(BUCKET, &format!("out.tarquet/jobs/{job}/"), &dir).unwrap();
        let refused = other.ask(&["adopt", &format!("s3://test/out.tarquet/jobs/{job}")]);
        assert!(refused.code != Some(0), "{name}: {refused:?}");
        refused.says(code);
        other.ask(&["status", &job]).exits(2);
    }
    // As it is, but elsewhere.
    let dir = world.path("elsewhere");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("job.json"), serde_json::to_vec(&honest).unwrap()).unwrap();
    world.server.load(BUCKET, "elsewhere/", &dir).unwrap();
    other.ask(&["adopt", "s3://test/elsewhere"]).says("E0773");
    world.server.load(BUCKET, &format!("out.tarquet/jobs/{job}/"), &dir).unwrap();
    other.ask(&["adopt", &format!("s3://test/out.tarquet/jobs/{job}")]).exits(0);
    assert!(!world.path("secret").exists(), "nothing was written there");
}

/// Another coordinator, which knows none of the jobs.
fn cluster_elsewhere(world: &World) -> Cluster<'_> {
    Cluster::start_as(world, "other", 0)
}
