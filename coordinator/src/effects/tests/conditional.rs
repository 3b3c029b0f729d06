use super::{
    walk::{Case, Met, Seen, walk_all},
    world::{World, job, mark, part, receipt},
};
use crate::effects::Order;
use futures::FutureExt;
use std::sync::Arc;
use tarquet_common::{
    codes::{cluster, plan as codes},
    failure::Failure,
    ids::ShardId,
    origin::Origin,
    receipt::{Artifact, Counts, Receipt},
    store::Metadata,
};
use tarquet_core::{
    AcceptObject, Catalog, Outcome, Reopen, RoundsObject, Upload, Verdict, VoidArtifacts, WhyReopen,
};
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

const FRESH: &[(Verb, u64)] = &[(Verb::PutIfAbsent, 1)];
const TAKEN: &[(Verb, u64)] = &[(Verb::Get, 1), (Verb::PutIfAbsent, 1)];
/// For a receipt of the round before, of each shard that has none here.
const LOOKED: &[(Verb, u64)] = &[(Verb::Get, 2), (Verb::PutIfAbsent, 1)];
const LOOKED_ONE: &[(Verb, u64)] = &[(Verb::Get, 1), (Verb::PutIfAbsent, 1)];
const LOOKED_TAKEN: &[(Verb, u64)] = &[(Verb::Get, 2), (Verb::PutIfAbsent, 1)];
const COUNTED: &[(Verb, u64)] = &[(Verb::List, 1), (Verb::PutIfAbsent, 1)];

/// A case in which others have carried out some orders before.
macro_rules! case {
    ($name:literal, $calls:expr, $ours:expr $(, after $theirs:expr)*) => {
        Case::strict($name, $calls, |w| {
            async move {
                $( w.rival($theirs(w)).await; )*
                $ours(w)
            }
            .boxed()
        })
    };
}

fn receipt_of(w: &World, attempt: u32) -> Order {
    Order::StoreReceipt { at: w.at(), receipt: Arc::new(receipt(attempt)) }
}

fn rounds_of(w: &World, shards: &[u32], artifacts: Vec<VoidArtifacts>) -> Order {
    let shards = shards.iter().map(|shard| Reopen { stage: 1, shard: *shard, round: 1 }).collect();
    let rounds = RoundsObject { number: 1, why: WhyReopen::Retry, shards };
    Order::OpenRounds { at: w.at(), rounds, artifacts }
}

fn accept_of(w: &World, shard: u32) -> Order {
    let excluded = vec![(shard, Failure::new(codes::NO_MATCH, "why"))];
    let accept = AcceptObject { number: 1, stage: 1, quarantined: 3, excluded };
    Order::StoreAccept { at: w.at(), accept }
}

fn publish(w: &World) -> Order {
    Order::StoreOutcome { at: w.at(), verdict: Verdict::Publish }
}

fn cancel(w: &World) -> Order {
    Order::StoreOutcome { at: w.at(), verdict: Verdict::Cancel { reason: "enough".to_owned() } }
}

fn catalog_of(w: &World, version: u32, quarantine: &[&str]) -> Order {
    let quarantine = quarantine.iter().map(|name| (*name).to_owned()).collect();
    let catalog = Catalog {
        version,
        job: job(1),
        name: "a job".to_owned(),
        kind: "test".to_owned(),
        artifacts: Vec::new(),
        quarantine,
        counts: Counts::default(),
        excluded: Vec::new(),
    };
    Order::StoreCatalog { at: w.at(), catalog }
}

fn raise(w: &World) -> Order {
    Order::RaiseGeneration { at: w.at(), above: 1 }
}

