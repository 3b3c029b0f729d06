//! Who may do what.

use crate::world::{Coordinator, Shield, World, answer};
use tarquet_common::codes::cluster::{ROLE_TOO_LOW, UNAUTHENTICATED};

#[test]
fn each_role_does_its_own_and_nothing_else() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::Tls);
    let spec = world.sample_spec("out");
    coordinator.ask_as("viewer", &["jobs"]).exits(0);
    let low = ROLE_TOO_LOW.to_string();
    coordinator.ask_as("viewer", &["submit", &spec]).exits(7).says(&low).says("operator").says("hint");
    coordinator.ask_as("worker", &["jobs"]).exits(7).says(&low);
    let job = coordinator.ask_as("operator", &["submit", &spec]).exits(0).json();
    let job = job["job"].as_str().expect("an id").to_owned();
    for steer in ["pause", "resume", "cancel"] {
        coordinator.ask_as("viewer", &[steer, &job]).exits(7).says(&low);
    }
    coordinator.ask_as("operator", &["cancel", &job]).exits(0);

    let mut intruder = coordinator.command_as("operator");
    answer(intruder.args(["worker", "--slots", "1", "--memory", "1GiB", "--shared", "shared"]))
        .exits(7)
        .says(&low);
}

#[test]
fn who_has_no_token_sees_nothing() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::Tls);
    let unknown = UNAUTHENTICATED.to_string();
    let without =
        |command: &mut std::process::Command| answer(command.env_remove("TARQUET_TOKEN_FILE").arg("jobs"));
    without(&mut coordinator.command_as("viewer")).exits(7).says(&unknown).says("hint");
    let mut guess = coordinator.command_as("viewer");
    without(guess.env("TARQUET_TOKEN", "tq-viewer-0000000000000000000000000000")).exits(7).says(&unknown);
    let right = world.read("certs/viewer/token");
    without(coordinator.command_as("viewer").env("TARQUET_TOKEN", &right)).exits(0);
    let mut worker = coordinator.command_as("worker");
    worker
        .env_remove("TARQUET_TOKEN_FILE")
        .args(["worker", "--slots", "1", "--memory", "1GiB", "--shared", "shared"]);
    answer(&mut worker).exits(7).says(&unknown);
}

#[test]
fn the_http_port_is_for_viewers_and_health_is_for_all() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::MutualTls);
    for open in ["/healthz", "/readyz"] {
        assert_eq!(coordinator.get(open, None).0, 200, "{open}");
    }
    let token = |party: &str| format!("Bearer {}", world.read(&format!("certs/{party}/token")).trim());
    for path in ["/", "/api/v1/jobs", "/metrics", "/nothing"] {
        let (code, answer) = coordinator.get(path, None);
        assert_eq!(code, 401, "{path}");
        assert!(answer.to_lowercase().contains("www-authenticate: bearer"), "{answer}");
        assert_eq!(coordinator.get(path, Some(&token("worker"))).0, 403, "{path}");
        let allowed = coordinator.get(path, Some(&token("viewer"))).0;
        assert_eq!(allowed, if path == "/nothing" { 404 } else { 200 }, "{path}");
    }
}
