//! Archives that are not whole: a failure with its place, a job that is held, and `--accept` goes on without them.

use crate::{
    archives::{BLOCK, Entry, frames, lz4, tar, tar_without_end},
    cluster::Cluster,
    world::{BUCKET, World},
};
use flate2::write::GzEncoder;
use std::{fs, io::Write};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

/// Runs a good archive beside a bad one: held with `code` at the bad one, then accepted without it.
fn held_then_accepted(name: &str, bad: &[u8], code: &str) {
    let world = World::new();
    world.write("in/good.tar.lz4", &lz4(&tar(&frames(4))));
    let path = world.write(&format!("in/{name}"), bad);
    let held = world.run(&["--input", "in/*", "--output", "out", "--partitions", "2"]).exits(5).json();
    assert_eq!(held["state"], "held", "{held}");
    let reason = &held["reason"];
    assert_eq!(reason["place"]["uri"], path.to_str().unwrap(), "{reason}");
    let causes = reason["causes"].to_string();
    assert!(causes.contains(code), "{code} is not told: {reason}");
    assert!(fs::read_dir(world.path("out")).map_or(0, Iterator::count) == 0, "nothing is published");

    let failures = world.tarquet(&["failures", "out", "-o", "json"]).exits(0).json();
    assert_eq!(failures[0]["code"], code, "{failures}");
    assert!(!failures[0]["hint"].as_str().unwrap().is_empty());
    assert!(failures[0]["reproduce"].as_str().unwrap().starts_with("tarquet inspect "));

    let resume = |how| ["run", "--resume", "out", how, "--progress", "none", "-o", "json"];
    let again = world.tarquet(&resume("--retry")).exits(5).json();
    assert!(again["reason"]["causes"].to_string().contains(code), "it is as bad as before: {again}");
    // Without its ledger the job tries the archive once more before there is something to accept.
    fs::remove_dir_all(world.path("out.tarquet/state")).unwrap();
    let accepted = world.tarquet(&resume("--accept")).exits(3).json();
    let convert = &accepted["stages"][3];
    assert_eq!(convert["counts"]["items"], 4, "the good archive's members: {convert}");
    assert_eq!(world.local_parts("out").len(), 2);
}

#[test]
fn an_archive_cut_short_is_told_and_left_out() {
    let whole = lz4(&tar(&frames(6)));
    held_then_accepted("bad.tar.lz4", &whole[..whole.len() / 2], "E0303");
}

#[test]
fn a_flipped_byte_is_told_and_left_out() {
    let mut bytes = lz4(&tar(&frames(6)));
    let at = bytes.len() / 3;
    bytes[at] ^= 0x10;
    let code = code_of("bad.tar.lz4", &bytes);
    assert!(["E0304", "E0305", "E0308", "E0303"].contains(&code.as_str()), "{code}");
    held_then_accepted("bad.tar.lz4", &bytes, &code);
}

#[test]
fn a_wrong_checksum_is_told_and_left_out() {
    let mut bytes = lz4(&tar(&frames(6)));
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    held_then_accepted("bad.tar.lz4", &bytes, "E0305");
}

#[test]
fn what_is_not_lz4_is_told_and_left_out() {
    held_then_accepted("bad.tar.lz4", b"<html><body>503 Slow Down</body></html>", "E0302");
}

#[test]
fn what_is_not_a_tar_is_told_and_left_out() {
    let noise: Vec<u8> = (0..8 * BLOCK).map(|i| (i * 7 % 251) as u8 | 1).collect();
    held_then_accepted("bad.tar.lz4", &lz4(&noise), "E0302");
}

#[test]
fn a_tar_without_its_end_is_told_and_left_out() {
    held_then_accepted("bad.tar.lz4", &lz4(&tar_without_end(&frames(6))), "E0309");
    held_then_accepted("bad.tar", &tar_without_end(&frames(6)), "E0309");
}

#[test]
fn other_containers_cut_short_or_changed_are_told_and_left_out() {
    let content = tar(&frames(6));
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&content).unwrap();
    let gzip = gzip.finish().unwrap();
    // A frame with the checksum that `zstd` writes.
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zstd.include_checksum(true).unwrap();
    zstd.write_all(&content).unwrap();
    let zstd = zstd.finish().unwrap();
    let mut bodies = zip_of(&frames(6));
    held_then_accepted("bad.zip", &bodies[..bodies.len() / 2], "E0303");
    let directory = bodies.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    bodies[directory] ^= 1;
    held_then_accepted("bad.zip", &bodies, "E0304");
    for (name, whole) in [("bad.tar.gz", gzip), ("bad.tar.zst", zstd)] {
        held_then_accepted(name, &whole[..whole.len() / 2], "E0303");
        let mut changed = whole.clone();
        let at = changed.len() / 2;
        changed[at] ^= 0x10;
        let code = code_of(name, &changed);
        assert!(["E0303", "E0304", "E0305", "E0308"].contains(&code.as_str()), "{name}: {code}");
        held_then_accepted(name, &changed, &code);
    }
}