const CASES: [Case; 16] = [
    case!("a receipt", FRESH, |w| receipt_of(w, 1)),
    case!("a receipt that is there", FRESH, |w| receipt_of(w, 1), after | w | receipt_of(w, 1)),
    case!("a receipt of another attempt is there", TAKEN, |w| receipt_of(w, 1), after | w | receipt_of(w, 2)),
    case!("rounds", LOOKED, |w| rounds_of(w, &[7, 8], Vec::new())),
    case!(
        "rounds that are there",
        LOOKED_ONE,
        |w| rounds_of(w, &[7], Vec::new()),
        after | w | rounds_of(w, &[7], Vec::new())
    ),
    case!(
        "other rounds of the number are there",
        LOOKED_TAKEN,
        |w| rounds_of(w, &[7], Vec::new()),
        after | w | rounds_of(w, &[9], Vec::new())
    ),
    case!("an accept", FRESH, |w| accept_of(w, 7)),
    case!("an accept that is there", FRESH, |w| accept_of(w, 7), after | w | accept_of(w, 7)),
    case!("another accept of the number is there", TAKEN, |w| accept_of(w, 7), after | w | accept_of(w, 8)),
    case!("an outcome", FRESH, publish),
    case!("an outcome that is there", FRESH, publish, after publish),
    case!("another outcome is there", TAKEN, publish, after cancel),
    case!("a catalog", FRESH, |w| catalog_of(w, 2, &["q"])),
    case!(
        "a catalog that is there",
        FRESH,
        |w| catalog_of(w, 2, &["q"]),
        after | w | catalog_of(w, 2, &["q"])
    ),
    case!(
        "the catalog of another release is there",
        TAKEN,
        |w| catalog_of(w, 2, &["q"]),
        after | w | catalog_of(w, 1, &["q"])
    ),
    case!("another catalog is there", TAKEN, |w| catalog_of(w, 2, &["q"]), after | w | catalog_of(w, 2, &[])),
];

#[tokio::test]
async fn every_call_of_a_conditional_object_meets_every_trouble() {
    assert_eq!(walk_all(&CASES).await, 72);
}

/// A number that may have been ours is gone without; what counts is that the one that is answered is ours alone and the
/// highest.
fn ours_is_highest(_: &Met, seen: &mut Seen) {
    let prefix = format!("out.tarquet/jobs/{}/generations/", job(1));
    if let Outcome::GenerationRaised { generation, .. } = &mut seen.outcome {
        let mut raised = seen.all.objects.iter().filter(|(key, _)| key.starts_with(&prefix));
        let (highest, (text, _)) = raised.next_back().unwrap();
        assert_eq!(*highest, format!("{prefix}{generation:010}"));
        assert!(text.contains("\"ours\""), "{text}");
        *generation = 0;
    }
    seen.all.objects.retain(|key, (text, _)| !key.starts_with(&prefix) || !text.contains("\"ours\""));
}

#[tokio::test]
async fn every_call_of_a_generation_meets_every_trouble() {
    let strict = [
        case!("the first generation", COUNTED, raise),
        case!("a generation above a rival's two", COUNTED, raise, after raise, after raise),
    ];
    let cases = strict.map(|case| Case { forgive: ours_is_highest, ..case });
    assert_eq!(walk_all(&cases).await, 12);
}

/// As when rivals raise it between the list and the write.
#[tokio::test]
async fn a_number_that_a_rival_takes_meanwhile_is_left_to_it() {
    for (verb, n) in [(Verb::Get, 1), (Verb::Get, 2), (Verb::PutIfAbsent, 2), (Verb::PutIfAbsent, 3)] {
        for trouble in [Trouble::Nothing, Trouble::Before(lost_answer()), Trouble::After(lost_answer())] {
            let world = World::new();
            world.rival(raise(&world)).await;
            world.rival(raise(&world)).await;
            let before = world.everything().await;
            let late = world.plant(Calls::of(Verb::List).once(), Trouble::Absent);
            let met = world.plant(Calls::of(verb).nth(n), trouble.clone());
            let mut outcome = world.carry_out(raise(&world)).await;
            assert_eq!((late.fired(), met.fired()), (1, 1));
            world.heal();
            if !matches!(trouble, Trouble::Nothing) {
                assert!(matches!(outcome, Outcome::EffectFailed { .. }), "{outcome:?}");
                outcome = world.carry_out(raise(&world)).await;
            }
            let Outcome::GenerationRaised { generation, .. } = outcome else { panic!("{outcome:?}") };
            let skipped = u32::from(n == 3 && matches!(trouble, Trouble::After(_)));
            assert_eq!(generation, 4 + skipped, "above 1 the rival has 2 and 3");
            for (key, there) in &before.objects {
                assert_eq!(world.everything().await.objects.get(key), Some(there));
            }
        }
    }
}

