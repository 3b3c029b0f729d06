//! Attempts that end without a word: a machine that was taken away, or an item that took the worker with it.

use crate::{
    given::seal,
    script::{DONE, Said, Script, options},
};
use tarquet_common::{
    codes::{cluster, publish},
    failure::Failure,
    ids::WorkerId,
    leasing::{Directive, Progress, Renew},
};
use tarquet_core::{Ask, Hold, PhaseName, Reply};

impl Script {
    /// The worker says that it begins an item, and dies of it.
    fn die_at(&mut self, worker: &str, name: &str, item: Option<u32>) {
        let lease = self.leases[name].clone();
        let progress = Progress { at_item: item, ..Progress::default() };
        let ask = Renew {
            worker: WorkerId(worker.to_owned()),
            shard: lease.shard,
            round: lease.round,
            attempt: lease.attempt,
            progress,
        };
        self.cmd(&format!("{name} is at {item:?}"), Ask::Renew(ask, seal(worker)));
        self.wait(61_000);
    }

    /// A worker takes the shard, and dies.
    fn sacrifice(&mut self, n: u32, item: Option<u32>) -> bool {
        let (worker, name) = (format!("w{n}"), format!("l{n}"));
        self.register(&worker);
        self.acquire(&worker, &name);
        let careful = self.leases[&name].careful;
        self.die_at(&worker, &name, item);
        careful
    }
}

#[test]
fn an_item_that_takes_two_workers_with_it_after_a_first_is_skipped() {
    let mut s = Script::new(
        [0, 0, 1],
        tarquet_core::JobOptions { max_failed: tarquet_common::units::Budget::Count(1), ..options() },
    );
    s.submit();
    // What the first was at is old news when it dies; those after it say so before they begin.
    let careful: Vec<bool> = (0..3).map(|n| s.sacrifice(n, Some([3, 7, 7][n as usize]))).collect();
    assert_eq!(careful, [false, true, true]);
    s.register("a");
    s.acquire("a", "x");
    assert_eq!(s.leases["x"].skip, [7]);
    assert!(!s.leases["x"].careful, "it is found");
    s.complete("a", "x", 1);
    assert_eq!(s.status().phase, PhaseName::Done);
}

#[test]
fn different_items_are_no_killers_and_a_shard_that_takes_worker_after_worker_holds_the_job() {
    let mut s = Script::new([0, 0, 2], options());
    s.submit();
    s.register("a");
    s.acquire("a", "other");
    s.complete("a", "other", 0);
    for n in 0..8 {
        assert_eq!(s.status().phase, PhaseName::Running, "{n}");
        s.sacrifice(n, Some(n));
    }
    let held = s.status();
    assert_eq!(held.hold, Some(Hold::OutOfRetries));
    let why = held.reason.expect("a hold has a reason");
    assert_eq!(why.code, publish::OUT_OF_RETRIES);
    assert!(why.message.contains("8 times") && why.causes.iter().any(|c| c.contains("member 7")), "{why:?}");
    assert!(why.causes.iter().any(|c| c.contains(&cluster::LEASE_EXPIRED.to_string())), "{why:?}");
    let retry = Ask::Retry(s.job());
    assert_eq!(s.cmd("retry", retry), DONE);
    assert!(!s.sacrifice(9, None), "a new round begins without suspicion");
    s.register("a");
    s.acquire("a", "x");
    s.complete("a", "x", 0);
    assert_eq!(s.status().phase, PhaseName::Done);
}

/// Shards have ten items here: a place beyond them is nobody's, and a worker's word for it is forgotten at once.
#[test]
fn an_item_that_the_shard_does_not_have_kills_nobody() {
    let mut s = Script::new([0, 0, 1], options());
    s.submit();
    let suspects = |s: &Script| s.state.shard(&s.shard(2, 0)).expect("it is there").suspects;
    for n in 0..3 {
        s.sacrifice(n, Some(10));
        assert!(suspects(&s).is_empty(), "attempt {n}");
    }
    s.register("a");
    for (name, killer) in [("x", 10), ("y", u32::MAX), ("z", 10)] {
        s.acquire("a", name);
        assert_eq!(s.leases[name].skip, [0; 0], "{name}");
        s.fail("a", name, Failure::new(cluster::DRAINED, "it died"), Some(killer));
        assert!(suspects(&s).is_empty(), "{name}");
    }
    s.acquire("a", "last");
    s.fail("a", "last", Failure::new(cluster::DRAINED, "it died"), Some(9));
    assert_eq!(suspects(&s).keys().copied().collect::<Vec<_>>(), [9], "the last one is the shard's");
}

#[test]
fn one_that_comes_back_has_killed_nobody() {
    let mut s = Script::at_convert(1, options());
    s.sacrifice(0, None);
    for n in [1, 2] {
        let (worker, name) = (format!("w{n}"), format!("l{n}"));
        s.register(&worker);
        s.acquire(&worker, &name);
        s.die_at(&worker, &name, Some(7));
        s.register(&worker);
        assert_eq!(s.renew(&worker, &name, 1), Some(Ok(Reply::Directive(Directive::Continue))));
        s.fail(&worker, &name, Failure::new(cluster::STUCK, "slow"), None);
        s.wait(61_000);
        // Silent once more, so that the next is careful again.
        s.sacrifice(10 + n, None);
    }
    s.register("a");
    s.acquire("a", "x");
    assert_eq!(s.leases["x"].skip, [0; 0]);
}

#[test]
fn what_an_old_generation_named_is_not_judged_before_the_next() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    let receipt = s.receipt("a", "x", 0);
    s.keep = true;
    s.restart(false);
    s.register("a");
    let on = Some(Ok(Reply::Directive(Directive::Continue)));
    assert_eq!(s.renew("a", "x", 1), on, "the generation is still being raised");
    let said: Option<Said> = s.hand_in("a", "x", receipt);
    assert_eq!(said, None, "it waits");
    s.let_go();
    assert_eq!(s.status().phase, PhaseName::Done, "and is taken, and published");
}