/// A zip of stored members, by a writer that people use.
fn zip_of(entries: &[Entry]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for entry in entries {
        writer.start_file(String::from_utf8(entry.name.clone()).unwrap(), stored).unwrap();
        writer.write_all(&entry.body).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_damaged_member_of_a_zip_is_set_aside_and_a_damaged_transfer_is_not() {
    let entries = frames(6);
    let whole = zip_of(&entries);
    let mut bytes = whole.clone();
    let body = &entries[2].body;
    let at = bytes.windows(body.len()).position(|w| w == body).expect("it is stored") + body.len() / 2;
    bytes[at] ^= 1;
    let world = World::new();
    world.write("in/a.zip", &bytes);
    world.write("whole/a.zip", &whole);
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    world.server.load(BUCKET, "whole/", &world.path("whole")).unwrap();
    let spec = |folder: &str| {
        format!(
            "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/{folder}/a.zip\"]\n[output]\n\
             uri = \"s3://test/out-{folder}\"\npartitions = 2\n[errors]\nmax_failed = 1\n"
        )
    };
    world.write("in.toml", spec("in").as_bytes());
    let done = world.run(&["in.toml"]).exits(3).json();
    let convert = &done["stages"][3];
    assert_eq!((&convert["counts"]["items"], &convert["quarantined"]), (&6.into(), &1.into()), "{done}");
    assert_eq!(convert["retried"], 0, "no attempt failed for it: {done}");
    let told = world.tarquet(&["failures", "s3://test/out-in", "-o", "json"]).exits(0).json();
    assert_eq!((&told[0]["code"], &told[0]["class"]), (&"E0324".into(), &"input".into()), "{told}");
    assert_eq!(told[0]["member"], String::from_utf8(entries[2].name.clone()).unwrap(), "{told}");
    assert!(told[0]["expected"].is_string() && told[0]["found"].is_string(), "{told}");

    // The same wrong bit, but once and on the way: nobody is set aside.
    let corrupt = Fault::once("GetObject", "whole/a.zip", Effect::Corrupt(500)).after(ZIP_DIRECTORY_GETS);
    let corrupt = world.server.plant(corrupt);
    world.write("whole.toml", spec("whole").as_bytes());
    let done = world.run(&["whole.toml"]).exits(0).json();
    assert_eq!(corrupt.fired(), 1);
    assert_eq!(done["stages"][3]["counts"]["items"], 6, "{done}");
}

/// Reads of a small zip's directory: its end record and itself; members come after.
const ZIP_DIRECTORY_GETS: u64 = 3;

/// The code that a run gives to this archive alone.
fn code_of(name: &str, bytes: &[u8]) -> String {
    let world = World::new();
    world.write(&format!("in/{name}"), bytes);
    world.run(&["--input", "in/*", "--output", "out"]).exits(5);
    let failures = world.tarquet(&["failures", "out", "-o", "json"]).exits(0).json();
    failures[0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn an_archive_that_is_overwritten_under_the_job_is_a_typed_failure() {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(8))));
    world.write("new/a.tar.lz4", &lz4(&tar(&frames(9))));
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    // The index pass reads the old one; the first partition's read waits long enough for the new one to come.
    let slow = world.server.plant(Fault::always("UploadPart", "out/*", Effect::Delay(1500)));
    let cluster = Cluster::start(&world, 1);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/a.tar.lz4\"]\n[output]\n\
                uri = \"s3://test/out\"\npartitions = 4\n";
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    until("a receipt", || (!world.receipts("out").is_empty()).then_some(()));
    world.server.load(BUCKET, "in/", &world.path("new")).unwrap();
    let held = cluster.wait(&job, 5);
    assert!(slow.fired() > 0);
    assert!(held["reason"].to_string().contains("E0602"), "{}", held["reason"]);
    assert_eq!(held["reason"]["place"]["uri"], "s3://test/in/a.tar.lz4");
    assert_eq!(world.stored_parts("out/"), [], "nothing is published");
    let failures = cluster.ask(&["failures", &job]).exits(0).json();
    assert_eq!(failures[0]["code"], "E0602", "{failures}");
    assert!(failures[0]["expected"].is_string() && failures[0]["found"].is_string(), "{failures}");
}

#[test]
fn a_damaged_transfer_is_read_again() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let faults = [
        world.server.plant(Fault::once("GetObject", "in/north*", Effect::Truncate(1000))),
        world.server.plant(Fault::once("GetObject", "in/south*", Effect::Status(503, "SlowDown".into()))),
        world.server.plant(Fault::once("UploadPart", "out/*", Effect::DropAfter)),
        world.server.plant(Fault::once("CompleteMultipartUpload", "out/*", Effect::DropAfter)),
        world.server.plant(Fault::once(
            "CompleteMultipartUpload",
            "out/*",
            Effect::ErrorBody("InternalError".into()),
        )),
        world.server.plant(Fault::once("PutObject", "out.tarquet/*receipts*", Effect::DropAfter)),
    ];
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[output]\n\
                uri = \"s3://test/out\"\npartitions = 4\n[errors]\nmax_failed = 1\n";
    world.write("s3.toml", spec.as_bytes());
    world.write("local.toml", spec.replace("s3://test/", "").as_bytes());
    world.run(&["s3.toml"]).exits(3);
    world.run(&["local.toml"]).exits(3);
    for fault in &faults {
        assert!(fault.fired() > 0, "{fault:?} did not strike");
    }
    crate::world::assert_same(&world.stored_parts("out/"), &world.local_parts("out"));
}
