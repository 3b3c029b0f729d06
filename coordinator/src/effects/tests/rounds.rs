use super::{
    walk::{Case, case, walk_all},
    world::{World, job, mark, part, receipt},
};
use crate::{effects::Order, objects};
use futures::FutureExt;
use std::sync::Arc;
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    ids::ShardId,
    origin::Origin,
    receipt::{Artifact, Receipt},
};
use tarquet_core::{AcceptObject, Outcome, Reopen, RoundOf, RoundsObject, WhyReopen};
use tarquet_faulty::{Calls, Trouble, Verb};

/// Two rounds end, then the object is written.
const TWO: &[(Verb, u64)] = &[(Verb::PutIfAbsent, 3)];
const ONE: &[(Verb, u64)] = &[(Verb::PutIfAbsent, 2)];
/// The round has ended otherwise, or the number is another's: it is read what is there.
const ONE_TAKEN: &[(Verb, u64)] = &[(Verb::Get, 1), (Verb::PutIfAbsent, 2)];

fn shard(number: u32) -> ShardId {
    ShardId { job: job(1), stage: 1, shard: number }
}

fn rounds_of(w: &World, shards: &[u32]) -> Order {
    let shards = shards.iter().map(|shard| Reopen { stage: 1, shard: *shard, round: 1 }).collect();
    Order::OpenRounds { at: w.at(), rounds: RoundsObject { number: 1, why: WhyReopen::Retry, shards } }
}

fn accept_of(w: &World, shards: &[u32]) -> Order {
    let excluded = shards.iter().map(|shard| (*shard, Failure::new(codes::NO_MATCH, "why"))).collect();
    let rounds = shards.iter().map(|number| RoundOf { shard: shard(*number), round: 0 }).collect();
    let accept = AcceptObject { number: 1, stage: 1, quarantined: 3, excluded };
    Order::StoreAccept { at: w.at(), accept, rounds }
}

/// An attempt of this shard finishes.
fn receipt_of(w: &World, number: u32) -> Order {
    let receipt = Receipt { shard: shard(number), ..receipt(1) };
    Order::StoreReceipt { at: w.at(), receipt: Arc::new(receipt) }
}

fn opened(outcome: &Outcome) -> Vec<u32> {
    let Outcome::RoundsOpened { rounds, .. } = outcome else { panic!("{outcome:?}") };
    rounds.shards.iter().map(|s| s.shard).collect()
}

fn excluded(outcome: &Outcome) -> Vec<u32> {
    let Outcome::AcceptStored { accept, .. } = outcome else { panic!("{outcome:?}") };
    accept.excluded.iter().map(|(shard, _)| *shard).collect()
}

const CASES: [Case; 10] = [
    case!("rounds", TWO, |w| rounds_of(w, &[7, 8])),
    case!("rounds that are there", ONE, |w| rounds_of(w, &[7]), after | w | rounds_of(w, &[7])),
    case!("other rounds of the number", ONE_TAKEN, |w| rounds_of(w, &[7]), after | w | rounds_of(w, &[9])),
    case!("rounds after a receipt", ONE_TAKEN, |w| rounds_of(w, &[7]), after | w | receipt_of(w, 7)),
    case!("an accept", TWO, |w| accept_of(w, &[7, 8])),
    case!("an accept of no shard", &[(Verb::PutIfAbsent, 1)], |w| accept_of(w, &[])),
    case!("an accept that is there", ONE, |w| accept_of(w, &[7]), after | w | accept_of(w, &[7])),
    case!("another accept of the number", ONE_TAKEN, |w| accept_of(w, &[7]), after | w | accept_of(w, &[8])),
    case!("an accept after a receipt", ONE_TAKEN, |w| accept_of(w, &[7]), after | w | receipt_of(w, 7)),
    case!(
        "a receipt after a round",
        &[(Verb::Get, 1), (Verb::PutIfAbsent, 1)],
        |w| receipt_of(w, 7),
        after | w | rounds_of(w, &[7])
    ),
];

#[tokio::test]
async fn every_call_of_the_end_of_a_round_meets_every_trouble() {
    assert_eq!(walk_all(&CASES).await, TROUBLES);
}

/// Each write before and after; each read before, after, absent and with another tag.
const TROUBLES: usize = 2 * 20 + 4 * 5;

/// Whoever comes first has decided how the round ends; each of the others reads that and leaves it so.
#[tokio::test]
async fn of_a_receipt_a_new_round_and_an_accept_one_decides() {
    let world = World::new();
    world.rival(receipt_of(&world, 7)).await;
    world.rival(rounds_of(&world, &[8])).await;
    world.rival(accept_of(&world, &[9])).await;
    for number in [8, 9] {
        let said = world.carry_out(receipt_of(&world, number)).await;
        assert_eq!(said, Outcome::RoundIsOver(RoundOf { shard: shard(number), round: 0 }));
    }
    let Order::OpenRounds { at, rounds } = rounds_of(&world, &[7, 8, 9]) else { panic!("it is rounds") };
    let next = Order::OpenRounds { at, rounds: RoundsObject { number: 2, ..rounds } };
    let said = world.carry_out(next).await;
    assert_eq!(opened(&said), [7, 8], "what is gone without is not opened; what is done and not visible is");
    let Order::StoreAccept { at, accept, rounds } = accept_of(&world, &[7, 8, 9]) else {
        panic!("it is an accept")
    };
    let next = Order::StoreAccept { at, accept: AcceptObject { number: 2, ..accept }, rounds };
    assert_eq!(
        excluded(&world.carry_out(next).await),
        [9],
        "what is done, or open again, is not gone without"
    );
}

