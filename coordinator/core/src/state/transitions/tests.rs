//! Tests of the module above.

use super::*;
use crate::rows::LeaseRow;
use tarquet_common::{
    codes::cluster,
    ids::{JobId, WorkerId},
    leasing::Progress,
    receipt::Counts,
};

const NOW: Millis = 7;

fn id() -> ShardId {
    ShardId { job: JobId::from_parts(1, 1), stage: 0, shard: 3 }
}

fn attempt(n: u32) -> AttemptId {
    AttemptId { generation: 1, n }
}

fn live(n: u32) -> Live {
    let row = LeaseRow {
        shard: id(),
        round: 0,
        attempt: attempt(n),
        number: n,
        worker: WorkerId("w".to_owned()),
        seal: None,
        request: None,
        careful: false,
        granted_unix_ms: 0,
    };
    Live { row, granted_at: NOW, deadline: NOW, progressed_at: NOW, progress: Progress::default() }
}

fn receipt(round: u32) -> Arc<Receipt> {
    Arc::new(Receipt {
        shard: id(),
        round,
        attempt: attempt(1),
        worker: WorkerId("w".to_owned()),
        artifacts: Vec::new(),
        counts: Counts::default(),
        sides: Vec::new(),
        skipped: Vec::new(),
        output: serde_json::Value::Null,
    })
}

fn failure() -> Box<Failure> {
    Box::new(Failure::new(cluster::STUCK, "it did not move"))
}

type Change = Box<dyn Fn(&mut Shard) -> Result<(), Illegal>>;

/// Every state, by name, as its transitions make it.
fn every_state() -> Vec<(&'static str, Shard)> {
    let waiting = Shard::planned(id(), ShardRecord::default(), NOW);
    let after = |shard: &Shard, change: &dyn Fn(&mut Shard) -> Result<(), Illegal>| {
        let mut next = shard.clone();
        change(&mut next).expect("it is legal");
        next
    };
    let leased = after(&waiting, &|s| s.begin_lease(live(1)));
    let done = after(&leased, &|s| s.accept(receipt(0), 5));
    let stopped = after(&leased, &|s| s.stop(failure()));
    vec![
        ("delayed", after(&waiting, &|s| s.delay(9))),
        ("leased twice", after(&leased, &|s| s.begin_lease(live(2)))),
        ("published", after(&done, &Shard::publish)),
        ("excluded", after(&stopped, &|s| s.exclude(failure()))),
        ("waiting", waiting),
        ("leased", leased),
        ("done", done),
        ("stopped", stopped),
    ]
}

/// What each transition may start from; from everywhere else it is refused and changes nothing.
#[test]
fn what_is_not_on_the_page_is_illegal() {
    let page: Vec<(&str, &[&str], Change)> = vec![
        ("begin_lease", &["waiting", "delayed", "leased"], Box::new(|s| s.begin_lease(live(3)))),
        ("end_lease", &["leased", "leased twice"], Box::new(|s| s.end_lease(attempt(1), NOW))),
        ("end another's lease", &[], Box::new(|s| s.end_lease(attempt(9), NOW))),
        ("delay", &["waiting"], Box::new(|s| s.delay(9))),
        ("come_due", &["delayed"], Box::new(|s| s.come_due(NOW))),
        (
            "accept",
            &["waiting", "delayed", "leased", "leased twice", "stopped", "excluded"],
            Box::new(|s| s.accept(receipt(0), 5)),
        ),
        ("accept another round's", &[], Box::new(|s| s.accept(receipt(1), 5))),
        ("publish", &["done", "published"], Box::new(Shard::publish)),
        ("stop", &["leased"], Box::new(|s| s.stop(failure()))),
        ("exclude", &["stopped"], Box::new(|s| s.exclude(failure()))),
        (
            "reopen",
            &["waiting", "delayed", "leased", "leased twice", "done", "stopped", "excluded"],
            Box::new(|s| s.reopen(1, NOW)),
        ),
        ("reopen in the same round", &[], Box::new(|s| s.reopen(0, NOW))),
    ];
    for (verb, from, change) in page {
        for (name, shard) in every_state() {
            let mut next = shard.clone();
            let legal = change(&mut next).is_ok();
            assert_eq!(legal, from.contains(&name), "{verb} of a shard that is {name}");
            assert!(legal || next == shard, "{verb} was refused and changed what was {name}");
        }
    }
}

#[test]
fn an_illegal_transition_says_from_where() {
    let mut shard = Shard::planned(id(), ShardRecord::default(), NOW);
    let told = shard.publish().expect_err("nothing is there").to_string();
    assert_eq!(told, "a shard that is waiting cannot be published");
}

#[test]
fn of_two_leases_either_may_end() {
    for (ends, stays) in [(1, 2), (2, 1)] {
        let mut shard = Shard::planned(id(), ShardRecord::default(), NOW);
        shard.begin_lease(live(1)).expect("it waits");
        shard.begin_lease(live(2)).expect("one more may");
        shard.end_lease(attempt(ends), NOW).expect("it lives");
        let left: Vec<AttemptId> = shard.leases().map(|l| l.row.attempt).collect();
        assert_eq!(left, [attempt(stays)]);
        shard.end_lease(attempt(stays), 50).expect("it lives");
        assert_eq!(shard.state, ShardState::Waiting(Waiting { since: 50 }));
        assert_eq!((shard.history.attempts, shard.history.newest), (2, Some(attempt(2))));
    }
}

#[test]
fn a_new_round_forgets_charges_and_remembers_killers() {
    let mut shard = Shard::planned(id(), ShardRecord::default(), NOW);
    shard.history = History { charged: 3, bugs: 1, skip: [4].into(), ..History::default() };
    shard.accept(receipt(0), 5).expect("it waits");
    shard.reopen(2, NOW).expect("nothing is visible");
    assert_eq!((shard.history.charged, shard.history.bugs), (0, 0));
    assert!(shard.history.skip.contains(&4) && shard.receipt().is_none());
}
