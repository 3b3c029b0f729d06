use super::{
    walk::{Case, Met, Seen, walk_all},
    world::{World, job},
};
use crate::effects::Order;
use futures::FutureExt;
use std::sync::Arc;
use tarquet_common::{
    codes::{cluster, plan as codes, store},
    store::Metadata,
};
use tarquet_core::{JobRow, Outcome};
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

fn plans(w: &World, stage: u8) -> Order {
    Order::PlanStage { at: w.at(), job: Arc::new(w.row()), stage, receipts: Vec::new() }
}

fn plans_called(w: &World, name: &str) -> Order {
    let job = Arc::new(JobRow { name: name.to_owned(), ..w.row() });
    Order::PlanStage { at: w.at(), job, stage: 1, receipts: Vec::new() }
}

fn chosen(stage: u8) -> String {
    format!("plans/{stage:03}.json")
}

/// Where a store was seen to lie, the plan says so; it is the same plan all the same.
fn but_for_warnings(met: &Met, seen: &mut Seen) {
    if !met.is_lie() {
        return;
    }
    if let Outcome::StagePlanned { plan, .. } = &mut seen.outcome {
        plan.warnings.clear();
    }
    let key = format!("out.tarquet/jobs/{}/{}", job(1), chosen(0));
    if let Some((text, _)) = seen.all.objects.get_mut(&key) {
        let mut object: serde_json::Value = serde_json::from_str(text).unwrap();
        object["warnings"] = serde_json::json!([]);
        *text = serde_json::to_string_pretty(&object).unwrap();
    }
}

const PROBED: &[(Verb, u64)] = &[
    (Verb::Head, 1),
    (Verb::Get, 4),
    (Verb::GetRange, 4),
    (Verb::List, 1),
    (Verb::PutIfAbsent, 10),
    (Verb::Put, 2),
    (Verb::Delete, 1),
    (Verb::BeginUpload, 1),
    (Verb::UploadPart, 1),
    (Verb::CompleteUpload, 1),
    (Verb::AbortUpload, 1),
];
const PLANNED: &[(Verb, u64)] = &[(Verb::Get, 1), (Verb::GetRange, 2), (Verb::PutIfAbsent, 2)];
const CHOSEN: &[(Verb, u64)] = &[(Verb::Get, 1), (Verb::GetRange, 2)];

#[tokio::test]
async fn every_call_of_a_plan_meets_every_trouble() {
    let cases = [
        Case {
            forgive: but_for_warnings,
            ..Case::strict("the first stage", PROBED, |w| async move { plans(w, 0) }.boxed())
        },
        Case::strict("a later stage", PLANNED, |w| async move { plans(w, 1) }.boxed()),
        Case {
            // `of_two_plans_the_one_that_was_chosen_first_counts`
            spare: |met| met.is_absent(Verb::Get),
            ..Case::strict("a stage that is planned", CHOSEN, |w| {
                async move {
                    w.rival(plans(w, 1)).await;
                    plans(w, 1)
                }
                .boxed()
            })
        },
        Case::strict("a stage whose plan is there and not chosen", PLANNED, |w| {
            async move {
                w.carry_out(plans(w, 1)).await;
                w.job_store().delete(&chosen(1)).await.unwrap();
                plans(w, 1)
            }
            .boxed()
        }),
    ];
    assert_eq!(walk_all(&cases).await, 115);
}

