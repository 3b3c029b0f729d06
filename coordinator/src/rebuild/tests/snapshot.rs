use super::stored::{Stored, receipt};
use crate::{
    objects,
    rebuild::{snapshot, snapshot_of, was_begun},
    stores::OpenStores,
};
use futures::TryStreamExt;
use std::{sync::Arc, time::Duration};
use tarquet_common::{
    codes::{cluster, store as codes},
    failure::Failure,
    store::{Metadata, StoreSettings, list_all},
};
use tarquet_core::{RoundEnd, Snapshot, Verdict};
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

async fn read(stored: &Stored) -> Result<Option<Snapshot>, Failure> {
    snapshot(stored, &stored.uri(), &StoreSettings::default()).await
}

/// Every key of the job, and how much of it there is to damage.
async fn keys(stored: &Stored) -> Vec<String> {
    let store = stored.store();
    let listed: Vec<_> = list_all(&*store, "").try_collect().await.unwrap();
    listed.into_iter().map(|object| object.unwrap().key).collect()
}

#[tokio::test]
async fn all_that_is_stored_is_in_the_snapshot() {
    let stored = Stored::whole().await;
    let found = read(&stored).await.unwrap().unwrap();
    assert_eq!(found.submit, stored.submit());
    assert_eq!((found.claimed, found.generation, found.catalog), (true, 2, true));
    assert_eq!(found.plans.iter().map(|p| (p.stage, p.shards.len())).collect::<Vec<_>>(), [(0, 2), (1, 2)]);
    assert_eq!(found.rounds.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2]);
    let receipts = [receipt(0, 0, 0), receipt(0, 1, 0), receipt(0, 1, 1), receipt(1, 0, 0)];
    assert_eq!(found.ends, receipts.map(|receipt| RoundEnd::Receipt(Arc::new(receipt))));
    assert_eq!((found.accepts.len(), found.outcome), (1, Some(Verdict::Publish)));
}

#[tokio::test]
async fn without_a_job_object_there_is_no_job() {
    let stored = Stored::running().await;
    stored.store().delete(objects::JOB).await.unwrap();
    assert_eq!(read(&stored).await.unwrap(), None);
    let uri = stored.uri();
    let stores: Arc<dyn OpenStores> = Arc::new(stored);
    let failure = snapshot_of(&stores, &uri, &StoreSettings::default()).await.unwrap_err();
    assert_eq!(failure.code, cluster::NO_JOB_THERE);
    assert_eq!(failure.place.uri.as_deref(), Some(uri.as_str()));
}

/// A job that lost the race for its output has a job object and a pointer, and nothing else.
#[tokio::test]
async fn a_job_that_never_had_its_output_was_not_begun() {
    let stored = Stored::nothing();
    stored.put(objects::JOB, &stored.submit()).await;
    assert!(!was_begun(&read(&stored).await.unwrap().unwrap()));
    stored.put(&objects::generation(1), &serde_json::json!({})).await;
    assert!(was_begun(&read(&stored).await.unwrap().unwrap()), "its claim is gone, but it was there");
    stored.store().delete(&objects::generation(1)).await.unwrap();
    stored.put(objects::OUTCOME, &Verdict::Publish).await;
    assert!(was_begun(&read(&stored).await.unwrap().unwrap()));
    stored.store().delete(objects::OUTCOME).await.unwrap();
    stored.claim().await;
    assert!(was_begun(&read(&stored).await.unwrap().unwrap()));
}

#[tokio::test]
async fn every_read_that_fails_is_a_failure_and_never_a_smaller_snapshot() {
    let stored = Stored::whole().await;
    let counters = Verb::ALL.map(|verb| (verb, stored.rules.plant(Calls::of(verb), Trouble::Nothing)));
    let whole = read(&stored).await.unwrap();
    assert!(whole.is_some());
    let made: Vec<_> = counters.iter().map(|(v, c)| (*v, c.seen())).filter(|(_, n)| *n > 0).collect();
    let expected = [(Verb::Head, 1), (Verb::Get, 13), (Verb::GetRange, 4), (Verb::List, 4)];
    assert_eq!(made, expected, "the calls that it makes");
    for (verb, calls) in made {
        for n in 1..=calls {
            for trouble in [Trouble::Before(lost_answer()), Trouble::After(lost_answer())] {
                stored.rules.heal();
                let planted = stored.rules.plant(Calls::of(verb).nth(n), trouble);
                let failure = read(&stored).await.unwrap_err();
                assert_eq!(failure.code, codes::STORE_UNREACHABLE, "{verb:?} {n}");
                assert_eq!(planted.fired(), 1);
                assert_eq!(read(&stored).await.unwrap(), whole, "{verb:?} {n}: afterwards");
            }
        }
    }
}

