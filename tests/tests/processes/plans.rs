//! What `tarquet plan` says of archives that nobody has indexed: exactly where they can be read to their end, and by an
//! estimate that is near where only their heads are read.

use crate::{
    archives::{Entry, frames, lz4, tar},
    world::World,
};
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use serde_json::Value;
use std::io::{Cursor, Write};

/// Members that the archives hold.
const MEMBERS: u64 = 2_000;

/// Small members of many sizes that shrink to about a fifth: lines of digits.
fn members() -> Vec<Entry> {
    let mut x = 7_u64;
    let mut next = move || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        x >> 33
    };
    let member = |i| {
        let lines = 500 + next() % 1500;
        let line = |n| format!("{n:08};sensor;{:02};0.0;0.0\n", next() % 50);
        Entry::file(format!("frames/{i:05}.h5"), (0..lines).map(line).collect::<String>().as_bytes())
    };
    (0..MEMBERS).map(member).collect()
}

fn plan(world: &World, name: &str) -> Value {
    world
        .tarquet(&["plan", "--input", name, "--output", "out", "--partitions", "16", "-o", "json"])
        .exits(0)
        .json()
}

fn near(figure: &Value, real: u64) -> bool {
    let figure = figure.as_u64().expect("a number");
    figure.abs_diff(real) * 10 <= real
}

#[test]
fn a_head_tells_how_many_members_there_are() {
    let entries = members();
    let bytes = tar(&entries);
    let bodies: u64 = entries.iter().map(|e| e.body.len() as u64).sum();
    assert!(bytes.len() > 64 << 20, "more than a head: {}", bytes.len());
    let lz4 = |mode, size| {
        let info = FrameInfo::new().block_mode(mode).block_size(size);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(&bytes).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    };
    let gz = || {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&bytes).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    };
    for (name, archive, shards) in [
        ("linked.tar.lz4", lz4(BlockMode::Linked, BlockSize::Max64KB), 16),
        ("independent.tar.lz4", lz4(BlockMode::Independent, BlockSize::Max4MB), 16),
        ("one.tar.gz", gz(), 1),
        ("frame.tar.zst", zstd::bulk::compress(&bytes, 1).expect("a Vec takes all"), 1),
        ("plain.tar", bytes.clone(), 16),
    ] {
        let world = World::new();
        world.write(name, &archive);
        let plan = plan(&world, name);
        assert!(near(&plan["members"], MEMBERS), "{name}: {plan:#}");
        assert!(near(&plan["member_median"], bodies / MEMBERS), "{name}: {plan:#}");
        assert_eq!((plan["indexed"].as_u64(), plan["archives"].as_u64()), (Some(0), Some(1)), "{name}");
        assert_eq!(
            (plan["partitions"].as_u64(), plan["shards"].as_u64()),
            (Some(16), Some(shards)),
            "{name}"
        );
    }
}

#[test]
fn a_zip_archive_tells_by_its_directory() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..100 {
        let name = if n < 90 { format!("{n}.h5") } else { format!("{n}.txt") };
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a Vec takes all");
        zip.write_all(&vec![b'x'; 1000 + n]).expect("a Vec takes all");
    }
    let world = World::new();
    world.write("a.zip", &zip.finish().expect("a Vec takes all").into_inner());
    let plan = plan(&world, "a.zip");
    let figure = |key: &str| plan[key].as_u64();
    assert_eq!((figure("members"), figure("ignored")), (Some(90), Some(10)), "{plan:#}");
    assert_eq!((figure("indexed"), figure("member_largest")), (Some(1), Some(1089)), "{plan:#}");
    assert_eq!((figure("partitions"), figure("shards")), (Some(16), Some(16)), "{plan:#}");
}

#[test]
fn an_archive_without_its_end_is_no_whole_one() {
    let world = World::new();
    let whole = tar(&frames(40));
    let packed = lz4(&whole);
    for (name, bytes) in [
        ("cut.tar", &whole[..whole.len() / 2]),
        ("endless.tar", &whole[..whole.len() - 1024]),
        ("cut.tar.lz4", &packed[..packed.len() - 100]),
        ("empty.tar.lz4", &[]),
        ("empty.tar", &[]),
    ] {
        world.write(name, bytes);
        let told = plan(&world, name);
        assert!(told["warnings"].to_string().contains("E03"), "{name}: {}", told["warnings"]);
    }
    world.write("whole.tar.lz4", &packed);
    let told = plan(&world, "whole.tar.lz4");
    assert!(!told["warnings"].to_string().contains("E03"), "{told}");
}

#[test]
fn the_frame_that_is_shown_is_the_one_that_will_be_read() {
    let world = World::new();
    world.write("in.tar.lz4", &lz4(&tar(&frames(3))));
    let spec = |key: &str| {
        format!(
            "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in.tar.lz4\"]\n[input.hdf5]\nkey = \"{key}\"\n\
             [output]\nuri = \"out\"\n"
        )
    };
    for (key, code) in [("auto", None), ("nowhere", Some("E0411"))] {
        world.write("job.toml", spec(key).as_bytes());
        let told = world.tarquet(&["plan", "job.toml", "-o", "json"]).exits(0).json();
        let sampled = told["sampled"].as_u64().expect("a number");
        assert_eq!(sampled == 0, code.is_some(), "{told}");
        assert!(code.is_none_or(|code| told["warnings"].to_string().contains(code)), "{told}");
    }
}

/// Small members of an archive that can be entered at its beginning alone.
#[test]
fn the_sample_is_as_many_as_are_asked_for() {
    let world = World::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar(&frames(90))).unwrap();
    world.write("in.tar.gz", &gzip.finish().unwrap());
    world.run(&["--input", "in.tar.gz", "--output", "out"]).exits(0);
    let jobs = world.path("out.tarquet/jobs");
    let job = std::fs::read_dir(jobs).unwrap().next().unwrap().unwrap().path();
    let schema: Value = serde_json::from_slice(&std::fs::read(job.join("schema.json")).unwrap()).unwrap();
    assert_eq!(
        (&schema["sampled"]["members"], &schema["sampled"]["planned"]),
        (&64.into(), &90.into()),
        "{schema}"
    );
}
