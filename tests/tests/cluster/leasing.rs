//! The promises of `Leasing`, kept by the handle in this process and by the client over gRPC.

use crate::{
    fake::FakeWork,
    world::{World, in_process},
};
use std::{sync::Arc, time::Duration};
use tarquet_common::{
    codes::{cluster, store},
    failure::Failure,
    ids::WorkerId,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Progress,
        Register, Renew,
    },
};
use tarquet_coordinator::Jobs;
use tarquet_worker::attempt::{Attempt, AttemptContext, Stop};

fn id() -> WorkerId {
    WorkerId("w".to_owned())
}

fn register(build: &str) -> Register {
    Register { worker: id(), build: build.to_owned(), slots: 4, slot_bytes: 1 << 30, shared_probe: None }
}

fn acquire(request: u64, wait_ms: u64) -> Acquire {
    Acquire { worker: id(), request, wait_ms }
}

fn renew(lease: &Lease) -> Renew {
    Renew {
        worker: id(),
        shard: lease.shard.clone(),
        round: lease.round,
        attempt: lease.attempt,
        progress: Progress::default(),
    }
}

async fn done(lease: &Lease) -> Complete {
    let context = AttemptContext { progress: Arc::default(), stop: Stop::default(), slot_bytes: 1 << 30 };
    let receipt = FakeWork::default().run(lease, context).await.unwrap();
    Complete { worker: id(), receipt }
}

async fn contract(leasing: Arc<dyn Leasing>, jobs: &dyn Jobs, world: &World) {
    // Nobody is let in who did not register, and not with another build.
    assert_eq!(leasing.acquire(acquire(0, 0)).await, Err(LeasingError::UnknownWorker));
    match leasing.register(register("another")).await {
        Err(LeasingError::Refused(failure)) => assert_eq!(failure.code, cluster::BUILD_DIFFERS),
        other => panic!("{other:?}"),
    }
    let build = env!("CARGO_PKG_VERSION");
    let terms = leasing.register(register(build)).await.unwrap();
    assert_eq!(leasing.register(register(build)).await.unwrap(), terms);
    assert!(terms.generation >= 1 && terms.renew_every_ms < terms.lease_ttl_ms);

    // Without work, a call is held for as long as it may be.
    let started = tokio::time::Instant::now();
    assert_eq!(leasing.acquire(acquire(1, 300)).await, Ok(None));
    assert!(started.elapsed() >= Duration::from_millis(250), "{:?}", started.elapsed());

    // A call that waits is answered as soon as there is work; a repeat gets the same lease.
    let waiting = tokio::spawn({
        let leasing = leasing.clone();
        async move { leasing.acquire(acquire(2, 20_000)).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    jobs.submit("t".to_owned(), world.spec(2)).await.unwrap();
    let first = waiting.await.unwrap().unwrap().expect("a lease");
    assert_eq!(first.stage_name, "first");
    assert_eq!(leasing.acquire(acquire(2, 0)).await.unwrap().as_ref(), Some(&first));
    assert_eq!(leasing.renew(renew(&first)).await, Ok(Directive::Continue));

    // A failure hands the shard back; said twice it counts once.
    let fail = Fail {
        worker: id(),
        shard: first.shard.clone(),
        round: first.round,
        attempt: first.attempt,
        failure: Failure::new(store::STORE_UNREACHABLE, "test"),
        killer: None,
    };
    leasing.fail(fail.clone()).await.unwrap();
    leasing.fail(fail).await.unwrap();
    assert_eq!(leasing.renew(renew(&first)).await, Ok(Directive::Stop));
    let again = leasing.acquire(acquire(3, 20_000)).await.unwrap().expect("the same shard");
    assert_eq!(again.shard, first.shard);
    assert_ne!(again.attempt, first.attempt, "no attempt has a number twice");

    // The receipt is taken once; a repeat gets the same answer; a zombie's is superseded.
    let receipt = done(&again).await;
    assert_eq!(leasing.complete(receipt.clone()).await, Ok(Completed::Accepted));
    assert_eq!(leasing.complete(receipt).await, Ok(Completed::Accepted));
    assert_eq!(leasing.complete(done(&first).await).await, Ok(Completed::Superseded));

    // Goodbye hands back what is held.
    let held = leasing.acquire(acquire(4, 20_000)).await.unwrap().expect("a shard of the second stage");
    assert_eq!(held.stage_name, "second");
    leasing.goodbye(Goodbye { worker: id(), reason: "test".to_owned() }).await.unwrap();
    assert_eq!(leasing.acquire(acquire(5, 0)).await, Err(LeasingError::UnknownWorker));
    leasing.register(register(build)).await.unwrap();
    let mut shards = Vec::new();
    for request in 6..8 {
        shards.push(leasing.acquire(acquire(request, 20_000)).await.unwrap().expect("a lease").shard.shard);
    }
    shards.sort_unstable();
    assert_eq!(shards, [0, 1], "what was handed back is leased again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handle_keeps_the_contract() {
    let world = World::new();
    let coordinator = world.start().await;
    contract(in_process(&coordinator.handle), &coordinator.handle, &world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grpc_client_keeps_the_contract() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    contract(coordinator.leasing(), &coordinator.jobs, &world).await;
    coordinator.stop().await;
}

#[tokio::test]
async fn a_coordinator_that_is_not_there_is_unreachable() {
    let nobody = tarquet_worker::transport::GrpcLeasing::new(&"127.0.0.1:1".into()).unwrap();
    let answer = nobody.register(register("any")).await;
    assert!(matches!(answer, Err(LeasingError::Unreachable(_))), "{answer:?}");
}
