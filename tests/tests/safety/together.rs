//! Coordinator, worker and command line with certificates and tokens convert the sample.

use crate::world::{Coordinator, Shield, World, parts};

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
    crate::world::answer(&mut check).exits(0);

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
