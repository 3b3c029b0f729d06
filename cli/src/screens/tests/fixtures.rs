//! What screens are drawn from.

use crate::{
    render::{Look, Paint},
    screens::StatusScreen,
};
use tarquet_client::EventLine;
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::{AttemptId, JobId, WorkerId},
    leasing::Progress,
    receipt::Counts,
};
use tarquet_core::{
    Hold, OnError, PhaseName, PublishMode,
    views::{JobStatus, LeaseLine, QuarantineStatus, Rate, ShardLine, StageStatus, WorkerLine},
};
use tarquet_encode::FailureRecord;

pub(super) const LOOK: Look = Look { width: 80, boxes: true, paint: Paint(false) };
pub(super) const START: u64 = 1_700_000_000_000;

pub(super) fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/screen_{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{path} differs");
    for line in text.lines() {
        assert!(!line.ends_with(' '), "{line:?} ends with a space");
    }
}

pub(super) fn job() -> JobId {
    JobId::from_parts(START, 7)
}

pub(super) fn stage(name: &str, state: &str, shards: u32, done: u32) -> StageStatus {
    StageStatus {
        name: name.into(),
        state: state.into(),
        shards,
        done,
        running: 0,
        waiting: shards - done,
        stopped: 0,
        excluded: 0,
        leases: 0,
        retried: 0,
        bytes_total: 0,
        bytes_done: 0,
        items_total: 0,
        items_done: 0,
        rows: 0,
        quarantined: 0,
        partitions: 0,
        counts: Counts::default(),
        warnings: Vec::new(),
        planned_unix_ms: None,
        finished_unix_ms: None,
    }
}

pub(super) fn convert(done: u32, state: &str) -> StageStatus {
    StageStatus {
        running: 8,
        leases: 9,
        retried: 14,
        bytes_total: 350_000_000_000,
        bytes_done: 350_000_000 * u64::from(done),
        items_total: 1_000_000,
        items_done: 1000 * u64::from(done),
        rows: 122_448 * u64::from(done),
        quarantined: 3,
        partitions: 1000,
        counts: Counts {
            items: 1_000_000,
            failed: 3,
            rows: 122_448_031,
            bytes_in: 350_000_000_000,
            bytes_out: 279_800_000_000,
            ..Counts::default()
        },
        ..stage("convert", state, 1000, done)
    }
}

pub(super) fn running() -> JobStatus {
    JobStatus {
        job: job(),
        name: "frames".into(),
        kind: "convert".into(),
        state: "running".into(),
        phase: PhaseName::Running,
        stage: Some("convert".into()),
        reason: None,
        hold: None,
        waiting: None,
        next: vec![format!("tarquet wait {}", job())],
        output_uri: "s3://acme-lake/frames/".into(),
        job_uri: format!("s3://acme-lake/frames.tarquet/jobs/{}", job()),
        publish: PublishMode::Job,
        on_error: OnError::Quarantine,
        priority: 0,
        paused: false,
        generation: 1,
        submitted_unix_ms: START,
        finished_unix_ms: None,
        now_unix_ms: START + 107_000,
        stages: vec![
            stage("index", "done", 10, 10),
            stage("sample", "done", 2, 2),
            convert(583, "running"),
            stage("publish", "waiting", 1000, 0),
        ],
        quarantine: QuarantineStatus {
            items: 3,
            max_failed: "0.01 %".into(),
            allowed: Some(100),
            accepted: false,
        },
        rate: Rate { bytes_per_s: 1_910_000_000, eta_ms_range: Some((76_000, 110_000)), ..Rate::default() },
        workers_live: 2,
        workers: 2,
        slots: 8,
        effects: Vec::new(),
        limit: Some("encode".into()),
    }
}

pub(super) fn lease(worker: &str, age_ms: u64, done: u64) -> LeaseLine {
    LeaseLine {
        attempt: AttemptId { generation: 1, n: 9 },
        worker: WorkerId(worker.into()),
        age_ms,
        left_ms: 50_000,
        progress: Progress {
            bytes_done: done,
            step: "encode".into(),
            memory_bytes: 310_000_000,
            ..Progress::default()
        },
    }
}

