//! New certificates and tokens, while everything runs.

use crate::{
    wire,
    world::{Coordinator, Shield, World, answer, parts},
};
use tarquet_common::codes::cluster::UNAUTHENTICATED;
use tarquet_kit::until;

#[test]
fn certificates_and_tokens_change_under_a_running_cluster() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::MutualTls);
    let mut worker = coordinator.worker("worker");
    let spec = world.sample_spec("before");
    coordinator.ask_as("operator", &["submit", &spec, "--wait", "--progress", "none"]).exits(3);

    let ca = world.path("certs/viewer/ca.crt");
    let served = || wire::certificate_of(&coordinator.http, &ca);
    let (old, old_token) = (served(), world.read("certs/operator/token"));
    let jobs_with = |token: &str| {
        let mut command = coordinator.command_as("operator");
        answer(command.env_remove("TARQUET_TOKEN_FILE").env("TARQUET_TOKEN", token).arg("jobs"))
    };
    world.tarquet(&["certs", "renew", "certs", "--san", "elsewhere"]).exits(0);
    for role in ["worker", "operator"] {
        world.tarquet(&["certs", "token", "certs", role]).exits(0);
    }
    until("the new certificate", || (served() != old).then_some(()));
    let new_token = world.read("certs/operator/token");
    assert_ne!(new_token, old_token);
    until("the new token", || (jobs_with(&new_token).code == Some(0)).then_some(()));
    jobs_with(&old_token).exits(0);

    for role in ["worker", "operator"] {
        world.tarquet(&["certs", "token", "certs", role, "--retire"]).exits(0);
    }
    until("the old token's end", || (jobs_with(&old_token).code != Some(0)).then_some(()));
    jobs_with(&old_token).exits(7).says(&UNAUTHENTICATED.to_string());

    let spec = world.sample_spec("after");
    coordinator.ask_as("operator", &["submit", &spec, "--wait", "--progress", "none"]).exits(3);
    assert!(worker.is_running(), "{}", worker.log());
    assert_eq!(parts(&world.path("shared/after")).len(), 8);
    assert!(coordinator.process.log().contains("read again"));
}

#[test]
fn a_worker_survives_a_rotation_done_in_the_wrong_order() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::MutualTls);
    let mut worker = coordinator.worker("worker");
    until("the worker", || worker.log().contains("registered").then_some(()));
    // The coordinator forgets the worker's token, and the file with the new one comes late.
    let (tokens, token) = (world.path("certs/coordinator/tokens"), world.path("certs/worker/token"));
    let held = std::fs::read_to_string(&token).unwrap();
    world.tarquet(&["certs", "token", "certs", "worker"]).exits(0);
    world.tarquet(&["certs", "token", "certs", "worker", "--retire"]).exits(0);
    let (late, now) = (std::fs::read_to_string(&token).unwrap(), std::fs::read_to_string(&tokens).unwrap());
    assert!(!now.contains(held.trim()));
    std::fs::write(&token, &held).unwrap();
    until("the worker to be refused", || worker.log().contains("not let in any more").then_some(()));
    assert!(worker.is_running(), "{}", worker.log());
    std::fs::write(&token, &late).unwrap();
    let spec = world.sample_spec("out");
    coordinator.ask_as("operator", &["submit", &spec, "--wait", "--progress", "none"]).exits(3);
    assert!(worker.is_running(), "{}", worker.log());
}
