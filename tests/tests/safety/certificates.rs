//! Certificates that everybody accepts, with tokens beside them, and such as nobody should.

use crate::{
    issue::{Wrong, spoil},
    world::{Coordinator, Shield, World, answer, parts},
};
use tarquet_common::codes::cluster::{BAD_COORDINATOR_URL, TLS_REFUSED};

#[test]
fn a_client_does_not_talk_to_a_coordinator_it_cannot_trust() {
    for (wrong, hint) in
        [(Wrong::Expired, "certs renew"), (Wrong::Foreign, "--tls-ca"), (Wrong::OtherName, "--san")]
    {
        let world = World::new();
        spoil(&world, "coordinator", wrong);
        let coordinator = Coordinator::start(&world, Shield::Tls);
        let refused = coordinator.ask_as("operator", &["jobs"]).exits(7);
        refused.says(&TLS_REFUSED.to_string()).says(hint).says(&coordinator.grpc);
        let mut check = coordinator.command_as("coordinator");
        check.env("TARQUET_HTTP", &coordinator.http).arg("healthcheck");
        answer(&mut check).exits(7).says(&TLS_REFUSED.to_string());
        let mut worker = coordinator.command_as("worker");
        worker.args(["worker", "--slots", "1", "--memory", "1GiB"]);
        answer(&mut worker).exits(7).says(&TLS_REFUSED.to_string());
    }
}

#[test]
fn a_coordinator_does_not_listen_to_clients_it_cannot_trust() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::MutualTls);
    coordinator.ask_as("operator", &["jobs"]).exits(0);
    for wrong in [Wrong::Expired, Wrong::Foreign] {
        spoil(&world, "operator", wrong);
        coordinator.ask_as("operator", &["jobs"]).exits(7).says(&TLS_REFUSED.to_string()).says("fatal alert");
    }
    let mut bare = coordinator.command_as("viewer");
    bare.env_remove("TARQUET_TLS_CERT").env_remove("TARQUET_TLS_KEY").arg("jobs");
    answer(&mut bare).exits(7).says(&TLS_REFUSED.to_string());
    coordinator.ask_as("viewer", &["jobs"]).exits(0);
}

#[test]
fn who_leaves_tls_out_is_told() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::Tls);
    let mut plain = world.command();
    plain.args(["jobs", "--coordinator", &format!("http://{}", coordinator.grpc)]);
    answer(&mut plain).exits(6).says("https://");
    let mut mixed = coordinator.command_as("viewer");
    mixed.args(["jobs", "--coordinator", &format!("http://{}", coordinator.grpc)]);
    answer(&mut mixed).exits(2).says(&BAD_COORDINATOR_URL.to_string()).says("https://");
}

#[test]
fn the_sample_converts_over_mutual_tls_with_tokens() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::MutualTls);
    let worker = coordinator.worker("worker");
    let spec = world.sample_spec("out");
    let args = ["submit", &spec, "--wait", "--progress", "none"];
    let done = coordinator.ask_as("operator", &args).exits(3).json();
    assert_eq!(parts(&world.path("shared/out")).len(), 8, "{done}");
    let job = done["job"].as_str().expect("an id");
    let seen = coordinator.ask_as("viewer", &["status", job]).exits(0).json();
    assert_eq!(seen["state"], "done", "{seen}");

    let mut check = coordinator.command_as("coordinator");
    check.env("TARQUET_HTTP", &coordinator.http).args(["healthcheck", "--ready"]);
    answer(&mut check).exits(0);

    // Nothing secret where others look.
    let told =
        coordinator.process.log() + &worker.log() + &coordinator.process.arguments() + &worker.arguments();
    assert!(told.contains("--tokens") && told.contains("registered"), "{told}");
    for party in ["worker", "operator", "viewer"] {
        let token = world.read(&format!("certs/{party}/token"));
        let random = token.trim().rsplit('-').next().expect("it has one");
        assert!(random.len() == 64 && !told.contains(random), "{party}");
    }
}