pub(super) fn shard(number: u32, leases: Vec<LeaseLine>, failure: Option<Failure>) -> ShardLine {
    ShardLine {
        stage: 2,
        stage_name: "convert".into(),
        shard: number,
        state: "running".into(),
        round: 0,
        attempts: 1 + u32::from(failure.is_some()),
        charged: 0,
        bytes: 350_000_000,
        items: 1000,
        leases,
        took_ms: None,
        rows: None,
        quarantined: None,
        quarantine: None,
        skip: Vec::new(),
        failure,
    }
}

pub(super) fn worker(name: &str, state: &str) -> WorkerLine {
    WorkerLine {
        worker: WorkerId(name.into()),
        state: state.into(),
        build: "tarquet version 0.1.0".into(),
        slots: 4,
        slot_bytes: 448 << 20,
        silent_ms: 2_300,
        age_ms: 107_000,
        leases: vec![(job(), 2, 12, lease(name, 4_000, 1))],
        shards_done: 291,
        bytes_done: 102_000_000_000,
    }
}

pub(super) fn screen() -> StatusScreen {
    let lost = Failure::new(cluster::LEASE_EXPIRED, "a lease expired");
    let event = |age, text: &str| EventLine {
        at_unix_ms: START + 107_000 - age,
        job: Some(job()),
        event: "x".into(),
        text: text.into(),
    };
    StatusScreen {
        status: running(),
        running: vec![
            shard(12, vec![lease("node-a-71-00c0ffee", 4_000, 120_000_000)], None),
            shard(7, vec![lease("node-b-99-0badcafe", 64_000, 349_000_000)], Some(lost)),
        ],
        workers: vec![worker("node-a-71-00c0ffee", "live"), worker("node-b-99-0badcafe", "draining")],
        events: vec![
            event(61_000, "2/7 leased to node-b-99-0badcafe as 1.9"),
            event(900, "worker\u{1b}[31m came"),
        ],
        uploads: None,
    }
}

pub(super) fn done() -> JobStatus {
    JobStatus {
        state: "done".into(),
        phase: PhaseName::Done,
        finished_unix_ms: Some(START + 191_000),
        stages: vec![
            stage("index", "done", 10, 10),
            stage("sample", "done", 2, 2),
            StageStatus { running: 0, ..convert(1000, "done") },
            stage("publish", "done", 1000, 1000),
        ],
        rate: Rate::default(),
        ..running()
    }
}

pub(super) fn held() -> JobStatus {
    let failure =
        Failure::new(tarquet_common::codes::publish::OVER_BUDGET, "112 members failed, 100 are allowed");
    JobStatus {
        state: "held".into(),
        phase: PhaseName::Held,
        hold: Some(Hold::Budget),
        reason: Some(failure),
        next: ["failures", "accept", "retry"].map(|verb| format!("tarquet {verb} {}", job())).into(),
        ..running()
    }
}

pub(super) fn record(member: &str, code: tarquet_common::codes::Code, message: &str) -> FailureRecord {
    FailureRecord {
        job: job().to_string(),
        seq: 4112,
        fingerprint: "0123456789abcdef".into(),
        code,
        class: code.info().class,
        retryable: false,
        uri: "s3://acme-raw/frames/frames_07.tar.lz4".into(),
        etag: Some("\"abc\"".into()),
        item: Some(member.into()),
        item_offset: Some(1_447_936),
        item_size: Some(393_216),
        column: Some("v2 (/df/block0_values)".into()),
        expected: Some("\\x89HDF".into()),
        found: Some("\\x00\\x00\\x00\\x00".into()),
        message: message.into(),
        causes: vec!["no superblock".into()],
        attempts: Vec::new(),
        hint: "Write it again.".into(),
        reproduce: format!("tarquet inspect 's3://acme-raw/frames/frames_07.tar.lz4' --member '{member}'"),
    }
}