/// Two coordinators plan the stage at the same time, and their plans differ: both are there whole, one counts.
#[tokio::test]
async fn of_two_plans_the_one_that_was_chosen_first_counts() {
    for trouble in [Trouble::Nothing, Trouble::Before(lost_answer()), Trouble::After(lost_answer())] {
        for n in [1, 2] {
            let world = World::new();
            let Outcome::StagePlanned { plan: theirs, .. } = world.rival(plans(&world, 1)).await else {
                panic!("the rival plans")
            };
            let before = world.everything().await;
            let late = world.plant(Calls::of(Verb::Get).with(&chosen(1)).once(), Trouble::Absent);
            let met = world.plant(Calls::of(Verb::PutIfAbsent).nth(n), trouble.clone());
            let mut outcome = world.carry_out(plans(&world, 1)).await;
            assert_eq!((late.fired(), met.fired()), (1, 1));
            world.heal();
            if !matches!(trouble, Trouble::Nothing) {
                assert!(matches!(outcome, Outcome::EffectFailed { .. }), "{outcome:?}");
                outcome = world.carry_out(plans(&world, 1)).await;
            }
            assert_eq!(outcome, Outcome::StagePlanned { job: job(1), plan: theirs });
            let after = world.everything().await;
            assert!(before.objects.iter().all(|(key, there)| after.objects.get(key) == Some(there)));
            assert!(after.objects.len() <= before.objects.len() + 1, "at most our plan, which nobody chose");
        }
    }
}

#[tokio::test]
async fn a_stage_that_cannot_be_planned_is_told_and_what_passes_is_tried_again() {
    let world = World::new();
    let outcome = world.carry_out(plans_called(&world, "impossible")).await;
    let Outcome::StagePlanFailed { stage: 1, failure, fatal: true, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.code, codes::NO_MATCH);
    let outcome = world.carry_out(plans_called(&world, "unreachable")).await;
    let Outcome::EffectFailed { failure, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.code, store::STORE_UNREACHABLE);
    assert!(world.everything().await.objects.is_empty(), "nothing is written of a plan that is none");
}

/// The plan that was chosen is not what its name says, or is gone: nobody works by it, and the failure says where.
#[tokio::test]
async fn a_plan_that_is_damaged_is_a_failure_that_names_it() {
    let world = World::new();
    let planned = world.rival(plans(&world, 1)).await;
    let Outcome::StagePlanned { plan, .. } = planned else { panic!("{planned:?}") };
    let whole = world.job_store().get(&plan.plan_name, u64::MAX).await.unwrap().unwrap().bytes;
    let mut other = whole.to_vec();
    other[20] ^= 1;
    let mut long = whole.to_vec();
    long[8..12].fill(0xff);
    let place = format!("out.tarquet/jobs/{}", job(1));
    for damage in
        [Some(&whole[..5]), Some(&whole[..40]), Some(&other), Some(&long), Some(b"no plan at all!!"), None]
    {
        match damage {
            Some(bytes) => drop(
                world
                    .store(&place)
                    .put(&plan.plan_name, bytes.to_vec().into(), &Metadata::new())
                    .await
                    .unwrap(),
            ),
            None => world.job_store().delete(&plan.plan_name).await.unwrap(),
        }
        let outcome = world.carry_out(plans(&world, 1)).await;
        let Outcome::EffectFailed { failure, .. } = outcome else { panic!("{damage:?}: {outcome:?}") };
        assert_eq!(failure.code, cluster::JOB_OBJECT_DAMAGED, "{damage:?}: {failure:?}");
        assert!(failure.place.uri.unwrap().ends_with(&plan.plan_name), "{damage:?}");
    }
    world.job_store().put(&plan.plan_name, whole, &Metadata::new()).await.unwrap();
    world.put(&place, &chosen(1), "{\"stage\":1,", &Metadata::new()).await;
    let outcome = world.carry_out(plans(&world, 1)).await;
    let Outcome::EffectFailed { failure, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.code, cluster::JOB_OBJECT_DAMAGED);
    assert!(failure.place.uri.unwrap().ends_with(&chosen(1)));
}

/// A store that was seen to lie is used all the same, and the plan says so, also to whoever reads it later.
#[tokio::test]
async fn a_store_that_does_not_keep_its_conditions_is_told_with_the_plan() {
    let world = World::new();
    world.plant(Calls::of(Verb::CompleteUpload), Trouble::Unclear { done: false });
    for _ in 0..2 {
        let Outcome::StagePlanned { plan, .. } = world.carry_out(plans(&world, 0)).await else {
            panic!("it plans")
        };
        assert_eq!(plan.warnings.len(), 1);
        assert!(plan.warnings[0].contains("conditional Complete: false"), "{:?}", plan.warnings);
        world.heal();
    }
}