#[tokio::test]
async fn what_another_wrote_is_what_the_outcome_says() {
    let world = World::new();
    world.rival(accept_of(&world, &[8])).await;
    world.rival(rounds_of(&world, &[9])).await;
    assert_eq!(excluded(&world.carry_out(accept_of(&world, &[7])).await), [8]);
    assert_eq!(opened(&world.carry_out(rounds_of(&world, &[6])).await), [9]);
}

/// What lies under the parts' names: of shard 7 the second, as this job's; of shard 8 another's; of shard 9 nothing.
/// Each has a receipt.
async fn some_visible(w: &World) {
    let ours = mark(&receipt(1));
    let other = ShardId { job: job(2), ..ours.shard.clone() };
    w.put("out", &part(1), "ours", &ours.metadata()).await;
    w.put("out", &part(2), "theirs", &Origin { shard: other, ..ours }.metadata()).await;
    for (number, parts) in [(7, &[0, 1][..]), (8, &[2]), (9, &[3])] {
        let artifacts = parts.iter().map(|n| Artifact {
            partition: *n,
            name: part(*n),
            upload_id: "gone".to_owned(),
            bytes: 4,
            crc64: String::new(),
            parts: Vec::new(),
            rows: 1,
        });
        let receipt = Receipt { shard: shard(number), artifacts: artifacts.collect(), ..receipt(1) };
        w.rival(Order::StoreReceipt { at: w.at(), receipt: Arc::new(receipt) }).await;
    }
}

/// Four names are looked at; of the two shards of which nothing is visible the first upload is aborted, and its name looked at
/// once more.
const OVER: &[(Verb, u64)] =
    &[(Verb::Head, 6), (Verb::Get, 3), (Verb::PutIfAbsent, 4), (Verb::AbortUpload, 2)];

#[tokio::test]
async fn every_call_of_rounds_over_artifacts_meets_every_trouble() {
    let case = Case {
        // `a_round_that_should_not_be_overwrites_nothing`
        spare: |met| met.is_absent(Verb::Head),
        ..Case::strict("rounds of shards with artifacts", OVER, |w| {
            async move {
                some_visible(w).await;
                rounds_of(w, &[7, 8, 9])
            }
            .boxed()
        })
    };
    assert_eq!(case.walk().await, 42);
}

#[tokio::test]
async fn only_what_is_visible_as_ours_is_left_out_of_rounds() {
    let world = World::new();
    some_visible(&world).await;
    assert_eq!(opened(&world.carry_out(rounds_of(&world, &[7, 8, 9])).await), [8, 9]);
}

/// A request to complete an upload that was lost on its way and comes late, or another coordinator's.
#[tokio::test]
async fn nothing_of_a_round_that_is_over_becomes_visible() {
    for late in [false, true] {
        let world = World::new();
        let old = world.finished(&["of the old round", "of the old round"]).await;
        world.rival(Order::StoreReceipt { at: world.at(), receipt: old.clone() }).await;
        let publish = Order::PublishShard { at: world.at(), receipt: old, early: false };
        if !late {
            let published = world.rival(publish.clone()).await;
            assert!(matches!(published, Outcome::ShardPublished { .. }), "{published:?}");
        }
        let shards = opened(&world.carry_out(rounds_of(&world, &[7])).await);
        assert_eq!(shards.len(), usize::from(late), "what is visible is not opened");
        if late {
            let published = world.rival(publish).await;
            let lost = matches!(published, Outcome::UploadLost { partly_published: false, .. });
            assert!(lost, "{published:?}");
            let all = world.everything().await;
            assert!(all.objects.keys().all(|key| !key.starts_with("out/part")), "nothing of it");
        }
    }
}

/// If a store hides an artifact that is there, its shard is done again; what is visible stays as it is all the same.
#[tokio::test]
async fn a_round_that_should_not_be_overwrites_nothing() {
    let world = World::new();
    some_visible(&world).await;
    let before = world.everything().await;
    world.plant(Calls::of(Verb::Head).with(&part(1)), Trouble::Absent);
    assert_eq!(opened(&world.carry_out(rounds_of(&world, &[7, 8, 9])).await).len(), 3);
    world.heal();
    let mut next = Receipt { round: 1, ..receipt(2) };
    let artifact = world.upload("out", &part(1), "once more", &mark(&next).metadata()).await;
    next.artifacts.push(Artifact { partition: 1, ..artifact });
    let publish = Order::PublishShard { at: world.at(), receipt: Arc::new(next), early: false };
    let published = world.carry_out(publish).await;
    assert!(matches!(&published, Outcome::ShardForeign { name, .. } if *name == part(1)), "{published:?}");
    let after = world.everything().await;
    assert!(before.objects.iter().all(|(key, there)| after.objects.get(key) == Some(there)));
}

/// A round without a receipt is told by the words of its object.
#[tokio::test]
async fn the_end_of_a_round_is_told_by_its_object() {
    let world = World::new();
    world.carry_out(rounds_of(&world, &[7])).await;
    world.carry_out(accept_of(&world, &[8])).await;
    for (number, word) in [(7, "void"), (8, "excluded")] {
        let object = world.job_store().get(&objects::receipt(&shard(number), 0), 1 << 20).await.unwrap();
        let told: serde_json::Value = serde_json::from_slice(&object.unwrap().bytes).unwrap();
        assert_eq!(told[word]["round"], 0, "{told}");
    }
}
