//! Rows as keys and values: they read back, they are ordered, and damage has a name.

use std::{collections::BTreeSet, sync::Arc};
use tarquet_common::{
    ids::{AttemptId, JobId, ShardId, WorkerId},
    receipt::{Counts, Receipt},
    store::StoreSettings,
};
use tarquet_core::{
    Ask, CorruptLedger, Durable, Effect, JobOptions, Key, LeaseRow, Outcome, PhaseName, Record, RowState,
    Settings, ShardRow, StagePlan, State, Submit, handle,
};

fn job() -> JobId {
    JobId::from_parts(1_700_000_000_000, 7)
}

fn keys() -> Vec<Key> {
    let shard = |stage, shard| ShardId { job: job(), stage, shard };
    let attempt = |generation, n| AttemptId { generation, n };
    vec![
        Key::Job(job()),
        Key::Stage(job(), 0),
        Key::Stage(job(), 250),
        Key::Shard(shard(0, 1)),
        Key::Shard(shard(0, 256)),
        Key::Shard(shard(1, 0)),
        Key::Receipt(shard(0, u32::MAX)),
        Key::Lease(shard(2, 3), attempt(1, 500)),
        Key::Lease(shard(2, 3), attempt(2, 0)),
        Key::Job(JobId::from_parts(1_700_000_000_001, 0)),
        Key::Meta,
    ]
}

#[test]
fn keys_read_back_and_keep_their_order() {
    let bytes: Vec<Vec<u8>> = keys().iter().map(Key::to_bytes).collect();
    assert!(bytes.is_sorted());
    for (key, bytes) in keys().into_iter().zip(bytes) {
        assert_eq!(Key::from_bytes(&bytes), Some(key));
        assert_eq!(Key::from_bytes(&bytes[..bytes.len() - 1]).filter(|k| k.to_bytes() == bytes), None);
    }
    for odd in [&b""[..], b"X", b"J", b"Mx", b"J01HF7YAT0000000000000000007"] {
        assert_eq!(Key::from_bytes(odd), None, "{odd:?}");
    }
}