/// What lies under the parts' names: of shard 7 the second, as this job's; of shard 8 another's; of shard 9 nothing.
async fn some_visible(w: &World) -> Vec<VoidArtifacts> {
    let ours = mark(&receipt(1));
    let other = ShardId { job: job(2), ..ours.shard.clone() };
    w.put("out", &part(1), "ours", &ours.metadata()).await;
    w.put("out", &part(2), "theirs", &Origin { shard: other, ..ours }.metadata()).await;
    let names = |shard, parts: &[u32]| VoidArtifacts {
        stage: 1,
        shard,
        uploads: parts.iter().map(|n| Upload { name: part(*n), upload_id: "gone".to_owned() }).collect(),
    };
    vec![names(7, &[0, 1]), names(8, &[2]), names(9, &[3])]
}

/// Four names are looked at; of the two shards of which nothing is visible the first upload is aborted, and its name looked at
/// once more.
const ROUNDS: &[(Verb, u64)] = &[(Verb::Head, 6), (Verb::PutIfAbsent, 1), (Verb::AbortUpload, 2)];

#[tokio::test]
async fn every_call_of_rounds_over_artifacts_meets_every_trouble() {
    let case = Case {
        // `a_round_that_should_not_be_overwrites_nothing`
        spare: |met| met.is_absent(Verb::Head),
        ..Case::strict("rounds of shards with artifacts", ROUNDS, |w| {
            async move {
                let artifacts = some_visible(w).await;
                rounds_of(w, &[7, 8, 9], artifacts)
            }
            .boxed()
        })
    };
    assert_eq!(case.walk().await, 24);
}

