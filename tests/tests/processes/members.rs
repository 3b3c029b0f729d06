//! Members that are not frames: set aside one by one, each told in full, and the worker lives.

use crate::{
    archives::{Entry, frames, lz4, tar},
    world::{Answer, World},
};
use serde_json::Value;
use std::{fs, io::Read, path::PathBuf};
use tarquet_kit::environment::{self, repository};

/// Converts an archive of good frames among which the bad ones stand.
fn convert(world: &World, bad: &[Entry]) -> Answer {
    let mut entries = frames(6);
    let good = entries.split_off(3);
    entries.extend_from_slice(bad);
    entries.extend(good);
    world.write("in/a.tar.lz4", &lz4(&tar(&entries)));
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/a.tar.lz4\"]\n[output]\nuri = \"out\"\n\
                partitions = 2\n[errors]\nmax_failed = \"100 %\"\n";
    world.write("job.toml", spec.as_bytes());
    world.run(&["job.toml"])
}

fn failures(world: &World) -> Vec<Value> {
    let listed = world.tarquet(&["failures", "out", "-o", "json"]).exits(0).json();
    listed.as_array().expect("a list").clone()
}

fn of<'a>(failures: &'a [Value], member: &str) -> &'a Value {
    let found = failures.iter().find(|f| f["member"] == member);
    found.unwrap_or_else(|| panic!("{member} is not told of in {failures:#?}"))
}

/// Everything a record owes its reader.
fn assert_told(record: &Value, code: &str) {
    assert_eq!(record["code"], code, "{record:#}");
    for key in ["message", "hint", "reproduce", "expected", "found", "uri"] {
        assert!(record[key].as_str().is_some_and(|s| !s.is_empty()), "{key} is missing in {record:#}");
    }
    assert!(record["member_offset"].is_u64() && record["member_size"].is_u64(), "{record:#}");
}

/// Runs the command that a record gives to show its failure again, in a shell as a person would.
fn assert_reproduces(world: &World, record: &Value) {
    let mut command = world.command();
    let folder = PathBuf::from(command.get_program()).parent().unwrap().display().to_string();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", record["reproduce"].as_str().unwrap()]).current_dir(world.dir.path());
    shell.envs(
        command.env("PATH", format!("{folder}:/usr/bin:/bin")).get_envs().filter_map(|(k, v)| Some((k, v?))),
    );
    let shown = crate::world::answer(&mut shell).exits(4);
    assert!(shown.out.contains(record["code"].as_str().unwrap()), "{record:#}\n{}", shown.out);
}

#[test]
fn what_is_no_frame_is_set_aside_with_its_reason() {
    let frame = frames(1).remove(0).body;
    let world = World::new();
    let bad = [
        Entry::file("bad/html.h5", b"<html><body>503 Slow Down</body></html>\n"),
        Entry::file("bad/empty.h5", b""),
        Entry::file("bad/zeros.h5", &[0; 4096]),
        Entry::file("bad/cut.h5", &frame[..frame.len() / 2]),
    ];
    let done = convert(&world, &bad).exits(3).json();
    assert_eq!(done["quarantine"]["items"], 4, "{done}");
    let told = failures(&world);
    assert_eq!(told.len(), 4);
    assert_told(of(&told, "bad/html.h5"), "E0401");
    assert_told(of(&told, "bad/empty.h5"), "E0401");
    assert_told(of(&told, "bad/zeros.h5"), "E0401");
    assert_told(of(&told, "bad/cut.h5"), "E0402");
    told.iter().for_each(|record| assert_reproduces(&world, record));

    // What remains is what there would be without them.
    let alone = World::new();
    convert(&alone, &[]).exits(0);
    assert_eq!(rows(&world), rows(&alone));
}

/// Rows published, as the catalog counts them.
fn rows(world: &World) -> Value {
    let status = world.tarquet(&["status", "out", "-o", "json"]).exits(0).json();
    status["stages"][3]["counts"]["rows"].clone()
}

