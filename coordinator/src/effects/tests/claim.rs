use super::{
    walk::{Case, again, walk_all},
    world::{World, job},
};
use crate::{
    effects::Order,
    objects::{Claim, earlier_claim_place},
    rebuild::{snapshot, was_begun},
};
use futures::FutureExt;
use tarquet_common::{
    codes::plan,
    store::{Metadata, Stores, Uri},
};
use tarquet_core::{Ask, Effect, EffectKey, Outcome, Settings, State, handle};
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

const CLAIM: &str = "out.tarquet/claim";

const CASES: [Case; 4] = [
    Case::strict("an output that is free", &[(Verb::Get, 1), (Verb::List, 1), (Verb::PutIfAbsent, 3)], |w| {
        async move { w.claims(1) }.boxed()
    }),
    Case::strict(
        "an output that this job has claimed before",
        &[(Verb::Get, 1), (Verb::PutIfAbsent, 1)],
        |w| {
            async move {
                w.rival(w.claims(1)).await;
                w.claims(1)
            }
            .boxed()
        },
    ),
    Case {
        // `a_rival_between_look_and_claim`
        spare: |met| met.is_absent(Verb::Get),
        ..Case::strict("an output that another job has claimed", &[(Verb::Get, 1)], |w| {
            async move {
                w.rival(w.claims(2)).await;
                w.claims(1)
            }
            .boxed()
        })
    },
    Case {
        // `a_store_that_hides_what_is_there`
        spare: |met| met.is_absent(Verb::List),
        ..Case::strict("an output that is not empty", &[(Verb::Get, 1), (Verb::List, 1)], |w| {
            async move {
                w.put("out", "somebody's", "text", &Metadata::new()).await;
                w.claims(1)
            }
            .boxed()
        })
    },
];

#[tokio::test]
async fn every_call_of_a_claim_meets_every_trouble() {
    assert_eq!(walk_all(&CASES).await, 30);
}

/// Two jobs on one output meet at its claim, wherever each keeps its objects.
#[tokio::test]
async fn two_homes_make_no_two_claims_on_an_output() {
    let world = World::new();
    let elsewhere = |n: u128| {
        let Order::ClaimOutput { mut at, mut asked, again } = world.claims(n) else { panic!("it claims") };
        at.job_uri = world.uri(&format!("registry/home-{n}/jobs/{}", job(n))).to_string();
        asked.job_uri.clone_from(&at.job_uri);
        Order::ClaimOutput { at, asked, again }
    };
    assert_eq!(world.carry_out(elsewhere(1)).await, Outcome::ClaimStored(job(1)));
    for other in [world.claims(2), elsewhere(3)] {
        let Order::ClaimOutput { at, .. } = &other else { panic!("it claims") };
        let taken = Outcome::ClaimTaken { job: at.job.clone(), by: job(1) };
        assert_eq!(world.carry_out(other).await, taken);
    }
    let (text, _) = world.everything().await.objects[CLAIM].clone();
    let claim: Claim = serde_json::from_str(&text).unwrap();
    let at = format!("DIR/registry/home-1/jobs/{}", job(1));
    assert!(claim.job_uri.unwrap().ends_with(&at), "who reads the claim finds the job");
}

/// The release before put the claim into the home that the spec names. Its job goes on, and keeps its output.
#[tokio::test]
async fn a_claim_of_the_release_before_still_counts() {
    let world = World::new();
    let output = world.uri("out");
    let home = world.uri("registry/home");
    let (_, key) = earlier_claim_place(&output, &home).unwrap();
    let claim = serde_json::json!({ "job": job(1), "output_uri": output.to_string() });
    world.put("registry/home", &key, &claim.to_string(), &Metadata::new()).await;
    let of = |n: u128| {
        let Order::ClaimOutput { mut at, asked, again } = world.claims(n) else { panic!("it claims") };
        at.job_uri = world.uri(&format!("registry/home/jobs/{}", job(n))).to_string();
        Order::ClaimOutput { at, asked, again }
    };
    assert_eq!(world.carry_out(of(2)).await, Outcome::ClaimTaken { job: job(2), by: job(1) });
    assert_eq!(world.carry_out(of(1)).await, Outcome::ClaimStored(job(1)));
}

/// The first time, whoever submits hears of the trouble, and the output is free.
#[tokio::test]
async fn at_first_trouble_before_the_claim_is_an_answer() {
    let calls = [(Verb::Get, 1), (Verb::List, 1), (Verb::PutIfAbsent, 1), (Verb::PutIfAbsent, 2)];
    for (verb, n) in calls {
        let world = World::new();
        let planted = world.plant(Calls::of(verb).nth(n), Trouble::Before(lost_answer()));
        let outcome = world.carry_out(world.claims(1)).await;
        assert!(matches!(outcome, Outcome::ClaimRefused { .. }), "{verb:?} {n}: {outcome:?}");
        assert_eq!(planted.fired(), 1);
        assert!(!world.everything().await.objects.contains_key(CLAIM), "{verb:?} {n}");
        let next = world.carry_out(world.claims(2)).await;
        assert_eq!(next, Outcome::ClaimStored(job(2)), "{verb:?} {n}: the output is free");
    }
}

