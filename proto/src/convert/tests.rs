//! What goes onto the wire comes back the same.

use super::*;
use prost::Message;
use std::collections::BTreeMap;
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::{Complete, Completed, Directive, Fail, Lease, Progress, Register, Renew},
    receipt::{Artifact, Counts, Part, QUARANTINE, Receipt, SideObject},
    store::StoreSettings,
};

#[test]
fn extras_are_bounded_where_they_come_in() {
    let mut ask = from_complete(&Complete { worker: WorkerId("w".to_owned()), receipt: receipt() });
    let counts = ask.receipt.as_mut().and_then(|r| r.counts.as_mut()).unwrap();
    counts.extras.insert("x".repeat(100), 1);
    let bad = to_complete(ask).unwrap_err();
    assert_eq!(bad.field, "receipt.counts.extras");
}

fn shard() -> ShardId {
    ShardId { job: JobId::from_parts(1_700_000_000_000, 7), stage: 2, shard: 41 }
}

fn receipt() -> Receipt {
    Receipt {
        shard: shard(),
        round: 3,
        attempt: AttemptId { generation: 4, n: 5 },
        worker: WorkerId("w-1".to_owned()),
        artifacts: vec![Artifact {
            partition: 41,
            name: "part-00041.parquet".to_owned(),
            upload_id: "u".to_owned(),
            parts: vec![Part { number: 1, etag: "\"e\"".to_owned(), size: 9, crc64: "ab".to_owned() }],
            bytes: 9,
            crc64: "ab".to_owned(),
            rows: 8,
        }],
        counts: Counts {
            items: 1,
            failed: 2,
            rows: 4,
            bytes_in: 5,
            bytes_out: 8,
            extras: BTreeMap::from([("without_columns".to_owned(), 3)]),
        },
        sides: vec![SideObject {
            role: QUARANTINE.to_owned(),
            name: "q".to_owned(),
            bytes: 1,
            crc64: "c".to_owned(),
        }],
        skipped: vec![1, 2],
        output: serde_json::json!({"n": u64::MAX, "s": ["é", null]}),
    }
}

fn failure() -> Failure {
    let cause = std::io::Error::other("disk on fire");
    Failure::new(ourselves::PANICKED, "it fell over")
        .at_uri("s3://b/k")
        .at_item("x.h5")
        .at_offset(9)
        .at_item("v0")
        .expected(1, 2)
        .with_hint("Stand it up.")
        .caused_by(&cause)
}

/// Through bytes, as a peer would.
fn wire<M: Message + Default>(m: &M) -> M {
    M::decode(m.encode_to_vec().as_slice()).unwrap()
}

#[test]
fn a_receipt_survives_the_wire() {
    let ask = Complete { worker: WorkerId("w-1".to_owned()), receipt: receipt() };
    assert_eq!(to_complete(wire(&from_complete(&ask))).unwrap(), ask);
}

#[test]
fn a_failure_survives_the_wire() {
    let ask = Fail {
        worker: WorkerId("w".to_owned()),
        shard: shard(),
        round: 1,
        attempt: AttemptId { generation: 1, n: 2 },
        failure: failure(),
        killer: Some(0),
    };
    assert_eq!(to_fail(wire(&from_fail(ask.clone()))).unwrap(), ask);
}

#[test]
fn a_code_of_a_newer_peer_is_kept_by_name() {
    let mut m = from_failure(&failure());
    m.code = "E9999".to_owned();
    let back = to_failure(m).unwrap();
    assert_eq!(back.code, ourselves::INVARIANT);
    assert!(back.causes.last().unwrap().contains("E9999"), "{:?}", back.causes);
}

#[test]
fn a_lease_survives_the_wire() {
    let lease = Lease {
        shard: shard(),
        kind: "convert".to_owned(),
        stage_name: "index".to_owned(),
        steps: vec!["fetch".to_owned()],
        round: 1,
        attempt: AttemptId { generation: 1, n: 2 },
        job_uri: "s3://b/o.tarquet/jobs/1/".to_owned(),
        output_uri: "s3://b/o/".to_owned(),
        plan_name: "plan/0".to_owned(),
        plan_digest: "d".to_owned(),
        skip: vec![7],
        careful: true,
        ttl_ms: 30_000,
        store: StoreSettings {
            name: Some("n".to_owned()),
            endpoint: Some("http://127.0.0.1:9000".to_owned()),
            region: Some("r".to_owned()),
            profile: Some("p".to_owned()),
            anonymous: true,
            requester_pays: true,
            sse_kms_key: Some("k".to_owned()),
            storage_class: Some("c".to_owned()),
        },
    };
    assert_eq!(to_lease(wire(&from_lease(lease.clone()))).unwrap(), lease);
}

#[test]
fn the_other_verbs_survive_the_wire() {
    let register = Register {
        worker: WorkerId("w".to_owned()),
        build: "0.1".to_owned(),
        slots: 2,
        slot_bytes: 3,
        shared_probe: Some(String::new()),
    };
    assert_eq!(to_register(wire(&from_register(register.clone()))).unwrap(), register);
    let progress =
        Progress { bytes_done: 1, at_item: Some(0), step: "decode".to_owned(), ..Progress::default() };
    let renew = Renew {
        worker: WorkerId("w".to_owned()),
        shard: shard(),
        round: 0,
        attempt: AttemptId { generation: 0, n: 0 },
        progress,
    };
    assert_eq!(to_renew(wire(&from_renew(renew.clone()))).unwrap(), renew);
    for d in [Directive::Continue, Directive::Stop, Directive::Drain] {
        assert_eq!(to_directive(&wire(&from_directive(d))), Ok(d));
    }
    for c in [Completed::Accepted, Completed::Superseded] {
        assert_eq!(to_completed(&wire(&from_completed(c))), Ok(c));
    }
}

#[test]
fn a_worker_has_slots_and_memory_that_there_can_be() {
    use crate::v2;
    let with = |slots, slot_bytes| {
        let (worker, build) = ("w".to_owned(), "0.1".to_owned());
        let asked = v2::RegisterRequest { worker, build, slots, slot_bytes, shared_probe: None };
        to_register(asked).map_err(|bad| bad.field)
    };
    for (slots, slot_bytes) in [(1, 1), (4_096, 64 << 40)] {
        assert!(with(slots, slot_bytes).is_ok(), "{slots} of {slot_bytes}");
    }
    assert_eq!([with(0, 1), with(4_097, 1), with(u32::MAX, 1)].map(Result::unwrap_err), ["slots"; 3]);
    let odd = [with(1, 0), with(1, (64 << 40) + 1), with(1, u64::MAX)];
    assert_eq!(odd.map(Result::unwrap_err), ["slot_bytes"; 3]);
}

#[test]
fn an_empty_message_names_what_is_missing() {
    use crate::v2;
    assert_eq!(to_renew(v2::RenewRequest::default()), Err(BadMessage::missing("worker")));
    let named = v2::RenewRequest { worker: "w".to_owned(), ..Default::default() };
    assert_eq!(to_renew(named), Err(BadMessage::missing("shard")));
    assert_eq!(to_directive(&v2::RenewResponse::default()), Err(BadMessage::missing("directive")));
    assert_eq!(to_completed(&v2::CompleteResponse::default()), Err(BadMessage::missing("outcome")));
    assert!(to_registered(&v2::RegisterResponse::default()).is_err());
}
