//! Screens word for word. `UPDATE_GOLDEN=1` writes the files anew.

use super::fixtures::*;
use crate::{
    exit::Exit,
    kinds::{PlanLine, words_of},
    plan::PlanView,
    screens::*,
};
use tarquet_common::{codes::cluster, failure::Failure};
use tarquet_core::{
    PhaseName,
    views::{JobLine, JobStatus, QuarantineStatus, WhyWaiting},
};

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
    let item = words_of("convert").item;
    let one = one_failure(&record("x/004113\u{1b}[2J.h5", code, "the signature is missing"), item, LOOK);
    golden("failures", &format!("{list}\n{none}\n{one}"));
}

#[test]
fn a_plan() {
    let figure = |key, estimated, figure: &str, about: &str| PlanLine::Figure {
        key,
        estimated,
        figure: figure.to_owned(),
        about: about.to_owned(),
    };
    let list =
        |key, parts: &[&str]| PlanLine::List { key, parts: parts.iter().map(|p| (*p).to_owned()).collect() };
    let lines = |estimated, indexes| {
        vec![
            figure("Members", estimated, "1,000,000", "median 349.0 kB, largest 2.2 MB"),
            figure("", false, "12 more do not count", indexes),
        ]
    };
    let mut all = lines(false, "from 10 of 10 indexes");
    all.push(list("Schema", &["ts timestamp[ns]", "sensor_id int64", "v0..v4 double"]));
    all.push(list("", &["identical in 64 sampled of 1,000,000"]));
    let view = PlanView {
        name: "frames".into(),
        inputs: vec!["s3://acme-raw/frames/*.tar.lz4".into()],
        sources: 10,
        input_bytes: 350_000_000_000,
        lines: all,
        estimated: false,
        partitions: 1000,
        partition_bytes: 280_000_000,
        output: "s3://acme-lake/frames/".into(),
        encoding: "portable: snappy, delta ints".into(),
        shards: 1000,
        slot_bytes: 400_000_000,
        requests: (45_000, 36_000),
        warnings: vec!["the output is not empty".into()],
        data: serde_json::Map::new(),
    };
    let guessed = PlanView { lines: lines(true, "from 2 of 10 indexes"), estimated: true, ..view.clone() };
    let words = words_of("convert");
    let ascii = Look { boxes: false, ..LOOK };
    golden("plan", &format!("{}\n{}", plan(words, &view, LOOK), plan(words, &guessed, ascii)));
}