/// What was listed is there: where it cannot be read then, something is wrong, and it is no smaller job.
#[tokio::test]
async fn an_object_that_is_listed_and_not_found_is_a_failure() {
    let stored = Stored::whole().await;
    let all = keys(&stored).await;
    let listed = |key: &&String| {
        [objects::RECEIPTS, objects::ROUNDS, objects::ACCEPTS].iter().any(|prefix| key.starts_with(prefix))
    };
    let mut met = 0;
    for key in all.iter().filter(listed) {
        stored.rules.heal();
        stored.rules.plant(Calls::of(Verb::Get).under(key), Trouble::Absent);
        let failure = read(&stored).await.unwrap_err();
        assert_eq!(failure.code, cluster::JOB_OBJECT_DAMAGED, "{key}");
        assert!(failure.place.uri.unwrap().ends_with(key), "{key}");
        met += 1;
    }
    assert_eq!(met, 7);
}

/// Truncated, another object, or gone from under the choice that names it.
#[tokio::test]
async fn a_damaged_object_is_a_failure_that_names_it() {
    let stored = Stored::whole().await;
    let whole = read(&stored).await.unwrap();
    let read_as_bytes = |key: &&String| !key.starts_with(objects::GENERATIONS) && *key != objects::CATALOG;
    let mut damaged = 0;
    for key in keys(&stored).await.iter().filter(read_as_bytes) {
        let bytes = stored.store().get(key, u64::MAX).await.unwrap().unwrap().bytes;
        for bad in [bytes.slice(..0), bytes.slice(..bytes.len() / 2), bytes.slice(1..)] {
            stored.store().put(key, bad, &Metadata::new()).await.unwrap();
            let failure = read(&stored).await.unwrap_err();
            assert_eq!(failure.code, cluster::JOB_OBJECT_DAMAGED, "{key}: {failure:?}");
            assert!(failure.place.uri.unwrap().ends_with(key), "{key}");
            assert!(failure.message.contains("does not read"), "{}", failure.message);
            damaged += 1;
        }
        let is_plan = key.starts_with(objects::PLANS) && !key.ends_with(".json");
        if is_plan {
            stored.store().delete(key).await.unwrap();
            let failure = read(&stored).await.unwrap_err();
            assert_eq!(failure.code, cluster::JOB_OBJECT_DAMAGED, "{key}: {failure:?}");
            assert!(failure.place.uri.unwrap().ends_with(key), "{key}");
        }
        stored.store().put(key, bytes, &Metadata::new()).await.unwrap();
    }
    assert_eq!(damaged, 3 * 13);
    assert_eq!(read(&stored).await.unwrap(), whole);
}

#[tokio::test]
async fn a_damaged_claim_is_a_failure_and_anothers_is_none_of_ours() {
    let stored = Stored::whole().await;
    let home = stored.local("out.tarquet");
    home.put("claim", "{\"job\":".into(), &Metadata::new()).await.unwrap();
    let failure = read(&stored).await.unwrap_err();
    assert_eq!(failure.code, cluster::JOB_OBJECT_DAMAGED);
    assert!(failure.place.uri.unwrap().ends_with("/claim"));
    home.delete("claim").await.unwrap();
    assert!(!read(&stored).await.unwrap().unwrap().claimed);
    let theirs = r#"{"job":"00000000010000000000000002","output_uri":"x"}"#;
    home.put("claim", theirs.into(), &Metadata::new()).await.unwrap();
    assert!(!read(&stored).await.unwrap().unwrap().claimed);
}

/// Another coordinator ends the job while it is read. The snapshot may be of any moment, but no object may be in it
/// without those that were there before: an outcome without the last receipt would lose that shard.
#[tokio::test]
async fn what_appears_meanwhile_is_never_there_without_what_came_before_it() {
    for slow in [objects::RECEIPTS, objects::ACCEPTS, objects::ROUNDS, objects::GENERATIONS] {
        let stored = Stored::running().await;
        let later = Duration::from_millis(300);
        let planted = stored.rules.plant(Calls::of(Verb::List).under(slow), Trouble::DelayAnswer(later));
        let rival = async {
            while planted.fired() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // The list has been made by now, and is answered later.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let last = receipt(1, 1, 0);
            stored.put(&objects::receipt(&last.shard, 0), &last).await;
            stored.put(objects::OUTCOME, &Verdict::Publish).await;
            stored.put(objects::CATALOG, &serde_json::json!({})).await;
        };
        let (found, ()) = tokio::join!(read(&stored), rival);
        let found = found.unwrap().unwrap();
        let has_last = found.ends.iter().any(|end| *end == RoundEnd::Receipt(Arc::new(receipt(1, 1, 0))));
        assert!(has_last || found.outcome.is_none(), "{slow}: the outcome without the last receipt");
        assert!(found.outcome.is_some() || !found.catalog, "{slow}: the catalog without the outcome");
        let after = read(&stored).await.unwrap().unwrap();
        assert!(after.catalog && after.ends.len() == 5, "{slow}: the next time all of it is there");
    }
}
