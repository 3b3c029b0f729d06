//! Screens from fixed inputs, word for word. `UPDATE_GOLDEN=1` writes the files anew.

use super::*;
use crate::{
    exit::Exit,
    kinds::{Words, made_up::WORDS},
    progress::{ProgressView, plain},
    render::Paint,
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
    views::{
        JobLine, JobStatus, LeaseLine, QuarantineStatus, Rate, ShardLine, StageStatus, WhyWaiting, WorkerLine,
    },
};
use tarquet_encode::FailureRecord;

const LOOK: Look = Look { width: 80, boxes: true, paint: Paint(false) };
const START: u64 = 1_700_000_000_000;

fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/screen_{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{path} differs");
    for line in text.lines() {
        assert!(!line.ends_with(' '), "{line:?} ends with a space");
    }
}

fn job() -> JobId {
    JobId::from_parts(START, 7)
}

fn stage(name: &str, state: &str, shards: u32, done: u32) -> StageStatus {
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

fn convert(done: u32, state: &str) -> StageStatus {
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

fn running() -> JobStatus {
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

fn lease(worker: &str, age_ms: u64, done: u64) -> LeaseLine {
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

fn shard(number: u32, leases: Vec<LeaseLine>, failure: Option<Failure>) -> ShardLine {
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

fn worker(name: &str, state: &str) -> WorkerLine {
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

fn screen() -> StatusScreen {
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

fn done() -> JobStatus {
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

fn held() -> JobStatus {
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

#[test]
fn a_running_job() {
    golden("status_running", &status(&screen(), LOOK));
}

#[test]
fn a_held_job_says_why_and_what_to_type() {
    let uploads =
        Some("safe until 2023-11-16 22:13 UTC, when rule \"abort\" removes them after 2 days".into());
    let screen = StatusScreen { uploads, ..StatusScreen::still(held()) };
    golden("status_held", &status(&screen, LOOK));
}

#[test]
fn a_job_without_workers_says_so() {
    let waiting = JobStatus {
        waiting: Some(WhyWaiting::NoWorkers),
        workers_live: 0,
        workers: 0,
        slots: 0,
        ..running()
    };
    let screen = StatusScreen::still(waiting);
    golden("status_no_workers", &status(&screen, Look { boxes: false, ..LOOK }));
}

#[test]
fn summaries() {
    let texts = [done(), held()].map(|s| summary(&s, s.job.as_str(), LOOK));
    golden("summary", &texts.join("\n"));
}

/// Another kind's job that has gone as far as this one of `convert`.
fn of_another_kind(status: JobStatus) -> JobStatus {
    let mut status = JobStatus { kind: "sift".into(), stage: Some("sift".into()), ..status };
    for (stage, name) in status.stages.iter_mut().zip(["list", "plan", "sift"]) {
        name.clone_into(&mut stage.name);
    }
    status
}

/// All that is said of a job in the words of a kind.
fn told(words: &Words, status: &JobStatus) -> String {
    let still = StatusScreen {
        running: vec![shard(12, vec![lease("node", 4_000, 1)], None)],
        ..StatusScreen::still(status.clone())
    };
    let progress = plain(&ProgressView::in_words(words, status));
    let (summary, status) =
        (summary::in_words(words, status, "JOB", LOOK), status::in_words(words, &still, LOOK));
    format!("{progress}\n{summary}\n{status}")
}

#[test]
fn a_job_of_another_kind_is_told_in_its_words() {
    let mut status = of_another_kind(done());
    status.stages[2].counts.extras.insert("empty".into(), 1200);
    let many = told(&WORDS, &status);
    for part in [
        "1,000,000 lines |",
        "350.0 GB   10 files         999,997 of 1,000,000 lines",
        "skipped    3 lines (0.0003 %",
        "1,200 empty lines, passed over",
        "read it    less s3://acme-lake/frames/part-0.csv",
        "Quarantine  3 lines (0.0003 %)",
        "LINES",
    ] {
        assert!(many.contains(part), "{part:?} is missing in {many}");
    }
    let running = of_another_kind(running());
    assert_eq!(ProgressView::in_words(&WORDS, &running).doing, "sifting");
    status.stages[0] = stage("list", "done", 1, 1);
    status.quarantine.items = 1;
    let sift = &mut status.stages[2];
    (sift.items_total, sift.items_done, sift.counts.items, sift.counts.failed) = (1, 1, 1, 1);
    let one = told(&WORDS, &status);
    for part in
        ["  1 line |", "1 file           0 of 1 line\n", "skipped    1 line (", "Quarantine  1 line ("]
    {
        assert!(one.contains(part), "{part:?} is missing in {one}");
    }
    for text in [many, one] {
        assert!(!text.contains("member") && !text.contains("archive"), "{text}");
    }
}

#[test]
fn a_kind_that_is_not_known_is_told_in_neutral_words() {
    let status = of_another_kind(done());
    let text = summary(&status, "JOB", LOOK);
    assert!(text.contains("999,997 of 1,000,000 items") && text.contains("3 items (0.0003 %"), "{text}");
    assert!(!text.contains("read it") && !text.contains("10 "), "{text}");
    let running = ProgressView::of(&of_another_kind(running()));
    assert_eq!((running.doing.as_str(), running.item.many), ("sift", "items"));
}

#[test]
fn outcomes_have_their_exit_codes() {
    let clean = QuarantineStatus { items: 0, ..done().quarantine };
    assert_eq!(Exit::of_job(&running()), None);
    assert_eq!(Exit::of_job(&done()), Some(Exit::Quarantine));
    assert_eq!(Exit::of_job(&JobStatus { quarantine: clean, ..done() }), Some(Exit::Done));
    assert_eq!(Exit::of_job(&held()), Some(Exit::Held));
    assert_eq!(Exit::of_job(&JobStatus { phase: PhaseName::Cancelled, ..running() }), Some(Exit::Cancelled));
    let failed =
        |code| JobStatus { phase: PhaseName::Failed, reason: Some(Failure::new(code, "x")), ..running() };
    assert_eq!(Exit::of_job(&failed(tarquet_common::codes::store::ACCESS_DENIED)), Some(Exit::Denied));
    assert_eq!(Exit::of_job(&failed(cluster::STUCK)), Some(Exit::Failed));
}

#[test]
fn lists() {
    let line = JobLine {
        job: job(),
        name: "frames-with-a-long-name-that-does-not-fit-the-line".into(),
        kind: "convert".into(),
        state: "running".into(),
        stage: Some("convert".into()),
        waiting: Some(WhyWaiting::NoSlotFits),
        shards: 1012,
        done: 595,
        quarantined: 3,
        output_uri: "s3://acme-lake/frames/".into(),
        submitted_unix_ms: START,
        finished_unix_ms: None,
    };
    let over = JobLine { state: "done".into(), waiting: None, finished_unix_ms: Some(START), ..line.clone() };
    golden("jobs", &format!("{}\n{}", jobs(&[line, over], START + 107_000, LOOK), jobs(&[], 0, LOOK)));
    golden("workers", &format!("{}\n{}", workers(&screen().workers, LOOK), workers(&[], LOOK)));
}

fn record(member: &str, code: tarquet_common::codes::Code, message: &str) -> FailureRecord {
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
        expected: Some("\\x89HDF".into()),
        found: Some("\\x00\\x00\\x00\\x00".into()),
        message: message.into(),
        causes: vec!["no superblock".into()],
        attempts: Vec::new(),
        hint: "Write it again.".into(),
        reproduce: format!("tarquet inspect 's3://acme-raw/frames/frames_07.tar.lz4' --member '{member}'"),
    }
}

#[test]
fn failures_by_code_and_one_by_one() {
    let first = tarquet_common::codes::format::CODES[0].number;
    let code = tarquet_common::codes::Code::from_number(first).unwrap();
    let other = cluster::STUCK;
    let mut groups = Groups::default();
    groups.add(&record("x/771203.h5", other, "an attempt does not move"));
    groups.add(&record("x/004112.h5", code, "the signature is missing"));
    groups.add(&record("x/004113\u{1b}[2J.h5", code, "the signature is missing"));
    let list = failures("01JD8Q4T", &groups.sorted(), LOOK);
    let none = failures("01JD8Q4T", &[], LOOK);
    let item = crate::kinds::words_of("convert").item;
    let one = one_failure(&record("x/004113\u{1b}[2J.h5", code, "the signature is missing"), item, LOOK);
    golden("failures", &format!("{list}\n{none}\n{one}"));
    let line = one_failure(&record("line 7", code, "no JSON"), WORDS.item, LOOK);
    assert!(line.contains("  line         line 7\n") && !line.contains("  member"), "{line}");
}

#[test]
fn a_plan() {
    let columns = ["v0", "v1", "v2", "v3", "v4"].map(|v| (v.to_owned(), "double".to_owned()));
    let mut all =
        vec![("ts".to_owned(), "timestamp[ns]".to_owned()), ("sensor_id".to_owned(), "int64".to_owned())];
    all.extend(columns);
    let view = PlanView {
        name: "frames".into(),
        inputs: vec!["s3://acme-raw/frames/*.tar.lz4".into()],
        archives: 10,
        input_bytes: 350_000_000_000,
        members: 1_000_000,
        ignored: 12,
        member_median: 349_000,
        member_largest: 2_200_000,
        indexed: 10,
        columns: all,
        sampled: 64,
        identical: true,
        partitions: 1000,
        partition_bytes: 280_000_000,
        output: "s3://acme-lake/frames/".into(),
        encoding: "portable: snappy, delta ints".into(),
        shards: 1000,
        slot_bytes: 400_000_000,
        requests: (45_000, 36_000),
        warnings: vec!["the output is not empty".into()],
    };
    let guessed = PlanView { indexed: 2, sampled: 0, ..view.clone() };
    golden("plan", &format!("{}\n{}", plan(&view, LOOK), plan(&guessed, Look { boxes: false, ..LOOK })));
}
