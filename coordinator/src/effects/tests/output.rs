use super::{
    walk::{Case, walk_all},
    world::{World, job, mark, part, receipt, shard},
};
use crate::effects::Order;
use futures::FutureExt;
use std::time::Duration;
use tarquet_common::{
    ids::ShardId,
    origin::Origin,
    receipt::Counts,
    store::{Metadata, StoreError},
};
use tarquet_core::{Catalog, CatalogEntry, Outcome, Upload};
use tarquet_faulty::{Calls, Trouble, Verb, lost_answer};

fn others() -> Metadata {
    let ours = mark(&receipt(1));
    let shard = ShardId { job: job(2), ..ours.shard.clone() };
    Origin { shard, ..ours }.metadata()
}

/// One object of this job's, one of another job's, one of nobody's.
async fn mixed(w: &World) -> Order {
    w.put("out", "a", "ours", &mark(&receipt(1)).metadata()).await;
    w.put("out", "b", "theirs", &others()).await;
    w.put("out", "c", "nobody's", &Metadata::new()).await;
    Order::ListOutput { at: w.at() }
}

#[tokio::test]
async fn every_call_of_a_list_meets_every_trouble() {
    let cases = [
        Case::strict("an output with others' objects", &[(Verb::Head, 3), (Verb::List, 1)], |w| {
            mixed(w).boxed()
        }),
        Case::strict("an output that is empty", &[(Verb::List, 1)], |w| {
            async move { Order::ListOutput { at: w.at() } }.boxed()
        }),
    ];
    assert_eq!(walk_all(&cases).await, 20);
}

#[tokio::test]
async fn foreign_is_what_does_not_name_this_job() {
    let world = World::new();
    let order = mixed(&world).await;
    std::os::unix::fs::symlink("/etc", world.uri("out").path().unwrap().join("d")).unwrap();
    let Outcome::OutputListed { foreign, .. } = world.carry_out(order).await else { panic!("it lists") };
    assert_eq!(foreign, ["b", "c", "d"]);
}

#[tokio::test]
async fn every_call_of_an_abort_meets_every_trouble() {
    let case = Case::strict("two uploads, and one that is gone", &[(Verb::AbortUpload, 3)], |w| {
        async move {
            let mut uploads = Vec::new();
            for n in 0..3 {
                let made = w.upload("out", &part(n), "text", &Metadata::new()).await;
                uploads.push(Upload { name: made.name, upload_id: made.upload_id });
            }
            w.output().abort_upload(&uploads[1].name, &uploads[1].upload_id).await.unwrap();
            // The same name, but not in the order.
            w.upload("out", &part(0), "of the next round", &Metadata::new()).await;
            Order::AbortUploads { at: w.at(), shard: shard(), round: 0, uploads }
        }
        .boxed()
    });
    assert_eq!(case.walk().await, 6);
}

fn sweeps(w: &World, release: bool) -> Order {
    let entry = CatalogEntry {
        name: "named.bin".to_owned(),
        partition: 0,
        rows: 1,
        bytes: 4,
        crc64: String::new(),
        made_by: "1/7.0".to_owned(),
        attempt: "1.1".to_owned(),
    };
    let catalog = Catalog {
        version: 2,
        job: job(1),
        name: "a job".to_owned(),
        kind: "test".to_owned(),
        artifacts: vec![entry],
        quarantine: Vec::new(),
        counts: Counts::default(),
        excluded: Vec::new(),
    };
    Order::SweepUploads { at: w.at(), catalog, release }
}

/// In the output two uploads of ours and one under a name that no job gives; beside it one of ours.
async fn begun(w: &World) {
    for key in [&part(0), "named.bin", "notes.txt"] {
        w.upload("out", key, "text", &Metadata::new()).await;
    }
    w.upload(&format!("out.tarquet/jobs/{}", job(1)), "quarantine/7", "text", &Metadata::new()).await;
    w.put("out", &part(1), "text", &mark(&receipt(1)).metadata()).await;
}

const SWEPT: &[(Verb, u64)] =
    &[(Verb::Get, 2), (Verb::AbortUpload, 3), (Verb::ListUploads, 2), (Verb::RemoveTemporaries, 1)];
const RELEASED: &[(Verb, u64)] = &[
    (Verb::Get, 2),
    (Verb::Delete, 1),
    (Verb::AbortUpload, 3),
    (Verb::ListUploads, 2),
    (Verb::RemoveTemporaries, 1),
];