#[tokio::test]
async fn only_what_is_visible_as_ours_is_left_out_of_rounds() {
    let world = World::new();
    let artifacts = some_visible(&world).await;
    let outcome = world.carry_out(rounds_of(&world, &[7, 8, 9], artifacts)).await;
    let Outcome::RoundsOpened { rounds, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(rounds.shards.iter().map(|s| s.shard).collect::<Vec<_>>(), [8, 9]);
}

/// A request to complete an upload that was lost on its way and comes late, or another coordinator's.
#[tokio::test]
async fn nothing_of_a_round_that_is_over_becomes_visible() {
    for late in [false, true] {
        let world = World::new();
        let mut old = receipt(1);
        for n in [0, 1] {
            let artifact = world.upload("out", &part(n), "of the old round", &mark(&old).metadata()).await;
            old.artifacts.push(Artifact { partition: n, ..artifact });
        }
        let uploads: Vec<Upload> = old
            .artifacts
            .iter()
            .map(|a| Upload { name: a.name.clone(), upload_id: a.upload_id.clone() })
            .collect();
        let void = vec![VoidArtifacts { stage: 1, shard: 7, uploads }];
        let publish = Order::PublishShard { at: world.at(), receipt: Arc::new(old) };
        if !late {
            let published = world.rival(publish.clone()).await;
            assert!(matches!(published, Outcome::ShardPublished { .. }), "{published:?}");
        }
        let outcome = world.carry_out(rounds_of(&world, &[7], void)).await;
        let Outcome::RoundsOpened { rounds, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(rounds.shards.len(), usize::from(late), "what is visible is not opened");
        if late {
            let published = world.rival(publish).await;
            let lost = matches!(published, Outcome::UploadLost { partly_published: false, .. });
            assert!(lost, "{published:?}");
            assert!(
                world.everything().await.objects.keys().all(|key| !key.starts_with("out/part")),
                "nothing of it"
            );
        }
    }
}

/// If a store hides an artifact that is there, its shard is done again; what is visible stays as it is all the same.
#[tokio::test]
async fn a_round_that_should_not_be_overwrites_nothing() {
    let world = World::new();
    let artifacts = some_visible(&world).await;
    let before = world.everything().await;
    world.plant(Calls::of(Verb::Head).with(&part(1)), Trouble::Absent);
    let outcome = world.carry_out(rounds_of(&world, &[7, 8, 9], artifacts)).await;
    let Outcome::RoundsOpened { rounds, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(rounds.shards.len(), 3);
    world.heal();
    let mut next = Receipt { round: 1, ..receipt(2) };
    let artifact = world.upload("out", &part(1), "once more", &mark(&next).metadata()).await;
    next.artifacts.push(Artifact { partition: 1, ..artifact });
    let published = world.carry_out(Order::PublishShard { at: world.at(), receipt: Arc::new(next) }).await;
    assert!(matches!(&published, Outcome::ShardForeign { name, .. } if *name == part(1)), "{published:?}");
    let after = world.everything().await;
    assert!(before.objects.iter().all(|(key, there)| after.objects.get(key) == Some(there)));
}

#[tokio::test]
async fn what_another_wrote_is_what_the_outcome_says() {
    let world = World::new();
    world.rival(receipt_of(&world, 2)).await;
    world.rival(cancel(&world)).await;
    world.rival(accept_of(&world, 8)).await;
    world.rival(rounds_of(&world, &[9], Vec::new())).await;
    world.rival(catalog_of(&world, 2, &[])).await;
    let taken = world.carry_out(receipt_of(&world, 1)).await;
    assert_eq!(taken, Outcome::ReceiptTaken(Arc::new(receipt(2))));
    let said = world.carry_out(publish(&world)).await;
    let verdict = Verdict::Cancel { reason: "enough".to_owned() };
    assert_eq!(said, Outcome::OutcomeStored { job: job(1), verdict });
    let said = world.carry_out(accept_of(&world, 7)).await;
    assert!(matches!(&said, Outcome::AcceptStored { accept, .. } if accept.excluded[0].0 == 8), "{said:?}");
    let said = world.carry_out(rounds_of(&world, &[7], Vec::new())).await;
    assert!(matches!(&said, Outcome::RoundsOpened { rounds, .. } if rounds.shards[0].shard == 9), "{said:?}");
    let said = world.carry_out(catalog_of(&world, 2, &["q"])).await;
    assert_eq!(said, Outcome::CatalogDiffers(job(1)));
    let said = world.carry_out(catalog_of(&world, 3, &[])).await;
    assert_eq!(said, Outcome::CatalogStored(job(1)), "another version says the same");
}

/// A store that is still catching up, and an object that somebody has damaged: neither is taken for ours.
#[tokio::test]
async fn an_object_that_does_not_read_back_is_a_failure_that_names_it() {
    for damaged in [false, true] {
        let world = World::new();
        let key = format!("out.tarquet/jobs/{}", job(1));
        world.put(&key, "outcome.json", "{\"outcome\":\"pub", &Metadata::new()).await;
        if !damaged {
            world.plant(Calls::of(Verb::Get), Trouble::Absent);
        }
        let outcome = world.carry_out(publish(&world)).await;
        let Outcome::EffectFailed { failure, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(failure.code, cluster::JOB_OBJECT_DAMAGED);
        assert!(failure.place.uri.unwrap().ends_with("/outcome.json"), "{}", failure.message);
    }
}
