//! What an operator sees: metrics and logs.

use crate::{
    exposition::{parse, sum},
    world::{Coordinator, Shield, World},
};
use serde_json::Value;
use std::collections::BTreeMap;

fn metrics(coordinator: &Coordinator<'_>) -> String {
    let token = format!("Bearer {}", coordinator.world.read("certs/viewer/token").trim());
    let (status, answer) = coordinator.get("/metrics", Some(&token));
    assert_eq!(status, 200, "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    assert!(
        head.to_lowercase().contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    body.to_owned()
}

#[test]
fn metrics_follow_the_conventions_and_count_what_happened() {
    let world = World::new();
    let coordinator = Coordinator::start(&world, Shield::Tls);
    let before = parse(&metrics(&coordinator));
    assert_eq!(sum(&before, "tarquet_jobs", &[]), 0.0);
    let _worker = coordinator.worker("worker");
    let spec = world.sample_spec("out");
    let done =
        coordinator.ask_as("operator", &["submit", &spec, "--wait", "--progress", "none"]).exits(3).json();
    coordinator.ask_as("viewer", &["submit", &spec]).exits(7);
    let text = metrics(&coordinator);
    let after = parse(&text);

    let value = |name: &str, with: &[(&str, &str)]| sum(&after, name, with);
    assert_eq!(value("tarquet_jobs", &[("state", "done")]), 1.0, "{text}");
    assert_eq!(value("tarquet_jobs", &[]), 1.0);
    assert_eq!(value("tarquet_workers", &[("state", "live")]), 1.0);
    assert_eq!(value("tarquet_slots", &[]), 1.0);
    // 2 index, 8 sample (64 members, 8 to a shard), 1 freeze and 8 convert shards.
    assert_eq!(value("tarquet_attempts", &[("verdict", "accepted")]), 19.0, "{text}");
    assert!(value("tarquet_members", &[("outcome", "quarantined")]) >= 1.0);
    assert!(value("tarquet_rows", &[]) >= 23_788.0);
    assert!(value("tarquet_store_bytes", &[("direction", "read")]) > 1e6);
    assert!(value("tarquet_store_bytes", &[("direction", "written")]) > 1e5);
    assert!(
        value("tarquet_rpc_requests", &[("method", "tarquet.v2.WorkerService/Complete"), ("code", "Ok")])
            >= 19.0
    );
    let denied = [("method", "tarquet.v2.JobService/Submit"), ("code", "PermissionDenied")];
    assert_eq!(value("tarquet_rpc_requests", &denied), 1.0);
    assert_eq!(value("tarquet_refusals", &[("port", "grpc"), ("reason", "role")]), 1.0);
    assert!(value("tarquet_http_requests", &[("route", "/metrics"), ("status", "200")]) >= 1.0);
    assert!(value("tarquet_connections", &[("port", "grpc"), ("state", "known")]) >= 1.0);
    let commits: BTreeMap<_, _> = after["tarquet_ledger_commit_seconds"]
        .samples
        .iter()
        .map(|(name, labels, value)| (name.clone() + labels.get("le").map_or("", String::as_str), *value))
        .collect();
    assert!(commits["tarquet_ledger_commit_seconds_count"] > 20.0, "{commits:?}");
    assert_eq!(
        commits["tarquet_ledger_commit_seconds_bucket+Inf"],
        commits["tarquet_ledger_commit_seconds_count"]
    );

    for (name, family) in &after {
        assert!(
            name.starts_with("tarquet_") && !family.kind.is_empty() && family.help.len() > 3,
            "{name}: {family:?}"
        );
        // Base units, said by the name.
        for unit in ["seconds", "bytes"] {
            assert_eq!(family.unit.as_deref() == Some(unit), name.ends_with(unit), "{name}: {family:?}");
        }
        for other in ["_ms", "_kb", "_mib", "_percent", "_minutes", "_total"] {
            assert!(!name.ends_with(other), "{name}");
        }
        // Closed label sets: nothing of a job's, a worker's or a client's own.
        let job = done["job"].as_str().expect("an id");
        let told = format!("{:?}", family.samples);
        assert!(!told.contains(job) && !told.contains("127.0.0.1") && !told.contains("shared"), "{told}");
    }
}

#[test]
fn logs_are_json_line_by_line() {
    let world = World::new();
    let coordinator = Coordinator::start_with(&world, Shield::Tls, &["--log-format", "json"]);
    let mut command = coordinator.command_as("worker");
    command.args([
        "worker",
        "--slots",
        "1",
        "--memory",
        "1GiB",
        "--shared",
        "shared",
        "--log-format",
        "json",
    ]);
    let worker = crate::world::Process::start(&world, "worker", &mut command);
    let spec = world.sample_spec("out");
    coordinator.ask_as("operator", &["submit", &spec, "--wait", "--progress", "none"]).exits(3);
    for (log, message) in [(coordinator.process.log(), "coordinator: gRPC on"), (worker.log(), "registered")]
    {
        let mut found = false;
        for line in log.lines() {
            let entry: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            for key in ["timestamp", "level", "target"] {
                assert!(entry[key].is_string(), "{line}");
            }
            found |= entry["fields"]["message"].as_str().is_some_and(|m| m.starts_with(message));
        }
        assert!(found, "{message:?} is missing in:\n{log}");
    }
    // An end that is an error is a line too.
    let mut refused = world.command();
    refused.args(["coordinator", "--listen", "0.0.0.0:0", "--log-format", "json"]);
    let refused = crate::world::answer(&mut refused).exits(2);
    let last: Value = serde_json::from_str(refused.err.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (last["level"].as_str(), last["fields"]["code"].as_str()),
        (Some("ERROR"), Some("E0753")),
        "{last}"
    );
}
