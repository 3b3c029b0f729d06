//! Where the schema comes from: a sample, every member, or a file.

use crate::{
    archives::{Entry, fixture, frames, lz4, tar},
    world::{World, assert_same},
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use tarquet_tests::python::{self, Pandas};

/// Integers first, then what only a float can hold.
fn drifting(world: &World) {
    let entries = [
        Entry::file("a.h5", &fixture("r21_fx_member_v_int64_small_p23")),
        Entry::file("b.h5", &fixture("r21_fx_member_v_int64_small_p23")),
        Entry::file("c.h5", &fixture("r21_fx_member_v_float64_p23")),
    ];
    world.write("in/a.tar.lz4", &lz4(&tar(&entries)));
}

fn with_schema(output: &str, schema: &str) -> String {
    format!(
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/*\"]\n[schema]\n{schema}\n\
         [output]\nuri = \"{output}\"\npartitions = 3\n[errors]\nmax_failed = \"100 %\"\n"
    )
}

#[test]
fn a_scan_knows_what_a_sample_cannot() {
    let world = World::new();
    drifting(&world);
    world.write("sample.toml", with_schema("sampled", "sample = 1").as_bytes());
    let sampled = world.run(&["sample.toml"]).exits(3).json();
    assert_eq!(sampled["quarantine"]["items"], 1, "{sampled}");
    let failures = world.tarquet(&["failures", "sampled", "-o", "json"]).exits(0).json();
    assert_eq!(
        (&failures[0]["member"], &failures[0]["code"]),
        (&"c.h5".into(), &"E0531".into()),
        "{failures}"
    );

    world.write("scan.toml", with_schema("scanned", "mode = \"scan\"").as_bytes());
    let scanned = world.run(&["scan.toml"]).exits(0).json();
    assert_eq!(scanned["stages"][3]["counts"]["items"], 3, "{scanned}");
    let schema: Value = serde_json::from_slice(&fs::read(kept(&world, "scanned")).unwrap()).unwrap();
    let v = schema["columns"].as_array().unwrap().iter().find(|c| c["name"] == "v").unwrap();
    assert_eq!(v["ty"]["arrow"], "float64", "{schema:#}");
}

#[test]
fn every_file_has_the_whole_schema_also_where_all_members_failed() {
    let world = World::new();
    drifting(&world);
    world.write("job.toml", with_schema("out", "sample = 1").as_bytes());
    world.run(&["job.toml"]).exits(3);
    let names: Vec<String> = world.local_parts("out").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]);
    let out = world.path("out").display().to_string();
    for judge in [Pandas::V23, Pandas::V31] {
        python::must_pass(judge, "footers.py", &[&out[..], "--rows", "4,4,0"]);
    }
}

fn spec(output: &str, file: &str) -> String {
    format!(
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/*\"]\n[schema]\nmode = \"pinned\"\nfile = \"{file}\"\n\
         [output]\nuri = \"{output}\"\npartitions = 2\n[errors]\nmax_failed = \"100 %\"\n"
    )
}

/// The schema that the job of an output has kept.
fn kept(world: &World, output: &str) -> PathBuf {
    let jobs = fs::read_dir(world.path(&format!("{output}.tarquet/jobs"))).unwrap();
    let job = jobs.flatten().next().expect("a job").path();
    job.join("schema.json")
}

#[test]
fn the_schema_of_one_job_is_that_of_the_next() {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(6))));
    world.run(&["--input", "in/*", "--output", "first", "--partitions", "2"]).exits(0);
    fs::copy(kept(&world, "first"), world.path("schema.json")).unwrap();

    world.write("pinned.toml", spec("second", "schema.json").as_bytes());
    let done = world.run(&["pinned.toml"]).exits(0).json();
    assert_eq!(done["stages"][1]["shards"], 0, "nothing is sampled: {}", done["stages"][1]);
    assert_same(&world.local_parts("second"), &world.local_parts("first"));
}

#[test]
fn members_are_held_to_a_pinned_schema() {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(4))));
    world.run(&["--input", "in/*", "--output", "first"]).exits(0);
    let mut schema: Value = serde_json::from_slice(&fs::read(kept(&world, "first")).unwrap()).unwrap();
    let columns = schema["columns"].as_array_mut().unwrap();
    let dropped = columns.pop().expect("a column")["name"].as_str().unwrap().to_owned();
    world.write("narrow.json", schema.to_string().as_bytes());

    world.write("pinned.toml", spec("second", "narrow.json").as_bytes());
    // All frames have a column that the file does not know.
    let done = world.run(&["pinned.toml"]).exits(3).json();
    assert_eq!(done["quarantine"]["items"], 4, "{done}");
    let failures = world.tarquet(&["failures", "second", "-o", "json"]).exits(0).json();
    assert_eq!(failures[0]["code"], "E0510", "{failures}");
    let message = failures[0]["message"].as_str().unwrap();
    assert!(message.contains(&dropped) && message.contains("pinned by schema.file"), "{message}");
    // Each partition is there, without rows.
    assert_eq!(world.local_parts("second").len(), 2);
}

#[test]
fn a_file_that_is_no_schema_is_refused_before_anything_is_written() {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&[Entry::file("x.h5", &frames(1)[0].body)])));
    world.write("typo.json", json!({"version": 1, "colums": []}).to_string().as_bytes());
    world.write("broken.json", b"{");
    for (file, exit, code) in
        [("typo.json", 2, "E0504"), ("broken.json", 2, "E0504"), ("nowhere.json", 4, "E0601")]
    {
        world.write("pinned.toml", spec("out", file).as_bytes());
        world.run(&["pinned.toml"]).exits(exit).says(code).says(file).says("hint");
        assert!(!world.path("out").exists() && !world.path("out.tarquet").exists(), "{file}");
    }
    let without = spec("out", "x").replace("file = \"x\"\n", "");
    world.write("pinned.toml", without.as_bytes());
    world.run(&["pinned.toml"]).exits(2).says("E0103").says("schema.json");
    let idle = spec("out", "x").replace("pinned", "infer");
    world.write("pinned.toml", idle.as_bytes());
    world.run(&["pinned.toml"]).exits(2).says("E0104");
}
