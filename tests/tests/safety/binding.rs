//! What is refused before anything is served or sent.

use crate::world::{Process, World, answer};
use std::{fs, os::unix::fs::PermissionsExt};
use tarquet_common::codes::cluster::{
    CERTS_EXIST, INSECURE_ADDRESS, TLS_FILE_UNUSABLE, TOKEN_IN_THE_OPEN, TOKENS_UNUSABLE,
};
use tarquet_kit::until;

const TLS: [&str; 4] = ["--tls-cert", "certs/coordinator/tls.crt", "--tls-key", "certs/coordinator/tls.key"];
const TOKENS: [&str; 2] = ["--tokens", "certs/coordinator/tokens"];
const OPEN: [&str; 7] = ["coordinator", "--state", "state", "--listen", "0.0.0.0:0", "--http", "127.0.0.1:0"];

#[test]
fn an_open_address_needs_tls_and_tokens_or_a_word() {
    let world = World::new();
    let code = INSECURE_ADDRESS.to_string();
    for (more, missing) in [(vec![], "neither"), (TLS.to_vec(), "no tokens"), (TOKENS.to_vec(), "no TLS")] {
        let refused = world.tarquet(&[&OPEN[..], &more].concat());
        refused.exits(2).says(&code).says(missing).says("--insecure");
    }
    let only_http = ["coordinator", "--state", "state", "--listen", "127.0.0.1:0", "--http", "0.0.0.0:0"];
    world.tarquet(&only_http).exits(2).says(&code);
    assert!(!world.path("state").exists(), "nothing was touched");
    for (n, more) in [[&TLS[..], &TOKENS].concat(), vec!["--insecure"]].into_iter().enumerate() {
        let mut command = world.command();
        command.args([&OPEN[..], &more].concat());
        let mut process = Process::start(&world, &format!("open-{n}"), &mut command);
        until("it to serve", || {
            assert!(process.is_running(), "{}", process.log());
            process.log().contains("coordinator: gRPC on 0.0.0.0:").then_some(())
        });
        assert_eq!(process.log().contains("others can reach this address"), more == ["--insecure"]);
    }
}

#[test]
fn a_token_is_not_sent_in_the_open() {
    let world = World::new();
    // An address of the documentation (RFC 5737): nobody is there, and nothing is sent to find out.
    let jobs = |more: &[&str]| {
        let mut command = world.command();
        command.args(["jobs", "--coordinator", "http://192.0.2.1:7481"]).args(more);
        command.env("TARQUET_TOKEN_FILE", "certs/viewer/token");
        answer(&mut command)
    };
    jobs(&[]).exits(2).says(&TOKEN_IN_THE_OPEN.to_string()).says("https://");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let world = World::new();
    let at = |extra: &[&str]| {
        let base = ["coordinator", "--state", "state", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        world.tarquet(&[&base[..], extra].concat())
    };
    let tls = TLS_FILE_UNUSABLE.to_string();
    at(&["--tls-cert", TLS[1]]).exits(2).says(&tls);
    at(&["--client-ca", "certs/coordinator/ca.crt"]).exits(2).says(&tls);
    at(&["--tls-cert", TLS[1], "--tls-key", "nowhere.key"]).exits(2).says(&tls).says("nowhere.key");
    at(&["--tls-cert", TLS[1], "--tls-key", "certs/worker/tls.key"]).exits(2).says(&tls).says("together");
    at(&["--tls-cert", "certs/coordinator/tokens", "--tls-key", TLS[3]])
        .exits(2)
        .says(&tls)
        .says("no certificate");

    let tokens = TOKENS_UNUSABLE.to_string();
    at(&["--tokens", "nowhere"]).exits(2).says(&tokens).says("nowhere");
    fs::write(world.path("empty"), "# nobody\n").unwrap();
    at(&["--tokens", "empty"]).exits(2).says(&tokens);
    fs::write(world.path("bad"), "\nviewer hush-hush\n").unwrap();
    let bad = at(&["--tokens", "bad"]).exits(2).says(&tokens).says("bad:2");
    assert!(!bad.err.contains("hush"), "{}", bad.err);
    assert!(!world.path("state").exists(), "nothing was touched");
}

#[test]
fn certificates_are_made_once_and_for_their_owner() {
    let world = World::new();
    let before = world.read("certs/coordinator/tls.crt");
    world.tarquet(&["certs", "init", "certs"]).exits(2).says(&CERTS_EXIST.to_string()).says("renew");
    world.tarquet(&["certs", "init", "certs", "--if-missing"]).exits(0);
    assert_eq!(world.read("certs/coordinator/tls.crt"), before);
    fs::remove_file(world.path("certs/worker/token")).unwrap();
    let half = world.tarquet(&["certs", "init", "certs", "--if-missing"]).exits(2);
    half.says(&CERTS_EXIST.to_string()).says("worker/token");

    // Folders that are there and empty, as mounted volumes are.
    fs::create_dir_all(world.path("fresh/coordinator")).unwrap();
    let made =
        world.tarquet(&["certs", "init", "fresh", "--if-missing", "--san", "coordinator", "-o", "json"]);
    let written = made.exits(0).json()["written"].as_array().expect("names").len();
    assert_eq!(written, 18);
    for party in ["ca", "coordinator", "worker", "operator", "viewer"] {
        for entry in fs::read_dir(world.path("fresh").join(party)).unwrap().flatten() {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        }
    }
    let tokens = world.read("fresh/coordinator/tokens");
    for party in ["worker", "operator", "viewer"] {
        assert!(!tokens.contains(world.read(&format!("fresh/{party}/token")).trim()), "hashes only");
    }
    world.tarquet(&["certs", "init", "x", "--san", "https://a"]).exits(2).says("E0150");
}
