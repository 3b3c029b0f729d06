//! Who has the workers' token and a worker's name, and not its secret.

use crate::script::{DONE, Said, Script, options};
use tarquet_common::{
    codes::{Code, cluster, store},
    failure::Failure,
    leasing::{Completed, Directive},
};
use tarquet_core::{PhaseName, Refusal, Reply, Settings};

const GO_ON: Option<Said> = Some(Ok(Reply::Directive(Directive::Continue)));
const STOP: Option<Said> = Some(Ok(Reply::Directive(Directive::Stop)));
const ACCEPTED: Option<Said> = Some(Ok(Reply::Completed(Completed::Accepted)));
const UNKNOWN: Option<Said> = Some(Err(Refusal::UnknownWorker));

fn code(said: Option<Said>) -> Option<Code> {
    match said {
        Some(Err(Refusal::Because(failure))) => Some(failure.code),
        _ => None,
    }
}

fn away() -> Failure {
    Failure::new(store::STORE_UNREACHABLE, "it is away")
}

impl Script {
    fn as_stranger<T>(&mut self, speak: impl FnOnce(&mut Self) -> T) -> T {
        self.speaker = Some("stranger");
        let said = speak(self);
        self.speaker = None;
        said
    }

    /// Whether a lease of the shard of `name` is live.
    fn is_leased(&self, name: &str) -> bool {
        self.state.leases(&self.leases[name].shard).count() == 1
    }
}

#[test]
fn a_name_alone_moves_nothing() {
    let mut s = Script::at_convert(2, options());
    s.acquire("a", "x");
    let before = s.state.rows();
    s.as_stranger(|s| {
        let refused = Some(cluster::NOT_THIS_WORKER);
        assert_eq!(code(s.register_with("a", 1 << 30, "")), refused);
        assert_eq!(code(s.acquire("a", "y")), refused);
        assert_eq!(code(s.renew("a", "x", 1)), refused);
        assert_eq!(code(s.complete("a", "x", 0)), refused);
        assert_eq!(code(s.fail("a", "x", away(), Some(3))), refused);
        assert_eq!(code(s.goodbye("a")), refused);
    });
    assert_eq!(s.state.rows(), before);
    assert_eq!(s.renew("a", "x", 1), GO_ON);
    assert_eq!(s.complete("a", "x", 0), ACCEPTED);
}

#[test]
fn a_worker_of_another_name_has_no_use_for_a_lease() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.register("b");
    let before = s.state.rows();
    assert_eq!(s.renew("b", "x", 1), STOP);
    assert_eq!(code(s.complete("b", "x", 0)), Some(cluster::NOT_THIS_WORKER));
    assert_eq!(s.fail("b", "x", away(), None), DONE, "as every attempt that is over");
    assert_eq!(s.state.rows(), before);
    let borrowed = s.receipt("b", "x", 0);
    assert_eq!(code(s.hand_in("a", "x", borrowed)), Some(cluster::RECEIPT_UNFIT), "of another's making");
}

#[test]
fn a_restart_takes_no_lease_from_its_worker() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.restart(true);
    s.as_stranger(|s| {
        assert_eq!(code(s.register_with("a", 1 << 30, "")), Some(cluster::NOT_THIS_WORKER));
        assert_eq!([s.renew("a", "x", 1), s.complete("a", "x", 0)], [UNKNOWN, UNKNOWN]);
        assert_eq!([s.fail("a", "x", away(), None), s.acquire("a", "y")], [UNKNOWN, UNKNOWN]);
        assert_eq!(s.goodbye("a"), DONE, "and nothing was its to hand back");
    });
    assert!(s.is_leased("x"));
    s.register("a");
    assert_eq!(s.renew("a", "x", 1), GO_ON);
    assert_eq!(s.complete("a", "x", 0), ACCEPTED);
    assert_eq!(s.status().phase, PhaseName::Done);
}

#[test]
fn a_worker_says_goodbye_to_a_coordinator_that_knows_it_by_its_leases_alone() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.restart(true);
    assert_eq!([s.goodbye("a"), s.goodbye("a")], [DONE, DONE]);
    assert!(!s.is_leased("x"));
}

#[test]
fn what_went_silent_goes_on_for_its_worker_alone() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.wait(61_000);
    assert!(!s.is_leased("x"));
    for ledger in [true, true] {
        s.register("b");
        assert_eq!(s.renew("b", "x", 1), STOP);
        assert_eq!(s.complete("b", "x", 0), Some(Ok(Reply::Completed(Completed::Superseded))));
        s.restart(ledger);
    }
    s.register("a");
    assert_eq!(s.renew("a", "x", 1), GO_ON);
    assert_eq!(s.complete("a", "x", 0), ACCEPTED);
}

#[test]
fn what_a_lost_ledger_knew_goes_on_for_who_comes_first_and_in_its_own_name() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.restart(false);
    s.register("b");
    s.register("a");
    assert_eq!(s.renew("b", "x", 1), GO_ON);
    assert_eq!(s.renew("a", "x", 1), STOP);
    assert_eq!(code(s.complete("a", "x", 0)), Some(cluster::NOT_THIS_WORKER));
    let of = s.state.leases(&s.shard(2, 0)).map(|lease| lease.worker.0.clone()).collect::<Vec<_>>();
    assert_eq!(of, ["b"]);
}

/// Who has the workers' token may register under any number of names.
#[test]
fn names_beyond_the_limit_are_refused_and_nobody_who_lives_is_pushed_out() {
    let mut s = Script::at_convert(3, options());
    s.acquire("a", "x");
    s.restart_as(true, Settings { workers_max: 2, ..s.state.settings().clone() });
    let come = |s: &mut Script, name: &str| code(s.register_with(name, 1 << 30, ""));
    assert_eq!([come(&mut s, "b"), come(&mut s, "c")], [None, None]);
    assert_eq!(come(&mut s, "d"), Some(cluster::TOO_MANY_WORKERS));
    assert_eq!(come(&mut s, "b"), None, "it is known");
    assert_eq!(come(&mut s, "a"), None, "it holds a lease");
    s.wait(30_000);
    assert_eq!([s.renew("a", "x", 1), s.renew("b", "x", 1)], [GO_ON, STOP]);
    assert_eq!(come(&mut s, "d"), Some(cluster::TOO_MANY_WORKERS), "all of them live");
    s.wait(31_000);
    assert_eq!(come(&mut s, "d"), None, "one was silent for a lease");
    assert_eq!(s.acquire("c", "y"), UNKNOWN, "the one that was");
    assert_eq!([s.renew("a", "x", 2), s.renew("b", "x", 2)], [GO_ON, STOP], "and no other");
}

#[test]
fn a_name_is_free_once_nothing_is_heard_of_it_and_it_holds_nothing() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.wait(30_000);
    let refused = s.as_stranger(|s| s.register_with("a", 1 << 30, ""));
    assert_eq!(code(refused), Some(cluster::NOT_THIS_WORKER));
    s.wait(31_000);
    let registered = s.as_stranger(|s| s.register_with("a", 1 << 30, ""));
    assert!(matches!(registered, Some(Ok(Reply::Registered(_)))), "{registered:?}");
    assert_eq!(
        code(s.register_with("a", 1 << 30, "")),
        Some(cluster::NOT_THIS_WORKER),
        "now it is the other's"
    );
    assert_eq!(code(s.renew("a", "x", 1)), Some(cluster::NOT_THIS_WORKER));
}