/// The claim may be there and nobody knows. Were the job forsaken now, its output would be claimed for ever.
#[tokio::test]
async fn once_the_claim_may_be_there_trouble_is_no_answer() {
    for is_there in [true, false] {
        let calls = [(Verb::Get, 1), (Verb::List, 1), (Verb::PutIfAbsent, 1), (Verb::PutIfAbsent, 2)];
        let calls = if is_there { &calls[..1] } else { &calls[..] };
        for (verb, n) in calls.iter().copied() {
            let world = World::new();
            let lost = match is_there {
                true => Trouble::After(lost_answer()),
                false => Trouble::Before(lost_answer()),
            };
            world.plant(Calls::of(Verb::PutIfAbsent).with("claim"), lost);
            let first = world.carry_out(world.claims(1)).await;
            assert!(matches!(first, Outcome::EffectFailed { .. }), "{first:?}");
            world.heal();
            let planted = world.plant(Calls::of(verb).nth(n), Trouble::Before(lost_answer()));
            let second = world.carry_out(again(world.claims(1))).await;
            assert!(matches!(second, Outcome::EffectFailed { .. }), "{verb:?} {n}: {second:?}");
            assert_eq!(planted.fired(), 1);
            world.heal();
            let third = world.carry_out(again(world.claims(1))).await;
            assert_eq!(third, Outcome::ClaimStored(job(1)));
        }
    }
}

/// The core starts the effect once more, and its order says that it is not the first.
#[test]
fn an_order_that_is_given_again_says_so() {
    let world = World::new();
    let mut state = State::new(Settings::default());
    handle(&mut state, &Ask::Start { unix_ms: 1 }, 0);
    let is_again = |state: &State, effects: Vec<Effect>| match Order::of(state, effects[0].clone()) {
        Some(Order::ClaimOutput { again, .. }) => again,
        other => panic!("{other:?}"),
    };
    let submitted = handle(&mut state, &Ask::Submit(Box::new(world.asked(1))), 0);
    assert!(!is_again(&state, submitted.effects));
    let effect = EffectKey::Claim(job(1));
    let failed = Outcome::EffectFailed { effect, failure: lost_answer().into_failure() };
    handle(&mut state, &failed, 0);
    let due = state.next_wakeup().unwrap();
    let ticked = handle(&mut state, &Ask::Tick { unix_ms: 1 }, due);
    assert!(is_again(&state, ticked.effects));
}

/// Also later, what is found in the output refuses the job: the claim was looked at, and is not there.
#[tokio::test]
async fn an_output_that_fills_meanwhile_is_refused_later_too() {
    let world = World::new();
    world.plant(Calls::of(Verb::PutIfAbsent).with("claim"), Trouble::Before(lost_answer()));
    world.carry_out(world.claims(1)).await;
    world.heal();
    world.put("out", "somebody's", "text", &Metadata::new()).await;
    let outcome = world.carry_out(again(world.claims(1))).await;
    let Outcome::ClaimRefused { failure, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((failure.code, failure.found.as_deref()), (plan::OUTPUT_NOT_EMPTY, Some("somebody's")));
    assert!(!world.everything().await.objects.contains_key(CLAIM));
}

#[tokio::test]
async fn a_rival_between_look_and_claim() {
    let world = World::new();
    world.rival(world.claims(2)).await;
    let before = world.everything().await;
    let late = world.plant(Calls::of(Verb::Get).nth(1), Trouble::Absent);
    let outcome = world.carry_out(world.claims(1)).await;
    assert_eq!(late.fired(), 1);
    assert_eq!(outcome, Outcome::ClaimTaken { job: job(1), by: job(2) });
    let after = world.everything().await;
    for (key, there) in &before.objects {
        assert_eq!(after.objects.get(key), Some(there), "{key} is the rival's");
    }
    let new: Vec<_> = after.objects.keys().filter(|key| !before.objects.contains_key(*key)).collect();
    assert!(new.iter().all(|key| key.contains(job(1).as_str())), "only ours are new: {new:?}");
    let (stores, at) = (Stores::new(), world.at());
    let found = snapshot(&stores, &Uri::parse_here(&at.job_uri).unwrap(), &at.store).await.unwrap().unwrap();
    assert!(!was_begun(&found), "whoever finds it later leaves it alone");
}

/// No store does that; if one did, the job's own check before it publishes finds what was hidden.
#[tokio::test]
async fn a_store_that_hides_what_is_there() {
    let world = World::new();
    world.put("out", "somebody's", "text", &Metadata::new()).await;
    world.plant(Calls::of(Verb::List).nth(1), Trouble::Absent);
    assert_eq!(world.carry_out(world.claims(1)).await, Outcome::ClaimStored(job(1)));
    let listed = world.carry_out(Order::ListOutput { at: world.at() }).await;
    let foreign = vec!["somebody's".to_owned()];
    assert_eq!(listed, Outcome::OutputListed { job: job(1), foreign });
}
