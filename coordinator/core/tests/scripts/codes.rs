//! Each code of this crate, produced.

use crate::script::{Said, Script, job_id, options};
use tarquet_common::{
    codes::{Code, cluster, publish, store},
    failure::Failure,
    receipt::{QUARANTINE, SideObject},
};
use tarquet_core::{Ask, Hold, Outcome, PhaseName, Refusal, views::WhyWaiting};

fn code(said: Option<Said>) -> Code {
    match said {
        Some(Err(Refusal::Because(failure))) => failure.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn waiting_has_a_name() {
    let mut s = Script::new([0, 0, 1], options());
    s.submit();
    let status = s.status();
    assert_eq!(status.waiting, Some(WhyWaiting::NoWorkers));
    assert_eq!(status.reason.map(|f| f.code), Some(cluster::NO_WORKERS));
    s.register_with("small", 1 << 10, "");
    let status = s.status();
    assert_eq!(status.waiting, Some(WhyWaiting::NoSlotFits));
    assert_eq!(status.reason.map(|f| f.code), Some(cluster::NO_SLOT_FITS));
    assert_eq!(s.acquire("small", "x"), None);
    s.register("large");
    assert_eq!(s.status().waiting, None);
}

#[test]
fn another_build_is_refused() {
    let mut s = Script::new([0, 0, 1], options());
    assert_eq!(code(s.register_with("a", 1 << 30, "another")), cluster::BUILD_DIFFERS);
}

#[test]
fn a_worker_that_leaves_says_why() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.goodbye("a");
    let row = s.state.shard(&s.shard(2, 0)).expect("it is there");
    assert_eq!(row.last_failure.as_ref().map(|f| f.code), Some(cluster::WORKER_LEFT));
}

#[test]
fn unknown_names_are_refused() {
    let mut s = Script::at_convert(1, options());
    assert_eq!(code(s.cmd("pause", Ask::Pause(job_id(9)))), cluster::UNKNOWN_JOB);
    s.acquire("a", "x");
    if let Some(lease) = s.leases.get_mut("x") {
        lease.shard.shard = 17;
    }
    assert_eq!(code(s.renew("a", "x", 1)), cluster::UNKNOWN_SHARD);
}

#[test]
fn a_receipt_has_to_fit_its_plan() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    let mut receipt = s.receipt("a", "x", 0);
    receipt.artifacts.clear();
    assert_eq!(code(s.hand_in("a", "x", receipt)), cluster::RECEIPT_UNFIT);
    s.wait(31_000);
    s.acquire("a", "y");
    let mut receipt = s.receipt("a", "y", 0);
    receipt.counts.rows = u64::MAX;
    assert_eq!(code(s.hand_in("a", "y", receipt)), cluster::RECEIPT_UNFIT);
    assert_eq!(s.status().hold, Some(Hold::Bug), "twice is a bug of ours");
}

#[test]
fn what_a_receipt_names_beside_the_dataset_lies_below_the_job() {
    for name in ["", "../claim", "a//b", "/etc/passwd", "a/./b", "a\nb", &"x".repeat(1_025)] {
        let mut s = Script::at_convert(1, options());
        s.acquire("a", "x");
        let mut receipt = s.receipt("a", "x", 0);
        let (role, name, crc64) = (QUARANTINE.to_owned(), name.to_owned(), String::new());
        receipt.sides.push(SideObject { role, name, bytes: 1, crc64 });
        assert_eq!(code(s.hand_in("a", "x", receipt)), cluster::RECEIPT_UNFIT);
    }
}

#[test]
fn a_receipt_has_few_side_objects_and_each_a_role() {
    let side = |role: &str| SideObject {
        role: role.to_owned(),
        name: "beside".to_owned(),
        bytes: 1,
        crc64: String::new(),
    };
    let odd = ["", "a\nb", &"x".repeat(129)].map(|role| vec![side(role)]);
    for sides in odd.into_iter().chain([vec![side("x"); 1_025]]) {
        let mut s = Script::at_convert(1, options());
        s.acquire("a", "x");
        let mut receipt = s.receipt("a", "x", 0);
        receipt.sides = sides;
        assert_eq!(code(s.hand_in("a", "x", receipt)), cluster::RECEIPT_UNFIT);
    }
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    let mut receipt = s.receipt("a", "x", 0);
    receipt.sides = vec![side(&"x".repeat(128)); 1_024];
    s.hand_in("a", "x", receipt);
    assert_eq!(s.status().phase, PhaseName::Done);
}

#[test]
fn a_receipt_skips_what_its_lease_said_and_nothing_else() {
    for skipped in [vec![2], vec![7, 7], vec![7, 10]] {
        let mut s = Script::at_convert(1, options());
        for name in ["x", "y"] {
            s.acquire("a", name);
            s.fail("a", name, Failure::new(cluster::STUCK, "it died"), Some(7));
            s.wait(31_000);
        }
        s.acquire("a", "z");
        assert_eq!(s.leases["z"].skip, [7]);
        let receipt = s.receipt("a", "z", 0);
        let odd = tarquet_common::receipt::Receipt { skipped, ..receipt.clone() };
        assert_eq!(code(s.hand_in("a", "z", odd)), cluster::RECEIPT_UNFIT);
        s.acquire("a", "again");
        s.complete("a", "again", 0);
        assert_eq!(s.status().phase, PhaseName::Done, "what was said may be skipped");
    }
}