#[test]
fn a_column_that_cannot_be_had_is_named_wherever_its_failure_is_told() {
    let world = World::new();
    let fixture = repository().join("tests/fixtures/fidelity/r13_fx_named_mixed_p23.h5.gz");
    let mut body = Vec::new();
    std::io::copy(&mut flate2::read::MultiGzDecoder::new(&fs::read(fixture).unwrap()[..]), &mut body)
        .unwrap();
    convert(&world, &[Entry::file("mixed.h5", &body)]).exits(3);
    let told = failures(&world);
    let record = of(&told, "mixed.h5");
    assert_told(record, "E0417");
    assert_eq!(record["column"], "zqx9 (/df/block2_values)", "{record:#}");
    assert!(record["message"].as_str().unwrap().contains("zqx9"), "{record:#}");
    for args in [&["failures", "out"][..], &["failures", "out", "show", "1"]] {
        let shown = world.tarquet(args).exits(0);
        assert!(shown.out.contains("zqx9"), "{args:?}: {}", shown.out);
    }
    let looked = world.tarquet(&["inspect", "in/a.tar.lz4", "--member", "mixed.h5"]).exits(4);
    assert!(looked.out.contains("zqx9"), "{}", looked.out);
}

#[test]
fn of_two_bad_members_of_one_name_each_can_be_shown_again() {
    let world = World::new();
    let bad = [Entry::file("it's.h5", b"no"), Entry::file("it's.h5", b"nor this")];
    convert(&world, &bad).exits(3);
    let told = failures(&world);
    assert_eq!(told.len(), 2);
    assert_ne!(told[0]["reproduce"], told[1]["reproduce"]);
    told.iter().for_each(|record| assert_reproduces(&world, record));
}

/// What held a job is in the ledger alone; without it the job meets the same trouble again, and then does as it is told.
#[test]
fn a_held_job_goes_on_as_it_is_told_with_its_ledger_and_without() {
    for lost in [false, true] {
        let world = World::new();
        let mut entries = frames(4);
        entries.push(Entry::file("bad.h5", b"no"));
        world.write("in/a.tar.lz4", &lz4(&tar(&entries)));
        world.run(&["--input", "in/*", "--output", "out"]).exits(5);
        let resume = |how: &str| {
            if lost {
                fs::remove_dir_all(world.path("out.tarquet/state")).unwrap();
            }
            world.tarquet(&["run", "--resume", "out", how, "--progress", "none", "-o", "json"])
        };
        let held = resume("--retry").exits(5).json();
        assert_eq!(held["reason"]["code"], "E0802", "{held}");
        assert!(!world.path("out").exists(), "nothing is published");
        let done = resume("--accept").exits(3).json();
        assert_eq!(done["quarantine"]["items"], 1, "{done}");
        assert_eq!(world.local_parts("out").len(), 1);
        // A job that is over has nothing to be told.
        resume("--accept").exits(3);
    }
}

#[test]
fn beyond_the_budget_the_job_is_held_and_accept_publishes() {
    let world = World::new();
    let mut entries = frames(4);
    entries.push(Entry::file("bad.h5", b"no"));
    world.write("in/a.tar.lz4", &lz4(&tar(&entries)));
    let held = world.run(&["--input", "in/*", "--output", "out"]).exits(5).json();
    assert_eq!(held["reason"]["code"], "E0802", "{held}");
    assert_eq!(fs::read_dir(world.path("out")).map_or(0, Iterator::count), 0, "nothing is published");
    let args = ["run", "--resume", "out", "--accept", "--progress", "none", "-o", "json"];
    world.tarquet(&args).exits(3);
    assert_eq!(world.local_parts("out").len(), 1);
}

#[test]
fn files_that_reach_outside_claim_petabytes_or_run_code_are_set_aside() {
    let Some(escape) = environment::shared("fixtures/hdf5-escape") else { return };
    let Some(corpus) = environment::shared("corpus/cve_hdf5") else { return };
    let mut bad = Vec::new();
    for directory in [&escape, &corpus] {
        let mut paths: Vec<_> = fs::read_dir(directory).unwrap().flatten().map(|e| e.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|p| p.is_file() && p.extension().is_none_or(|e| e != "md")) {
            bad.push(Entry::file(format!("bad/{:03}.h5", bad.len()), &fs::read(path).unwrap()));
        }
    }
    assert_eq!(bad.len(), 5 + 137, "all of both folders");
    let world = World::new();
    let done = convert(&world, &bad);
    let done = done.exits(3).json();
    let told = failures(&world);
    assert!(told.len() > bad.len() / 2, "{} of {}", told.len(), bad.len());
    for record in &told {
        assert_eq!(record["class"], "input", "{record:#}");
        assert!(record["code"].as_str().unwrap() < "E0600", "{record:#}");
        assert!(!record["hint"].as_str().unwrap().is_empty() && record["member_offset"].is_u64());
    }
    assert_eq!(done["stages"][3]["retried"], 0, "no attempt died");
}

