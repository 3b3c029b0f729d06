//! The stories. What matters is asserted; the rest is in `transcripts/`, compiled in, rewritten
//! by `UPDATE_TRANSCRIPTS=1` and read by whoever changes it.

use crate::script::{DONE, Said, Script, options};
use tarquet_common::{
    codes::{cluster, ourselves, publish, store},
    failure::Failure,
    leasing::{Completed, Directive},
    units::Budget,
};
use tarquet_core::{Ask, Hold, JobOptions, JudgeBudget, PhaseName, Refusal, Reply, Settings};

fn refused(said: Option<Said>) -> String {
    match said {
        Some(Err(Refusal::Because(failure))) => failure.code.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

fn environment() -> Failure {
    Failure::new(cluster::STUCK, "the disk is full")
}

fn broken_archive() -> Failure {
    Failure::new(publish::SHARDS_FAILED, "a.tar.lz4 ends early").at_uri("mem://in/a.tar.lz4")
}

#[test]
fn from_submit_to_catalog() {
    let mut s = Script::new([1, 1, 2], options());
    s.register("a");
    s.submit();
    for name in ["i", "s", "c0", "c1"] {
        s.acquire("a", name);
        s.complete("a", name, 0);
    }
    s.submit();
    assert_eq!(s.status().phase, PhaseName::Done);
    assert!(s.status().next.is_empty(), "there is nothing to look at");
    assert_eq!(s.store.objects.len(), 2);
    assert!(s.store.uploads.is_empty());
    expect!("happy.txt", s);
}

#[test]
fn beyond_the_budget_the_job_is_held_until_accepted() {
    let budget = JobOptions { max_failed: Budget::Percent(5.0), ..options() };
    let mut s = Script::at_convert(3, budget);
    s.acquire("a", "x");
    s.acquire("a", "y");
    s.complete("a", "x", 2);
    s.complete("a", "y", 1);
    assert_eq!(s.status().phase, PhaseName::Running, "3 of 30 are more than 2, and not all was tried");
    s.acquire("a", "z");
    s.complete("a", "z", 5);
    assert_eq!(s.status().hold, Some(Hold::Budget));
    assert!(s.status().next.iter().any(|n| n.starts_with("tarquet accept")));
    let accept = Ask::Accept(s.job());
    assert_eq!(s.cmd("accept", accept), DONE);
    assert_eq!(s.status().phase, PhaseName::Done);
    assert_eq!(s.status().quarantine.items, 8);
    assert!(s.status().next.iter().any(|n| n.starts_with("tarquet failures")));
    expect!("budget.txt", s);
}

#[test]
fn an_accept_covers_what_was_shown_and_no_more() {
    for lost in [false, true] {
        let early = JobOptions { judge_budget: JudgeBudget::AtOnce, ..options() };
        let mut s = Script::at_convert(3, early);
        s.acquire("a", "x");
        s.complete("a", "x", 2);
        assert_eq!(s.status().hold, Some(Hold::Budget), "at the first excess");
        assert_eq!(s.acquire("a", "y"), None, "no new leases");
        let accept = Ask::Accept(s.job());
        assert_eq!(s.cmd("accept", accept.clone()), DONE);
        if lost {
            s.restart(false);
            s.register("a");
        }
        s.acquire("a", "y");
        s.complete("a", "y", 0);
        assert_eq!(s.status().phase, PhaseName::Running, "both were shown");
        s.acquire("a", "z");
        s.complete("a", "z", 1);
        assert_eq!(s.status().hold, Some(Hold::Budget), "the third was not");
        assert_eq!(s.cmd("accept", accept), DONE);
        assert_eq!(s.status().phase, PhaseName::Done);
    }
}

#[test]
fn where_nothing_works_the_job_is_held_at_once() {
    let mut s = Script::at_convert(9, JobOptions { max_failed: Budget::Count(3), ..options() });
    for name in ["x", "y", "z"] {
        assert_eq!(s.status().phase, PhaseName::Running);
        s.acquire("a", name);
        s.complete("a", name, 10);
    }
    assert_eq!(s.status().hold, Some(Hold::Budget), "all 30 of three shards have failed");
    let accept = Ask::Accept(s.job());
    s.cmd("accept", accept);
    for _ in 0..5 {
        s.acquire("a", "v");
        s.complete("a", "v", 10);
        assert_eq!(s.status().phase, PhaseName::Running, "it was accepted that nothing works");
    }
    s.acquire("a", "v");
    s.complete("a", "v", 10);
    assert_eq!(s.status().hold, Some(Hold::Budget), "and now all of it is shown");
}

#[test]
fn the_status_names_the_step_that_most_attempts_spend_their_time_in() {
    let mut s = Script::at_convert(3, options());
    assert_eq!(s.status().limit, None, "nobody has said anything");
    for (name, step) in [("x", "fetch"), ("y", "encode"), ("z", "encode")] {
        s.acquire("a", name);
        s.renew_in("a", name, 1, step);
    }
    assert_eq!(s.status().limit.as_deref(), Some("encode"));
    for name in ["x", "y", "z"] {
        s.complete("a", name, 0);
    }
    assert_eq!(s.status().limit, None, "nobody is at work");
}

#[test]
fn retry_opens_a_round_for_what_failed() {
    let mut s = Script::at_convert(2, options());
    s.acquire("a", "x");
    s.acquire("a", "y");
    s.complete("a", "x", 1);
    s.complete("a", "y", 0);
    assert_eq!(s.status().hold, Some(Hold::Budget));
    let uploads = s.store.uploads.len();
    let retry = Ask::Retry(s.job());
    assert_eq!(s.cmd("retry", retry.clone()), DONE);
    assert_eq!(s.store.uploads.len(), uploads - 1, "the void round's upload is aborted");
    assert_eq!(s.status().quarantine.items, 0, "the void receipt does not count");
    s.acquire("a", "x1");
    assert_eq!(s.leases["x1"].round, 1);
    let late = s.receipt("a", "x", 0);
    let late = s.hand_in("a", "x", late);
    assert_eq!(late, Some(Ok(Reply::Completed(Completed::Superseded))), "of a round that is over");
    s.complete("a", "x1", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
    assert_eq!(refused(s.cmd("retry", retry)), "E0711");
    expect!("retry.txt", s);
}

#[test]
fn a_member_that_kills_twice_is_skipped() {
    let mut s = Script::at_convert(1, JobOptions { retries: 1, max_failed: Budget::Count(9), ..options() });
    for (name, member) in [("x", 7), ("y", 7), ("z", 3), ("v", 3)] {
        s.acquire("a", name);
        s.fail("a", name, environment(), Some(member));
        s.wait(31_000);
    }
    s.acquire("a", "w");
    assert_eq!(s.leases["w"].skip, [3, 7], "four kills, and yet not out of its one retry");
    s.complete("a", "w", 2);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("killer.txt", s);
}

#[test]
fn the_slowest_is_done_twice_and_the_first_receipt_ends_the_other() {
    let mut s = Script::at_convert(2, options());
    s.register("b");
    s.register("c");
    s.acquire("a", "slow");
    s.acquire("b", "quick");
    s.wait(1_000);
    s.complete("b", "quick", 0);
    assert_eq!(s.acquire("b", "too early"), None);
    for _ in 0..3 {
        s.wait(10_000);
        s.renew("a", "slow", 10);
        s.renew("b", "quick", 0);
    }
    s.acquire("b", "again");
    assert_eq!(s.leases["again"].shard, s.leases["slow"].shard);
    assert_eq!(s.acquire("c", "third"), None, "two live leases at most");
    assert_eq!(s.acquire("a", "own"), None, "not twice on one worker");
    s.complete("b", "again", 0);
    assert_eq!(s.renew("a", "slow", 11), Some(Ok(Reply::Directive(Directive::Stop))));
    let late = s.complete("a", "slow", 0);
    assert_eq!(late, Some(Ok(Reply::Completed(Completed::Superseded))));
    expect!("duplicate.txt", s);
}

/// The input changed, say: whoever tries it fails at once, while the one who began before still goes on.
#[test]
fn a_duplicate_that_failed_is_not_followed_by_another() {
    let mut s = Script::at_convert(2, options());
    s.register("b");
    s.acquire("a", "slow");
    s.acquire("b", "quick");
    s.wait(1_000);
    s.complete("b", "quick", 0);
    for _ in 0..3 {
        s.wait(10_000);
        s.renew("a", "slow", 10);
        s.renew("b", "quick", 0);
    }
    s.acquire("b", "again");
    s.fail("b", "again", Failure::new(store::OBJECT_CHANGED, "another object lies there"), None);
    for _ in 0..4 {
        assert_eq!(s.acquire("b", "more"), None);
        s.wait(10_000);
        s.renew("a", "slow", 10);
    }
    s.complete("a", "slow", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
}

/// The workers of `tarquet run` die with it: nobody has to wait until their leases have expired.
#[test]
fn leases_of_workers_inside_end_with_their_process() {
    for inside in [false, true] {
        let mut s = Script::at_convert(1, options());
        s.acquire("a", "lost");
        s.restart_as(true, Settings { workers_inside: inside, ..s.state.settings().clone() });
        s.register("b");
        let told = s.acquire("b", "next");
        assert_eq!(told.is_some(), inside, "{told:?}");
    }
}

#[test]
fn a_drained_worker_hands_back_and_gets_nothing_new() {
    let mut s = Script::at_convert(2, options());
    s.acquire("a", "x");
    let drain = Ask::Drain(tarquet_common::ids::WorkerId("a".to_owned()));
    s.cmd("drain a", drain);
    assert_eq!(s.renew("a", "x", 1), Some(Ok(Reply::Directive(Directive::Drain))));
    assert_eq!(refused(s.acquire("a", "y")), "E0704");
    s.goodbye("a");
    assert_eq!(s.state.shard(&s.shard(2, 0)).map(|row| row.charged), Some(0), "never charged");
    s.register("b");
    s.acquire("b", "x again");
    assert_eq!(s.leases["x again"].shard, s.leases["x"].shard);
    assert_ne!(s.attempt("x again"), s.attempt("x"));
    let nobody = Ask::Drain(tarquet_common::ids::WorkerId("nobody".to_owned()));
    assert_eq!(refused(s.cmd("drain nobody", nobody)), "E0713");
    expect!("drain.txt", s);
}

#[test]
fn pause_resume_and_priority_act_live() {
    let mut s = Script::at_convert(2, options());
    s.acquire("a", "x");
    let (pause, resume) = (Ask::Pause(s.job()), Ask::Resume(s.job()));
    s.cmd("pause", pause.clone());
    s.cmd("pause", pause);
    assert_eq!(s.status().state, "paused");
    assert_eq!(s.acquire("a", "y"), None);
    s.complete("a", "x", 0);
    s.cmd("resume", resume);
    let priority = Ask::SetPriority { job: s.job(), priority: 7 };
    s.cmd("priority 7", priority);
    assert_eq!(s.status().priority, 7);
    s.acquire("a", "y");
    s.complete("a", "y", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("pause.txt", s);
}

#[test]
fn cancel_ends_everything_before_the_outcome() {
    let mut s = Script::at_convert(2, options());
    s.acquire("a", "x");
    s.complete("a", "x", 0);
    s.acquire("a", "y");
    let cancel = Ask::Cancel { job: s.job(), reason: "wrong input".to_owned() };
    assert_eq!(s.cmd("cancel", cancel.clone()), DONE);
    assert_eq!(s.renew("a", "y", 1), Some(Ok(Reply::Directive(Directive::Stop))));
    let late = s.complete("a", "y", 0);
    assert_eq!(late, Some(Ok(Reply::Completed(Completed::Superseded))));
    assert_eq!(s.cmd("cancel", cancel), DONE, "twice is once");
    assert!(s.store.objects.is_empty() && s.store.claims.is_empty());
    expect!("cancel.txt", s);
}

#[test]
fn cancel_past_the_outcome_is_refused() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    let receipt = s.receipt("a", "x", 0);
    s.hand_in("a", "x", receipt);
    let cancel = Ask::Cancel { job: s.job(), reason: String::new() };
    assert_eq!(refused(s.cmd("cancel", cancel)), "E0806");
    expect!("cancel_late.txt", s);
}

#[test]
fn a_restart_keeps_leases_and_raises_the_generation() {
    let mut s = Script::at_convert(2, options());
    s.acquire("a", "x");
    s.wait(50_000);
    s.restart(true);
    assert_eq!(s.renew("a", "x", 1), Some(Err(Refusal::UnknownWorker)));
    s.wait(40_000);
    s.register("a");
    assert_eq!(s.renew("a", "x", 1), Some(Ok(Reply::Directive(Directive::Continue))), "a fresh lifetime");
    s.acquire("a", "y");
    assert_eq!((s.attempt("x").generation, s.attempt("y").generation), (1, 2));
    s.complete("a", "x", 0);
    s.complete("a", "y", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("restart.txt", s);
}

#[test]
fn a_lost_ledger_is_rebuilt_and_unknown_attempts_are_adopted() {
    let mut s = Script::at_convert(3, options());
    for name in ["x", "y", "z"] {
        s.acquire("a", name);
    }
    s.complete("a", "x", 0);
    s.restart(false);
    assert_eq!(s.status().stages[2].done, 1, "what has a receipt is not done again");
    s.register("b");
    s.acquire("b", "z again");
    s.register("a");
    let (y, z) = (s.renew("a", "y", 1), s.renew("a", "z", 1));
    let both = [y, z];
    let adopted = both.iter().filter(|d| **d == Some(Ok(Reply::Directive(Directive::Continue)))).count();
    assert_eq!(adopted, 1, "one was leased to b, the other is adopted: {both:?}");
    let left = if s.leases["z again"].shard == s.leases["z"].shard { "y" } else { "z" };
    s.complete("b", "z again", 0);
    s.complete("a", left, 0);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("adopt.txt", s);
}

#[test]
fn a_stall_gives_everybody_one_fresh_lifetime() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.stall(500_000);
    assert_eq!(s.renew("a", "x", 1), Some(Ok(Reply::Directive(Directive::Continue))));
    s.wait(61_000);
    assert_eq!(s.state.leases(&s.shard(2, 0)).count(), 0, "and then it expires");
    let failure =
        s.state.shard(&s.shard(2, 0)).and_then(|row| row.last_failure.clone()).expect("it is told why");
    assert_eq!(failure.code, cluster::LEASE_EXPIRED);
    assert_eq!(
        s.renew("a", "x", 2),
        Some(Ok(Reply::Directive(Directive::Continue))),
        "nobody else took it: it is adopted"
    );
    expect!("stall.txt", s);
}

#[test]
fn an_attempt_that_does_not_move_is_stopped() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    for _ in 0..31 {
        s.wait(20_000);
        s.renew("a", "x", 5);
    }
    s.transcript();
    let row = s.state.shard(&s.shard(2, 0)).expect("it is there").clone();
    assert_eq!(row.last_failure.map(|f| f.code), Some(cluster::STUCK));
    assert_eq!(row.charged, 1);
    assert_eq!(s.renew("a", "x", 6), Some(Ok(Reply::Directive(Directive::Stop))), "not adopted again");
}

#[test]
fn out_of_retries_denied_and_bug_hold_the_job() {
    let mut s = Script::at_convert(1, JobOptions { retries: 2, ..options() });
    for name in ["x", "y", "z"] {
        s.acquire("a", name);
        s.fail("a", name, environment(), None);
        s.wait(31_000);
    }
    assert_eq!(s.status().hold, Some(Hold::OutOfRetries));
    assert_eq!(s.status().reason.map(|f| f.code), Some(publish::OUT_OF_RETRIES));
    let (accept, retry) = (Ask::Accept(s.job()), Ask::Retry(s.job()));
    assert_eq!(refused(s.cmd("accept", accept)), "E0712");
    assert_eq!(s.cmd("retry", retry.clone()), DONE);
    for name in ["u", "v"] {
        s.acquire("a", name);
        s.fail("a", name, Failure::new(ourselves::PANICKED, "index out of bounds"), None);
    }
    s.wait(31_000);
    s.acquire("a", "v");
    s.fail("a", "v", Failure::new(ourselves::PANICKED, "index out of bounds"), None);
    assert_eq!(s.status().hold, Some(Hold::Bug), "once more, then held");
    s.cmd("retry", retry);
    s.acquire("a", "w");
    s.fail("a", "w", Failure::new(store::ACCESS_DENIED, "no permission s3:GetObject"), None);
    assert_eq!(s.status().hold, Some(Hold::Denied), "at once");
    expect!("held.txt", s);
}

#[test]
fn a_broken_archive_holds_before_convert_and_accept_goes_on_without_it() {
    let mut s = Script::new([2, 0, 1], options());
    s.register("a");
    s.submit();
    s.acquire("a", "bad");
    s.acquire("a", "good");
    s.fail("a", "bad", broken_archive(), None);
    assert_eq!(s.status().phase, PhaseName::Running, "the others go on");
    s.complete("a", "good", 0);
    assert_eq!(s.status().hold, Some(Hold::Shards));
    assert_eq!(s.status().reason.and_then(|f| f.place.uri), Some("mem://in/a.tar.lz4".to_owned()));
    let accept = Ask::Accept(s.job());
    s.cmd("accept", accept);
    assert_eq!(s.status().stages[0].excluded, 1);
    s.acquire("a", "c");
    s.complete("a", "c", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
    expect!("archive.txt", s);
}

#[test]
fn a_shard_that_makes_partitions_cannot_be_gone_without() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.fail("a", "x", broken_archive(), None);
    let accept = Ask::Accept(s.job());
    assert_eq!(refused(s.cmd("accept", accept)), "E0712");
    let retry = Ask::Retry(s.job());
    s.cmd("retry", retry);
    s.acquire("a", "y");
    s.complete("a", "y", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
}
