//! What the coordinator says, as the JSON of its messages.

use serde_json::{Value, json};

/// The job of every scene.
pub(crate) const JOB: &str = "01HF7YAT000000000000000007";

/// Milliseconds since the epoch when it was submitted.
pub(crate) const START: u64 = 1_700_000_000_000;

/// One state of the world, and what it becomes.
#[derive(Clone)]
pub(crate) struct Scene {
    /// What is told of the job: the first when it is asked for, all of them when it is watched.
    pub(crate) statuses: Vec<Value>,
    /// Each look at the job finds the next status.
    pub(crate) moves: bool,
    /// A watch stays open after the last status.
    pub(crate) open: bool,
}

impl Scene {
    /// A job that stands still.
    pub(crate) fn of(status: Value) -> Self {
        Self { statuses: vec![status], moves: false, open: false }
    }

    /// A job that runs, publishes, and is done.
    pub(crate) fn to_the_end() -> Self {
        let statuses = vec![running(), with(running(), &[("/now_unix_ms", json!(START + 150_000))]), done()];
        Self { statuses, moves: false, open: false }
    }

    /// The same, seen further each time.
    pub(crate) fn moving() -> Self {
        // The first look is the one that finds the job's whole id.
        let statuses = [vec![running()], Self::to_the_end().statuses].concat();
        Self { statuses, moves: true, open: false }
    }

    /// A job that nobody will see the end of.
    pub(crate) fn endless() -> Self {
        Self { open: true, ..Self::of(running()) }
    }
}

/// `value` with other content at these places.
pub(crate) fn with(mut value: Value, places: &[(&str, Value)]) -> Value {
    for (place, content) in places {
        *value.pointer_mut(place).unwrap_or_else(|| panic!("{place} is there")) = content.clone();
    }
    value
}

fn stage(name: &str, state: &str, shards: u32, done: u32) -> Value {
    json!({
        "name": name, "state": state, "shards": shards, "done": done, "running": 0, "waiting": shards - done,
        "stopped": 0, "excluded": 0, "leases": 0, "retried": 0, "bytes_total": 0, "bytes_done": 0,
        "items_total": 0, "items_done": 0, "rows": 0, "quarantined": 0, "partitions": 0, "counts": {},
        "warnings": [], "planned_unix_ms": START, "finished_unix_ms": null
    })
}

fn convert(state: &str, done: u64) -> Value {
    let counts = json!({
        "items": 1000 * done, "failed": 3, "rows": 122_448 * done,
        "bytes_in": 350_000_000 * done, "bytes_out": 279_800_000 * done
    });
    with(
        stage("convert", state, 1000, u32::try_from(done).expect("a thousand at most")),
        &[
            ("/retried", json!(14)),
            ("/bytes_total", json!(350_000_000_000_u64)),
            ("/bytes_done", json!(350_000_000 * done)),
            ("/items_total", json!(1_000_000)),
            ("/items_done", json!(1000 * done)),
            ("/rows", json!(122_448 * done)),
            ("/quarantined", json!(3)),
            ("/partitions", json!(1000)),
            ("/counts", counts),
        ],
    )
}

/// In the middle of converting.
pub(crate) fn running() -> Value {
    json!({
        "job": JOB, "name": "frames", "kind": "convert", "state": "running", "phase": "running",
        "stage": "convert", "reason": null, "hold": null, "waiting": null,
        "next": [format!("tarquet wait {JOB}")],
        "output_uri": "s3://acme-lake/frames/", "job_uri": format!("s3://acme-lake/frames.tarquet/jobs/{JOB}"),
        "publish": "job", "on_error": "quarantine", "priority": 0, "paused": false, "generation": 1,
        "submitted_unix_ms": START, "finished_unix_ms": null, "now_unix_ms": START + 107_000,
        "stages": [
            stage("index", "done", 10, 10), stage("sample", "done", 2, 2), convert("running", 583),
            stage("publish", "waiting", 1000, 0)
        ],
        "quarantine": { "items": 3, "max_failed": "0.01 %", "allowed": 100, "accepted": false },
        "rate": {
            "window_ms": 30_000, "bytes": 57_300_000_000_u64, "bytes_per_s": 1_910_000_000_u64,
            "bytes_per_s_range": [1_700_000_000_u64, 2_100_000_000_u64], "eta_ms_range": [76_000, 110_000]
        },
        "workers_live": 2, "workers": 2, "slots": 8, "effects": [], "limit": "encode"
    })
}