/// A ledger that is lost forgets which items kill; an attempt that it granted does not.
#[test]
fn an_adopted_receipt_may_have_skipped_what_a_lost_ledger_said() {
    for (skipped, fits) in [(7, true), (10, false)] {
        let mut s = Script::at_convert(1, options());
        s.acquire("a", "x");
        let mut receipt = s.receipt("a", "x", 0);
        receipt.skipped = vec![skipped];
        s.restart(false);
        s.register("a");
        s.hand_in("a", "x", receipt);
        assert_eq!(s.status().phase == PhaseName::Done, fits, "{skipped}");
    }
}

#[test]
fn stages_have_to_end_in_publish() {
    let mut s = Script::new([0, 0, 1], options());
    s.submit.stages.pop();
    assert_eq!(code(s.submit()), cluster::BAD_STAGES);
}

#[test]
fn an_output_is_claimed_once() {
    let mut s = Script::new([0, 0, 1], options());
    s.store.claims.insert("mem://out".to_owned(), job_id(5));
    assert_eq!(code(s.submit()), publish::OUTPUT_CLAIMED);
    assert_eq!(s.state.job_ids().count(), 0, "nothing is left of it");
    s.store.claims.clear();
    s.submit();
    assert_eq!(s.status().phase, PhaseName::Running, "the same token may try again");
}

#[test]
fn nothing_failed_nothing_to_retry() {
    let mut s = Script::at_convert(1, options());
    let (retry, accept) = (Ask::Retry(s.job()), Ask::Accept(s.job()));
    assert_eq!(code(s.cmd("retry", retry)), cluster::NOTHING_TO_DO);
    assert_eq!(code(s.cmd("accept", accept)), cluster::NOT_NOW);
    let forget = Ask::Forget(s.job());
    assert_eq!(code(s.cmd("forget", forget)), cluster::NOT_NOW);
}

#[test]
fn a_partly_published_shard_is_not_opened_again() {
    let mut s = Script::new([0, 0, 1], options());
    s.partitions = 2;
    s.submit();
    s.register("a");
    s.acquire("a", "x");
    s.keep = true;
    let receipt = s.receipt("a", "x", 0);
    s.hand_in("a", "x", receipt.clone());
    for _ in ["store receipt", "store outcome", "list output"] {
        let effect = s.kept.remove(0);
        s.perform_once(effect);
    }
    assert_eq!(s.status().phase, PhaseName::Publishing);
    let name = "part-00001.parquet".to_owned();
    s.land(&Outcome::UploadLost { shard: s.shard(2, 0), round: 0, name, partly_published: true });
    assert_eq!(s.status().hold, Some(Hold::Publish));
    assert_eq!(s.status().reason.map(|f| f.code), Some(publish::PARTLY_PUBLISHED));
}

#[test]
fn a_catalog_that_differs_is_a_bug() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    let other = tarquet_core::Catalog {
        version: 1,
        job: s.job(),
        name: String::new(),
        kind: String::new(),
        artifacts: Vec::new(),
        quarantine: Vec::new(),
        counts: tarquet_common::receipt::Counts::default(),
        excluded: Vec::new(),
    };
    let job = s.job();
    s.store.jobs.entry(job).or_default().catalog = Some(other);
    s.complete("a", "x", 0);
    assert_eq!(s.status().reason.map(|f| f.code), Some(publish::CATALOG_DIFFERS));
}

#[test]
fn what_waiting_does_not_mend_holds_the_job() {
    let mut s = Script::at_convert(1, options());
    s.acquire("a", "x");
    s.keep = true;
    let receipt = s.receipt("a", "x", 0);
    s.hand_in("a", "x", receipt);
    let effect = s.kept.remove(0).key();
    let unreachable = Failure::new(cluster::STUCK, "503");
    s.land(&Outcome::EffectFailed { effect: effect.clone(), failure: unreachable });
    assert_eq!(s.status().waiting, Some(WhyWaiting::Store));
    assert_eq!(s.status().phase, PhaseName::Running);
    let denied = Failure::new(store::ACCESS_DENIED, "s3:PutObject is missing");
    s.land(&Outcome::EffectFailed { effect, failure: denied });
    assert_eq!(s.status().hold, Some(Hold::Denied));
    s.keep = false;
    s.wait(10_000);
    assert_eq!(s.status().stages[2].done, 1, "it is tried again all the same");
    let retry = Ask::Retry(s.job());
    s.cmd("retry", retry);
    assert_eq!(s.status().phase, PhaseName::Done);
}
