//! What is told of a job in the words of its kind.

use super::fixtures::*;
use crate::{
    kinds::{Words, made_up::WORDS},
    plan::PlanView,
    progress::{ProgressView, plain},
    screens::*,
};
use tarquet_common::codes::cluster;
use tarquet_core::views::JobStatus;

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
fn a_failure_of_another_kind_is_about_its_item() {
    let code = cluster::STUCK;
    let line = one_failure(&record("line 7", code, "no JSON"), WORDS.item, LOOK);
    assert!(line.contains("  line         line 7\n") && !line.contains("  member"), "{line}");
}

#[test]
fn a_plan_of_another_kind_counts_its_sources() {
    let view = PlanView { sources: 1, input_bytes: 350_000_000_000, ..PlanView::default() };
    let other = plan(&WORDS, &view, LOOK);
    assert!(
        other.contains("Inputs    1 file, 350.0 GB") && other.contains("whatever the file's size"),
        "{other}"
    );
}
