//! Bytes read from the store, counted at the server.

use crate::world::{BUCKET, World};
use std::fs;

const PARTITIONS: u64 = 4;
/// A block of these archives: what one boundary may cost beside the share.
const BLOCK: u64 = 64 << 10;

fn read(world: &World) -> u64 {
    world.server.stats().total(Some("GetObject"), "in/").bytes_out
}

#[test]
fn archives_are_read_twice_and_with_an_index_once() {
    let world = World::new();
    let made =
        ["generate", "frames", "--output", "in", "--archives", "2", "--members", "300", "--rows", "5000"];
    world.tarquet(&made).exits(0);
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let input: u64 = fs::read_dir(world.path("in"))
        .unwrap()
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "lz4"))
        .map(|e| e.metadata().unwrap().len())
        .sum();
    let count = PARTITIONS.to_string();
    let run = |output: &str| {
        world.server.reset_stats();
        let args = ["--input", "s3://test/in/*.tar.lz4", "--output", output, "--partitions", &count];
        world.run(&[&args[..], &["--index", "s3://test/index"]].concat()).exits(0);
        read(&world)
    };
    let boundaries = PARTITIONS * BLOCK;
    let first = run("s3://test/one");
    let most = input * 21 / 10 + boundaries;
    assert!(
        first >= 2 * input,
        "{first} bytes read of {input}: an index pass and a convert pass read all of it"
    );
    assert!(first <= most, "{first} bytes read of {input}: more than {most}");
    let again = run("s3://test/two");
    let most = input * 11 / 10 + boundaries;
    assert!(again >= input && again <= most, "{again} bytes read of {input} with an index: more than {most}");
    eprintln!("first run {:.3} x, with an index {:.3} x", ratio(first, input), ratio(again, input));
}

fn ratio(part: u64, of: u64) -> f64 {
    part as f64 / of as f64
}