/// Published, with three members in quarantine.
pub(crate) fn done() -> Value {
    with(
        running(),
        &[
            ("/state", json!("done")),
            ("/phase", json!("done")),
            ("/stages/2", convert("done", 1000)),
            ("/stages/3", stage("publish", "done", 1000, 1000)),
            ("/next", json!([format!("tarquet failures {JOB}")])),
            ("/rate", json!({ "window_ms": 0, "bytes": 0, "bytes_per_s": 0, "bytes_per_s_range": [0, 0] })),
            ("/finished_unix_ms", json!(START + 191_000)),
            ("/now_unix_ms", json!(START + 191_000)),
            ("/limit", Value::Null),
        ],
    )
}

/// Ended or held in this phase, for this reason.
pub(crate) fn ended(phase: &str, code: &str, message: &str) -> Value {
    let reason = json!({ "code": code, "message": message, "place": {}, "causes": [] });
    let hold = if phase == "held" { json!("budget") } else { Value::Null };
    let over = if phase == "held" { Value::Null } else { json!(START + 107_000) };
    let places = [("/state", json!(phase)), ("/phase", json!(phase)), ("/reason", reason), ("/hold", hold)];
    let ended = with(running(), &places);
    with(ended, &[("/finished_unix_ms", over), ("/limit", Value::Null), ("/rate/eta_ms_range", Value::Null)])
}

fn lease(worker: &str, age_ms: u64, bytes_done: u64, step: &str) -> Value {
    json!({
        "attempt": { "generation": 1, "n": 9 }, "worker": worker, "age_ms": age_ms, "left_ms": 50_000,
        "progress": {
            "bytes_done": bytes_done, "items_done": bytes_done / 350_000, "rows": 0, "quarantined": 0,
            "bytes_fetched": bytes_done, "bytes_written": 0, "step": step, "at_member": null,
            "memory_bytes": 310_000_000
        }
    })
}

const A: &str = "node-a-71-00c0ffee";
const B: &str = "node-b-99-0badcafe";

fn shard(number: u32, attempts: u32, lease: Value, failure: Value) -> Value {
    json!({
        "stage": 2, "stage_name": "convert", "shard": number, "state": "running", "round": 0,
        "attempts": attempts, "charged": 0, "bytes": 350_000_000, "items": 1000, "leases": [lease],
        "took_ms": null, "rows": null, "quarantined": null, "quarantine": null, "skip": [], "failure": failure
    })
}

/// Shards that are leased.
pub(crate) fn shards() -> Value {
    let lost = json!({ "code": "E0705", "message": "a lease expired", "place": {}, "causes": [] });
    json!({
        "shards": [
            shard(12, 1, lease(A, 4_000, 120_000_000, "encode"), Value::Null),
            shard(7, 2, lease(B, 64_000, 349_000_000, "upload"), lost)
        ],
        "next": null
    })
}

/// Two workers.
pub(crate) fn workers() -> Value {
    let worker = |name: &str, state: &str, shard: u32, lease: Value| {
        json!({
            "worker": name, "state": state, "build": "tarquet version 0.1.0", "slots": 4,
            "slot_bytes": 469_762_048, "silent_ms": 2_300, "age_ms": 107_000,
            "leases": [[JOB, 2, shard, lease]], "shards_done": 291, "bytes_done": 102_000_000_000_u64
        })
    };
    json!({
        "workers": [
            worker(A, "live", 12, lease(A, 4_000, 120_000_000, "encode")),
            worker(B, "draining", 7, lease(B, 64_000, 349_000_000, "upload"))
        ],
        "more": false
    })
}

/// The last events.
pub(crate) fn events() -> Value {
    let event = |age: u64, text: &str| json!({ "at_unix_ms": START + 107_000 - age, "job": JOB, "event": "x", "text": text });
    json!({ "events": [
        event(61_000, "2/7 leased to node-b-99-0badcafe as 1.9"),
        event(900, "2/12 leased to node-a-71-00c0ffee as 1.12")
    ] })
}

/// The list of jobs; ages are counted from `now_ms`.
pub(crate) fn jobs(now_ms: u64) -> Value {
    let job = |id: &str, name: &str, state: &str, waiting: Value, age_ms: u64| {
        json!({
            "job": id, "name": name, "kind": "convert", "state": state, "stage": "convert", "waiting": waiting,
            "shards": 1012, "done": 595, "quarantined": 3, "output_uri": "s3://acme-lake/frames/",
            "submitted_unix_ms": now_ms - age_ms, "finished_unix_ms": null
        })
    };
    // Ages in the middle of what is shown: they do not turn over while a test runs.
    json!({
        "jobs": [
            job(JOB, "frames", "running", Value::Null, 5_430_000),
            job("01HF7YA9000000000000000003", "yesterday", "running", json!("no_workers"), 88_200_000)
        ],
        "more": false
    })
}