fn planned() -> State {
    let mut state = State::new(Settings::default());
    let submit = Submit {
        token: "t".to_owned(),
        job: job(),
        name: "n".to_owned(),
        kind: "k".to_owned(),
        item: tarquet_common::stage_plan::ItemWords::of("member", "members"),
        stages: vec!["work".to_owned(), "publish".to_owned()],
        job_uri: "mem://j".to_owned(),
        output_uri: "mem://o".to_owned(),
        store: StoreSettings::default(),
        spec: serde_json::json!({"any": 1}).into(),
        options: JobOptions::default(),
        submitted_unix_ms: 1,
    };
    let plan = StagePlan {
        stage: 0,
        plan_name: "p".to_owned(),
        plan_digest: "d".to_owned(),
        shards: vec![tarquet_common::stage_plan::ShardRecord::default(); 3],
        planned_items: 0,
        steps: Vec::new(),
        partitions: 0,
        warnings: Vec::new(),
    };
    for ask in [Ask::Start { unix_ms: 1 }, Ask::Submit(Box::new(submit))] {
        handle(&mut state, &ask, 10);
    }
    let outcomes = [
        Outcome::ClaimStored(job()),
        Outcome::GenerationRaised { job: job(), generation: 1 },
        Outcome::StagePlanned { job: job(), plan: Box::new(plan) },
    ];
    for outcome in outcomes {
        handle(&mut state, &outcome, 10);
    }
    state
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn rows(state: &State) -> Rows {
    state.rows().iter().map(|r| (r.key(), r.value().expect("a row has a value"))).collect()
}

fn load(rows: Rows) -> Result<State, CorruptLedger> {
    let sorted: std::collections::BTreeMap<_, _> = rows.into_iter().collect();
    State::load(Settings::default(), sorted)
}

#[test]
fn a_ledger_loads_what_was_recorded() {
    let state = planned();
    assert_eq!(load(rows(&state)).expect("it loads").rows(), state.rows());
    let shard = |n| state.shard(&ShardId { job: job(), stage: 0, shard: n });
    assert!(shard(2).is_some() && shard(3).is_none(), "three shards");
}

#[test]
fn rows_are_of_the_second_version_and_those_of_the_first_read() {
    let state = planned();
    let mut first = rows(&state);
    assert!(first.iter().all(|(_, value)| value[0] == 2));
    first.iter_mut().for_each(|(_, value)| value[0] = 1);
    assert_eq!(load(first).expect("it loads").rows(), state.rows());
    let newer = rows(&state).into_iter().map(|(key, value)| (key, [&[3], &value[1..]].concat())).collect();
    let found = load(newer).expect_err("nobody has written that yet");
    assert!(matches!(found, CorruptLedger::Version { found: 3, .. }), "{found}");
}

#[test]
fn damage_is_named() {
    let whole = rows(&planned());
    let at = |key: &Key| whole.iter().position(|(k, _)| *k == key.to_bytes()).expect("the row is there");
    let shard = Key::Shard(ShardId { job: job(), stage: 0, shard: 1 });
    let damage = |change: &dyn Fn(&mut Rows)| {
        let mut rows = whole.clone();
        change(&mut rows);
        load(rows).expect_err("it is damaged")
    };
    let found = damage(&|r| drop(r.remove(at(&shard))));
    assert!(matches!(found, CorruptLedger::Orphan(_)), "{found}");
    let found = damage(&|r| drop(r.remove(at(&Key::Job(job())))));
    assert!(matches!(found, CorruptLedger::Orphan(_)), "{found}");
    let found = damage(&|r| r[at(&shard)].1[0] = 9);
    assert!(matches!(found, CorruptLedger::Version { found: 9, .. }), "{found}");
    let found = damage(&|r| r[at(&shard)].1.clear());
    assert!(matches!(found, CorruptLedger::Version { found: 0, .. }), "{found}");
    let found = damage(&|r| r[at(&shard)].1.truncate(20));
    assert!(matches!(found, CorruptLedger::Value { .. }), "{found}");
    let found = damage(&|r| r.push((b"Z".to_vec(), Vec::new())));
    assert!(matches!(found, CorruptLedger::Key(_)), "{found}");
    let other = Key::Shard(ShardId { job: job(), stage: 0, shard: 2 });
    let found = damage(&|r| r[at(&shard)].1 = r[at(&other)].1.clone());
    assert!(matches!(found, CorruptLedger::Misplaced(_)), "{found}");
    let last = Key::Shard(ShardId { job: job(), stage: 0, shard: 2 });
    let found = damage(&|r| drop(r.remove(at(&last))));
    assert!(matches!(found, CorruptLedger::Orphan(_)), "a shard is missing: {found}");
}

/// Neither the row that says a shard is done nor its receipt means anything without the other, and what is done has no
/// lease.
#[test]
fn a_done_shard_has_its_receipt_and_no_lease() {
    let mut state = planned();
    let id = ShardId { job: job(), stage: 0, shard: 1 };
    let attempt = AttemptId { generation: 1, n: 0 };
    let receipt = Receipt {
        shard: id.clone(),
        round: 0,
        attempt,
        worker: WorkerId("w".to_owned()),
        artifacts: Vec::new(),
        counts: Counts::default(),
        sides: Vec::new(),
        skipped: Vec::new(),
        output: serde_json::Value::Null,
    };
    handle(&mut state, &Outcome::ReceiptStored(Arc::new(receipt.clone())), 20);
    assert!(matches!(state.shard(&id).map(|row| row.state), Some(RowState::Done { .. })));
    let whole = rows(&state);
    assert_eq!(load(whole.clone()).expect("it loads").receipt(&id).map(Arc::as_ref), Some(&receipt));
    let damage = |record: Record, remove: bool| {
        let mut rows = whole.clone();
        rows.retain(|(key, _)| *key != record.key());
        rows.extend((!remove).then(|| (record.key(), record.value().expect("a row has a value"))));
        match load(rows).expect_err("it is damaged") {
            CorruptLedger::Orphan(key) => key,
            other => panic!("{other}"),
        }
    };
    let stored = |round| Record::Receipt(Arc::new(Receipt { round, ..receipt.clone() }));
    assert_eq!(damage(stored(0), true), Key::Shard(id.clone()), "it says done without a receipt");
    assert_eq!(damage(stored(1), false), Key::Shard(id.clone()), "the receipt is of another round");
    let open = ShardRow { state: RowState::Open, ..state.shard(&id).expect("it is there") };
    assert_eq!(damage(Record::Shard(Box::new(open)), false), Key::Receipt(id.clone()), "nothing says done");
    let lease = LeaseRow {
        shard: id.clone(),
        round: 0,
        attempt,
        number: 1,
        worker: WorkerId("w".to_owned()),
        seal: None,
        request: None,
        careful: true,
        granted_unix_ms: 0,
    };
    assert_eq!(damage(Record::Lease(Box::new(lease)), false), Key::Lease(id, attempt), "done and leased");
}

#[test]
fn a_removed_row_has_no_value() {
    let gone = Record::Gone(Key::Job(job()));
    assert_eq!(gone.value(), None);
    assert_eq!(gone.key(), Key::Job(job()).to_bytes());
}

/// Every phase but the last ones leads somewhere, every phase is reached, and nothing follows an end.
#[test]
fn phases_lead_from_claiming_to_an_end() {
    use PhaseName::*;
    let all = [
        Claiming,
        Planning,
        Running,
        Held,
        Deciding,
        Checking,
        Publishing,
        Cataloguing,
        Done,
        Cancelled,
        Failed,
    ];
    let mut reached = BTreeSet::from([Claiming]);
    for _ in all {
        let next = all.iter().filter(|to| reached.iter().any(|from: &PhaseName| from.may_become(**to)));
        reached = next.copied().chain(reached.clone()).collect();
    }
    assert_eq!(reached.len(), all.len());
    for end in [Done, Cancelled, Failed] {
        assert!(all.iter().all(|to| *to == end || !end.may_become(*to)));
    }
    let past_outcome = [Checking, Publishing, Cataloguing, Done];
    assert!(past_outcome.iter().all(|p| !p.may_become(Cancelled) && !p.may_become(Deciding)));
}

#[test]
fn the_order_of_writes_is_the_order_of_their_declaration() {
    let claim = Effect::ClaimOutput { job: job() };
    assert!(claim.writes().is_sorted());
    let order = [
        Durable::JobObject,
        Durable::Pointer,
        Durable::Claim,
        Durable::Generation,
        Durable::Plan,
        Durable::RoundOver,
        Durable::Rounds,
        Durable::Receipt,
        Durable::Accept,
        Durable::Outcome,
        Durable::Part,
        Durable::Catalog,
    ];
    assert!(order.is_sorted());
}
