use super::{
    walk::{Case, walk_all},
    world::{World, mark, part, receipt, shard},
};
use crate::effects::Order;
use futures::FutureExt;
use std::sync::Arc;
use tarquet_common::{
    receipt::{Artifact, Receipt},
    store::Metadata,
};
use tarquet_core::{Outcome, Verdict};
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

fn publishes(w: &World, receipt: &Arc<Receipt>) -> Order {
    Order::PublishShard { at: w.at(), receipt: Arc::clone(receipt), early: false }
}

/// Before there is an outcome.
fn publishes_early(w: &World, receipt: &Arc<Receipt>) -> Order {
    Order::PublishShard { at: w.at(), receipt: Arc::clone(receipt), early: true }
}

/// Somebody says how the job ends.
async fn ends(w: &World, verdict: Verdict) {
    w.rival(Order::StoreOutcome { at: w.at(), verdict }).await;
}

const EARLY: &[(Verb, u64)] =
    &[(Verb::Head, 2), (Verb::Get, 1), (Verb::ListParts, 2), (Verb::CompleteUpload, 2)];

/// Of a job that another coordinator has ended nothing becomes visible: the output may be another job's by now.
#[tokio::test]
async fn a_job_that_was_ended_elsewhere_publishes_nothing() {
    let cancel = || Verdict::Cancel { reason: "enough".to_owned() };
    let fail = || Verdict::Fail { failure: Box::new(lost_answer().into_failure()) };
    for verdict in [cancel(), fail()] {
        let world = World::new();
        let receipt = world.finished(&["one", "and two"]).await;
        ends(&world, verdict).await;
        let before = world.everything().await;
        let said = world.carry_out(publishes_early(&world, &receipt)).await;
        assert_eq!(said, Outcome::EndedElsewhere { shard: shard(), round: 0 });
        assert_eq!(world.everything().await, before);
    }
    let cases = [
        Case {
            // A store that hides the outcome: the uploads are aborted by then, as the sweep's tests show.
            spare: |met| met.is_absent(Verb::Get),
            ..Case::strict("a job that was ended elsewhere", &[(Verb::Get, 1)], |w| {
                async move {
                    let receipt = w.finished(&["one"]).await;
                    ends(w, Verdict::Cancel { reason: "enough".to_owned() }).await;
                    publishes_early(w, &receipt)
                }
                .boxed()
            })
        },
        Case::strict("a job without an outcome", EARLY, |w| {
            async move { publishes_early(w, &w.finished(&["one", "and two"]).await) }.boxed()
        }),
    ];
    assert_eq!(walk_all(&cases).await, TROUBLES_EARLY);
}

const TROUBLES_EARLY: usize = 35;

async fn complete(w: &World, artifact: &Artifact) {
    let Artifact { name, upload_id, parts, .. } = artifact;
    w.output().complete_upload(name, upload_id, parts, true).await.unwrap();
}

async fn abort(w: &World, artifact: &Artifact) {
    w.output().abort_upload(&artifact.name, &artifact.upload_id).await.unwrap();
}

/// A case of a receipt with two artifacts, to which something happened.
macro_rules! case {
    ($name:literal, $calls:expr, |$w:ident, $artifacts:ident| $happened:expr) => {
        Case::strict($name, $calls, |$w| {
            async move {
                let receipt = $w.finished(&["one", "and two"]).await;
                let $artifacts = &receipt.artifacts;
                let () = $happened;
                publishes($w, &receipt)
            }
            .boxed()
        })
    };
}

const PUBLISHED: &[(Verb, u64)] = &[(Verb::Head, 2), (Verb::ListParts, 2), (Verb::CompleteUpload, 2)];
const SECOND: &[(Verb, u64)] = &[(Verb::Head, 2), (Verb::ListParts, 2), (Verb::CompleteUpload, 1)];
const LOOKED: &[(Verb, u64)] = &[(Verb::Head, 2), (Verb::ListParts, 2)];
const LOST: &[(Verb, u64)] = &[(Verb::Head, 1), (Verb::ListParts, 2)];

