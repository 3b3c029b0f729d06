use super::{
    walk::{Case, Met, Seen, case, walk_all},
    world::{World, job, receipt},
};
use crate::effects::Order;
use futures::FutureExt;
use std::sync::Arc;
use tarquet_common::{codes::cluster, receipt::Counts, store::Metadata};
use tarquet_core::{Catalog, Outcome, Verdict};
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

const FRESH: &[(Verb, u64)] = &[(Verb::PutIfAbsent, 1)];
const TAKEN: &[(Verb, u64)] = &[(Verb::Get, 1), (Verb::PutIfAbsent, 1)];
const COUNTED: &[(Verb, u64)] = &[(Verb::List, 1), (Verb::PutIfAbsent, 1)];

fn receipt_of(w: &World, attempt: u32) -> Order {
    Order::StoreReceipt { at: w.at(), receipt: Arc::new(receipt(attempt)) }
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

const CASES: [Case; 10] = [
    case!("a receipt", FRESH, |w| receipt_of(w, 1)),
    case!("a receipt that is there", FRESH, |w| receipt_of(w, 1), after | w | receipt_of(w, 1)),
    case!("a receipt of another attempt is there", TAKEN, |w| receipt_of(w, 1), after | w | receipt_of(w, 2)),
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
    assert_eq!(walk_all(&CASES).await, 36);
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

#[tokio::test]
async fn what_another_wrote_is_what_the_outcome_says() {
    let world = World::new();
    world.rival(receipt_of(&world, 2)).await;
    world.rival(cancel(&world)).await;
    world.rival(catalog_of(&world, 2, &[])).await;
    let taken = world.carry_out(receipt_of(&world, 1)).await;
    assert_eq!(taken, Outcome::ReceiptTaken(Arc::new(receipt(2))));
    let said = world.carry_out(publish(&world)).await;
    let verdict = Verdict::Cancel { reason: "enough".to_owned() };
    assert_eq!(said, Outcome::OutcomeStored { job: job(1), verdict });
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
