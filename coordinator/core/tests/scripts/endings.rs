//! How stories end: in a failure, in parts that are visible, in answers that come twice.

use crate::{
    given::seal,
    script::{DONE, Script, options},
};
use tarquet_common::{codes::publish, leasing::Completed};
use tarquet_core::{Ask, Hold, JobOptions, OnError, PhaseName, PublishMode, Reply};

#[test]
fn action_fail_fails_the_job() {
    let mut s = Script::at_convert(2, JobOptions { on_error: OnError::Fail, ..options() });
    s.acquire("a", "x");
    s.complete("a", "x", 1);
    assert_eq!(s.status().phase, PhaseName::Failed);
    assert_eq!(s.status().reason.map(|f| f.code), Some(publish::FAILED_BY_ACTION));
    assert!(s.store.uploads.is_empty() && s.store.claims.is_empty());
    expect!("action_fail.txt", s);
}

#[test]
fn a_lost_upload_opens_a_round_while_publishing() {
    let mut s = Script::at_convert(2, options());
    s.acquire("a", "x");
    s.acquire("a", "y");
    s.complete("a", "x", 0);
    let lost = s.store.uploads.keys().next().cloned().expect("x has an upload");
    s.store.uploads.remove(&lost);
    s.complete("a", "y", 0);
    assert_eq!(s.status().phase, PhaseName::Publishing);
    s.acquire("a", "x1");
    assert_eq!(s.leases["x1"].round, 1);
    s.complete("a", "x1", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("upload_lost.txt", s);
}

#[test]
fn a_foreign_object_holds_until_it_is_moved_away() {
    let mut s = Script::at_convert(1, options());
    s.store.objects.insert(("mem://out".to_owned(), "README".to_owned()), None);
    s.acquire("a", "x");
    s.complete("a", "x", 0);
    assert_eq!(s.status().hold, Some(Hold::Foreign));
    s.store.objects.clear();
    let retry = Ask::Retry(s.job());
    assert_eq!(s.cmd("retry", retry), DONE);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("foreign.txt", s);
}

#[test]
fn publish_by_shard_shows_parts_as_receipts_come() {
    let mut s = Script::at_convert(2, JobOptions { publish: PublishMode::Shard, ..options() });
    s.acquire("a", "x");
    s.complete("a", "x", 0);
    assert_eq!(s.store.objects.len(), 1);
    assert!(s.store.jobs[&s.job()].outcome.is_none());
    s.acquire("a", "y");
    s.complete("a", "y", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("by_shard.txt", s);
}

#[test]
fn a_lost_reply_to_complete_changes_nothing() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.keep = true;
    let receipt = s.receipt("a", "x", 0);
    assert_eq!(s.hand_in("a", "x", receipt.clone()), None, "it waits for the object");
    assert_eq!(s.hand_in("a", "x", receipt.clone()), None);
    s.let_go();
    let again = s.hand_in("a", "x", receipt);
    assert_eq!(again, Some(Ok(Reply::Completed(Completed::Accepted))));
    expect!("complete_twice.txt", s);
}

#[test]
fn the_same_request_gets_the_same_lease() {
    let mut s = Script::at_convert(2, options());
    let ask = tarquet_common::leasing::Acquire {
        worker: tarquet_common::ids::WorkerId("a".to_owned()),
        request: 99,
        wait_ms: 0,
    };
    let first = s.cmd("a acquires", Ask::Acquire(ask.clone(), seal("a")));
    let second = s.cmd("a acquires again", Ask::Acquire(ask, seal("a")));
    assert!(matches!(first, Some(Ok(Reply::Leased(_)))));
    assert_eq!(first, second);
}