#[tokio::test]
async fn every_call_of_a_publish_meets_every_trouble() {
    let cases = [
        case!("two uploads", PUBLISHED, |w, _a| ()),
        case!("the first is visible", SECOND, |w, a| complete(w, &a[0]).await),
        case!("the second is visible", SECOND, |w, a| complete(w, &a[1]).await),
        case!("both are visible", LOOKED, |w, a| {
            complete(w, &a[0]).await;
            complete(w, &a[1]).await;
        }),
        case!("the first upload is gone", LOST, |w, a| abort(w, &a[0]).await),
        case!("the second upload is gone", LOST, |w, a| abort(w, &a[1]).await),
        case!("the first is visible, the second upload gone", LOOKED, |w, a| {
            complete(w, &a[0]).await;
            abort(w, &a[1]).await;
        }),
        case!("the second upload holds something else", LOST, |w, a| {
            let other = "an".as_bytes().into();
            w.output().upload_part(&a[1].name, &a[1].upload_id, 1, other).await.unwrap();
        }),
        case!("another's object under the first key", LOST, |w, _a| {
            w.put("out", &part(0), "theirs", &Metadata::new()).await;
        }),
        case!("another's object under the second key", SECOND, |w, _a| {
            w.put("out", &part(1), "theirs", &Metadata::new()).await;
        }),
        case!("another's object, and no upload", LOST, |w, a| {
            w.put("out", &part(1), "theirs", &Metadata::new()).await;
            abort(w, &a[1]).await;
        }),
        case!("another's object with the same bytes", SECOND, |w, _a| {
            w.put("out", &part(1), "and two", &Metadata::new()).await;
        }),
        case!("an object of another attempt", SECOND, |w, _a| {
            w.put("out", &part(1), "and two", &mark(&receipt(2)).metadata()).await;
        }),
        case!("an object of another round", SECOND, |w, _a| {
            let earlier = Receipt { round: 3, ..receipt(1) };
            w.put("out", &part(1), "and two", &mark(&earlier).metadata()).await;
        }),
        case!("an object with our mark and another size", SECOND, |w, _a| {
            w.put("out", &part(1), "two", &mark(&receipt(1)).metadata()).await;
        }),
    ];
    assert_eq!(walk_all(&cases).await, 274);
}

#[tokio::test]
async fn a_receipt_without_artifacts_is_published_without_a_call() {
    let case =
        Case::strict("no artifacts", &[], |w| async move { publishes(w, &w.finished(&[]).await) }.boxed());
    assert_eq!(case.walk().await, 0);
}

async fn outcome_after(happened: impl AsyncFn(&World, &[Artifact])) -> (World, Outcome) {
    let world = World::new();
    let receipt = world.finished(&["one", "and two"]).await;
    happened(&world, &receipt.artifacts).await;
    let outcome = world.carry_out(publishes(&world, &receipt)).await;
    (world, outcome)
}

fn lost(n: u32, partly_published: bool) -> Outcome {
    Outcome::UploadLost { shard: shard(), round: 0, name: part(n), partly_published }
}

fn foreign(n: u32, of_this_job: bool) -> Outcome {
    Outcome::ShardForeign { shard: shard(), round: 0, name: part(n), of_this_job }
}

async fn visible(world: &World) -> Vec<String> {
    let all = world.everything().await;
    all.objects.into_keys().filter(|key| key.starts_with("out/")).collect()
}

#[tokio::test]
async fn nothing_is_completed_where_an_upload_is_lost() {
    let (world, outcome) = outcome_after(async |w, a| abort(w, &a[1]).await).await;
    assert_eq!(outcome, lost(1, false));
    assert!(visible(&world).await.is_empty());
    let (world, outcome) = outcome_after(async |w, a| {
        complete(w, &a[0]).await;
        abort(w, &a[1]).await;
    })
    .await;
    assert_eq!(outcome, lost(1, true));
    assert_eq!(visible(&world).await.len(), 1);
    let (world, outcome) = outcome_after(async |w, a| {
        complete(w, &a[1]).await;
        abort(w, &a[0]).await;
    })
    .await;
    assert_eq!(outcome, lost(0, true), "whichever of them is visible");
    assert_eq!(visible(&world).await.len(), 1);
}