#[tokio::test]
async fn every_call_of_a_sweep_meets_every_trouble() {
    let cases = [
        Case::strict("a job that was published", SWEPT, |w| {
            async move {
                w.rival(w.claims(1)).await;
                begun(w).await;
                sweeps(w, false)
            }
            .boxed()
        }),
        Case {
            // `uploads_that_are_not_told_are_left`
            spare: |met| met.is_absent(Verb::ListUploads),
            ..Case::strict("a job that was cancelled", RELEASED, |w| {
                async move {
                    w.rival(w.claims(1)).await;
                    begun(w).await;
                    sweeps(w, true)
                }
                .boxed()
            })
        },
        Case::strict("a job whose output another has claimed since", &[(Verb::Get, 1)], |w| {
            async move {
                w.rival(w.claims(2)).await;
                begun(w).await;
                sweeps(w, true)
            }
            .boxed()
        }),
        Case::strict("a job whose output nobody claims", &[(Verb::Get, 1)], |w| {
            async move {
                begun(w).await;
                sweeps(w, true)
            }
            .boxed()
        }),
    ];
    assert_eq!(walk_all(&cases).await, 52);
}

/// The claim was released, nobody heard of it, and the output is another's by the time that the order is carried out again.
#[tokio::test]
async fn a_sweep_leaves_alone_what_was_begun_after_the_claim_was_released() {
    let world = World::new();
    world.rival(world.claims(1)).await;
    let lost = world.plant(Calls::of(Verb::Delete), Trouble::After(lost_answer()));
    let first = world.carry_out(sweeps(&world, true)).await;
    assert!(matches!(first, Outcome::EffectFailed { .. }), "{first:?}");
    assert_eq!(lost.fired(), 1);
    world.heal();
    assert_eq!(world.rival(world.claims(2)).await, Outcome::ClaimStored(job(2)));
    world.upload("out", &part(0), "the other job's", &others()).await;
    world.upload(&format!("out.tarquet/jobs/{}", job(2)), "quarantine/7", "text", &others()).await;
    let before = world.everything().await;
    assert_eq!(before.uploads.len(), 2);
    assert_eq!(world.carry_out(sweeps(&world, true)).await, Outcome::UploadsSwept(job(1)));
    assert_eq!(world.everything().await, before);
}

/// Another coordinator of the job is done with it while we read, and the next job on the output has begun: what was listed, and
/// the claim, are that one's.
#[tokio::test]
async fn a_sweep_that_is_overtaken_leaves_the_next_job_alone() {
    let later = Duration::from_millis(300);
    for nth in [1, 2] {
        let world = World::new();
        world.rival(world.claims(1)).await;
        begun(&world).await;
        let read = world.plant(Calls::of(Verb::Get).with("claim").nth(nth), Trouble::DelayAnswer(later));
        let rival = async {
            while read.fired() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // The claim was read by now, and named this job.
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(world.rival(sweeps(&world, true)).await, Outcome::UploadsSwept(job(1)));
            world.store("out").delete(&part(1)).await.unwrap();
            assert_eq!(world.rival(world.claims(2)).await, Outcome::ClaimStored(job(2)));
            world.upload("out", &part(0), "the other job's", &others()).await;
            world.upload(&format!("out.tarquet/jobs/{}", job(2)), "quarantine/7", "text", &others()).await;
            world.everything().await
        };
        let (swept, theirs) = tokio::join!(world.carry_out(sweeps(&world, true)), rival);
        assert_eq!((swept, read.fired()), (Outcome::UploadsSwept(job(1)), 1));
        assert_eq!(theirs.uploads.len(), 3, "two, and one of nobody");
        assert_eq!(world.everything().await, theirs, "claim read {nth}");
    }
}

/// What may not be listed or aborted costs storage; it does not keep the job from its end.
#[tokio::test]
async fn uploads_that_are_not_told_are_left() {
    let denied = || StoreError::Denied { uri: String::new(), permission: "s3:Some", detail: String::new() };
    for (verb, trouble) in [
        (Verb::ListUploads, Trouble::Absent),
        (Verb::ListUploads, Trouble::Before(denied())),
        (Verb::AbortUpload, Trouble::Before(denied())),
        (Verb::RemoveTemporaries, Trouble::Before(denied())),
    ] {
        let world = World::new();
        world.rival(world.claims(1)).await;
        begun(&world).await;
        let before = world.everything().await;
        let planted = world.plant(Calls::of(verb), trouble);
        assert_eq!(world.carry_out(sweeps(&world, true)).await, Outcome::UploadsSwept(job(1)));
        assert!(planted.fired() > 0);
        let after = world.everything().await;
        assert!(after.objects.iter().all(|(key, there)| before.objects.get(key) == Some(there)));
        assert_eq!(after.objects.len() + 1, before.objects.len(), "the claim is gone");
        assert!(after.uploads.contains(&"out/notes.txt".to_owned()), "it is nobody's to abort");
    }
}