#[test]
fn a_pickle_that_would_run_code_is_set_aside_unrun() {
    let fixtures = repository().join("tests/fixtures/fidelity");
    let paths = fs::read_dir(fixtures).unwrap().flatten().map(|e| e.path());
    let refused = |p: &PathBuf| {
        let json = fs::read_to_string(p.with_extension("").with_extension("json")).unwrap();
        json.contains("expect_failure")
    };
    let hostile: Vec<PathBuf> = paths
        .filter(|p| p.to_string_lossy().contains("_evil_") && p.extension().is_some_and(|e| e == "gz"))
        .filter(refused)
        .collect();
    assert!(!hostile.is_empty(), "no hostile pickle among the fixtures");
    let bad: Vec<Entry> = hostile
        .iter()
        .enumerate()
        .map(|(n, p)| {
            let mut body = Vec::new();
            flate2::read::MultiGzDecoder::new(fs::File::open(p).unwrap()).read_to_end(&mut body).unwrap();
            Entry::file(format!("bad/{n}.h5"), &body)
        })
        .collect();
    let world = World::new();
    convert(&world, &bad).exits(3);
    let told = failures(&world);
    assert_eq!(told.len(), bad.len(), "{told:#?}");
    told.iter().for_each(|r| assert_eq!(r["class"], "input", "{r:#}"));
    assert!(!tree(&world).iter().any(|n| n.contains("tarquet_was_here")), "a pickle ran");
}

#[test]
fn names_never_become_paths() {
    let body = frames(1).remove(0).body;
    let world = World::new();
    let outside = world.path("outside.h5");
    let absolute = outside.to_str().unwrap().to_owned();
    let mut strange = vec![
        Entry::file(&absolute, &body),
        Entry::file("../../outside.h5", &body),
        Entry::file("twice.h5", &body),
        Entry::file("twice.h5", &body),
        Entry::file(b"l\xE4tin.h5", &body),
    ];
    strange.extend([
        Entry::special("symbolic.h5", b'2', "/etc/passwd"),
        Entry::special("hard.h5", b'1', "twice.h5"),
        Entry::special("device.h5", b'3', ""),
        Entry::special("pipe.h5", b'6', ""),
    ]);
    let before = tree(&world);
    let done = convert(&world, &strange).exits(0).json();
    assert!(!outside.exists(), "a member was written where its name says");
    let new: Vec<String> = tree(&world).into_iter().filter(|n| !before.contains(n)).collect();
    let ours = ["in", "job.toml", "out", "out.tarquet", "home"];
    assert!(new.iter().all(|n| ours.contains(&n.as_str())), "{new:?}");
    assert_eq!(done["stages"][3]["counts"]["items"], 6 + 5, "{done}");
    let warnings = done["stages"][3]["warnings"].to_string();
    for told in [
        "1 members that match are of kind symlink",
        "kind hardlink",
        "2 members that match are of kind device",
    ] {
        assert!(warnings.contains(told), "{told:?} is missing in {warnings}");
    }
    // Both of the name that stands twice are there, and somebody is told.
    assert!(warnings.contains("have a name that another member has"), "{warnings}");
}

fn tree(world: &World) -> Vec<String> {
    let entries = fs::read_dir(world.dir.path()).unwrap().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_wrong_key_sets_every_member_aside_and_says_so() {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(3))));
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/a.tar.lz4\"]\nhdf5 = { key = \"nowhere\" }\n\
                [output]\nuri = \"out\"\n";
    world.write("job.toml", spec.as_bytes());
    let held = world.run(&["job.toml"]).exits(5).json();
    assert_eq!(held["quarantine"]["items"], 3, "{held}");
    let failures = world.tarquet(&["failures", "out", "-o", "json"]).exits(0).json();
    let codes: Vec<_> = failures.as_array().expect("a list").iter().map(|f| &f["code"]).collect();
    assert_eq!(codes, ["E0411"; 3], "{failures}");
    assert_eq!(fs::read_dir(world.path("out")).map_or(0, Iterator::count), 0, "nothing is published");
}

#[test]
fn where_nothing_is_left_to_write_nothing_is_said_to_be() {
    let world = World::new();
    world.write("in/a.h5", b"no");
    let held = world.run(&["--input", "in/*", "--output", "out"]).exits(5).json();
    assert_eq!(held["quarantine"]["items"], 1, "{held}");
    let args = ["run", "--resume", "out", "--accept", "--progress", "none"];
    let done = world.tarquet(&args).exits(3);
    assert!(!done.out.contains("read it") && !done.err.contains("read it"), "{done:?}");
    let told = format!("{}{}", done.out, done.err);
    assert!(told.contains("nothing left to write") && told.contains("skipped"), "{done:?}");
}