/// A list of parts that is not the receipt's, and one that is not there: neither is completed.
#[tokio::test]
async fn an_upload_that_is_not_the_receipts_is_lost() {
    for trouble in [Trouble::Absent, Trouble::WrongEtag("another".to_owned())] {
        for n in [1, 2] {
            let (world, outcome) = outcome_after(async |w, _| {
                w.plant(Calls::of(Verb::ListParts).nth(n), trouble.clone());
            })
            .await;
            assert_eq!(outcome, lost(u32::try_from(n).unwrap() - 1, false));
            let all = world.everything().await;
            assert_eq!((all.objects.len(), all.uploads.len()), (0, 2), "both uploads are left as they are");
        }
    }
}

/// The rival's object comes to be between the look at the key and the Complete.
#[tokio::test]
async fn a_rivals_object_is_never_replaced() {
    for (bytes, metadata) in
        [("theirs", Metadata::new()), ("and two", Metadata::new()), ("and two", mark(&receipt(2)).metadata())]
    {
        let (world, outcome) = outcome_after(async |w, _| {
            w.put("out", &part(1), bytes, &metadata).await;
            w.plant(Calls::of(Verb::Head).with(&part(1)).once(), Trouble::Absent);
        })
        .await;
        // One of this job is no stranger's: another attempt of it was published by somebody who is further.
        let of_this_job = metadata == mark(&receipt(2)).metadata();
        assert_eq!(outcome, foreign(1, of_this_job));
        let there = world.output().get(&part(1), 100).await.unwrap().unwrap();
        assert_eq!((&there.bytes[..], &there.meta.metadata), (bytes.as_bytes(), &metadata));
    }
}

/// The key is looked at once more where the upload is gone: it may be gone because it was completed.
#[tokio::test]
async fn what_becomes_visible_between_two_looks_is_published() {
    let (world, outcome) = outcome_after(async |w, _| {
        w.plant(Calls::of(Verb::CompleteUpload).with(&part(1)), Trouble::Unclear { done: true });
        w.plant(Calls::of(Verb::Head).with(&part(1)).nth(2), Trouble::Absent);
    })
    .await;
    assert_eq!(outcome, Outcome::ShardPublished { shard: shard(), round: 0 });
    assert_eq!(visible(&world).await.len(), 2);
}

#[tokio::test]
async fn one_unclear_answer_is_settled_and_a_second_is_lost() {
    let unclear = |done| Trouble::Unclear { done };
    let at = |n| Calls::of(Verb::CompleteUpload).with(&part(1)).nth(n);
    let published = Outcome::ShardPublished { shard: shard(), round: 0 };
    for (first, second, expected) in [
        (unclear(true), Trouble::Nothing, published.clone()),
        (unclear(false), Trouble::Nothing, published.clone()),
        (unclear(false), unclear(true), published.clone()),
        (Trouble::Absent, Trouble::Nothing, published.clone()),
        (unclear(false), unclear(false), lost(1, true)),
        (Trouble::Absent, Trouble::Absent, lost(1, true)),
    ] {
        let (world, outcome) = outcome_after(async |w, _| {
            w.plant(at(1), first.clone());
            w.plant(at(2), second.clone());
        })
        .await;
        assert_eq!(outcome, expected, "{first:?}, then {second:?}");
        let visible = visible(&world).await.len();
        assert_eq!(visible, if outcome == published { 2 } else { 1 });
    }
}

/// A part that an answer was lost of is looked at before it is completed once more.
#[tokio::test]
async fn a_complete_whose_answer_was_lost_is_not_made_twice() {
    let world = World::new();
    let receipt = world.finished(&["one"]).await;
    let calls = world.plant(Calls::of(Verb::CompleteUpload), Trouble::After(lost_answer()));
    let first = world.carry_out(publishes(&world, &receipt)).await;
    assert!(matches!(first, Outcome::EffectFailed { .. }), "{first:?}");
    let second = world.carry_out(publishes(&world, &receipt)).await;
    assert_eq!(second, Outcome::ShardPublished { shard: shard(), round: 0 });
    assert_eq!(calls.seen(), 1);
}
