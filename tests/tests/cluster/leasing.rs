//! The promises of `Leasing`, kept by the handle in this process and by the client over gRPC.

use crate::{
    fake::FakeWork,
    world::{World, in_process, secret, until},
};
use std::{fmt::Debug, sync::Arc};
use tarquet_client::Jobs;
use tarquet_common::{
    codes::{cluster, store},
    failure::Failure,
    ids::WorkerId,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Progress,
        Register, Renew,
    },
};
use tarquet_core::views::WorkerLine;
use tarquet_proto::{convert, status, v2};
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
    let receipt = FakeWork::default().by("w").run(lease, context).await.unwrap();
    Complete { worker: id(), receipt }
}

/// The only worker's line.
async fn line(jobs: &dyn Jobs) -> WorkerLine {
    let mut workers = jobs.workers(None, 10).await.unwrap().lines;
    assert_eq!(workers.len(), 1);
    workers.remove(0)
}

/// Now, in milliseconds since the worker came, by the coordinator's clock.
async fn moment(jobs: &dyn Jobs) -> u64 {
    line(jobs).await.age_ms
}

/// When the worker was last heard of, by the same clock.
async fn heard_at(jobs: &dyn Jobs) -> u64 {
    let line = line(jobs).await;
    line.age_ms - line.silent_ms
}

fn is_refused<T: Debug>(said: Result<T, LeasingError>) -> bool {
    match said {
        Err(LeasingError::Refused(failure)) => failure.code == cluster::NOT_THIS_WORKER,
        _ => false,
    }
}

/// Who has the token, the worker's name and all that its lease says, and not its secret.
async fn impostor(stranger: &dyn Leasing, held: &Lease) {
    assert!(is_refused(stranger.register(register(env!("CARGO_PKG_VERSION"))).await));
    assert!(is_refused(stranger.acquire(acquire(2, 0)).await), "not even the lease of a repeat");
    assert!(is_refused(stranger.renew(renew(held)).await));
    assert!(is_refused(stranger.complete(done(held).await).await));
    assert!(is_refused(stranger.fail(failed(held)).await));
    assert!(is_refused(stranger.goodbye(goodbye()).await));
}

fn failed(lease: &Lease) -> Fail {
    Fail {
        worker: id(),
        shard: lease.shard.clone(),
        round: lease.round,
        attempt: lease.attempt,
        failure: Failure::new(store::STORE_UNREACHABLE, "test"),
        killer: None,
    }
}

fn goodbye() -> Goodbye {
    Goodbye { worker: id(), reason: "test".to_owned() }
}

async fn contract(leasing: Arc<dyn Leasing>, stranger: &dyn Leasing, jobs: &dyn Jobs, world: &World) {
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

    // Without work, a call is held for as long as it may be, by the coordinator's clock.
    let before = heard_at(jobs).await;
    assert_eq!(leasing.acquire(acquire(1, 300)).await, Ok(None));
    let called = heard_at(jobs).await;
    let told = moment(jobs).await;
    assert!(called >= before && told >= called + 300, "called at {called} ms, answered before {told} ms");

    // A call that waits is answered as soon as there is work; a repeat gets the same lease.
    let waiting = tokio::spawn({
        let leasing = leasing.clone();
        async move { leasing.acquire(acquire(2, 60_000)).await }
    });
    until("the call", || async { heard_at(jobs).await > called }).await;
    assert!(!waiting.is_finished(), "there is nothing to do yet");
    jobs.submit("t".to_owned(), world.spec(2)).await.unwrap();
    let first = waiting.await.unwrap().unwrap().expect("a lease");
    assert_eq!(first.stage_name, "first");
    assert_eq!(leasing.acquire(acquire(2, 0)).await.unwrap().as_ref(), Some(&first));
    assert_eq!(leasing.renew(renew(&first)).await, Ok(Directive::Continue));

    // A name is one worker's, and so is a lease.
    impostor(stranger, &first).await;
    assert_eq!(leasing.renew(renew(&first)).await, Ok(Directive::Continue));

    // A failure hands the shard back; said twice it counts once.
    leasing.fail(failed(&first)).await.unwrap();
    leasing.fail(failed(&first)).await.unwrap();
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
    leasing.goodbye(goodbye()).await.unwrap();
    leasing.goodbye(goodbye()).await.unwrap();
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
    let (ours, stranger) = (in_process(&coordinator.handle), in_process(&coordinator.handle));
    contract(ours, &*stranger, &coordinator.handle, &world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grpc_client_keeps_the_contract() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    contract(coordinator.leasing(), &*coordinator.leasing(), &coordinator.jobs, &world).await;
    coordinator.stop().await;
}

#[tokio::test]
async fn a_coordinator_that_is_not_there_is_unreachable() {
    let nobody = tarquet_worker::transport::GrpcLeasing::new(&"127.0.0.1:1".into(), secret()).unwrap();
    let answer = nobody.register(register("any")).await;
    assert!(matches!(answer, Err(LeasingError::Unreachable(_))), "{answer:?}");
}

/// A worker of a build from before there were secrets.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_shows_no_secret_is_told_why() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    let address = format!("http://{}", coordinator.listen);
    let mut old = v2::worker_service_client::WorkerServiceClient::connect(address).await.unwrap();
    let ask = convert::from_register(register(env!("CARGO_PKG_VERSION")));
    match status::to_leasing_error(&old.register(ask).await.unwrap_err()) {
        LeasingError::Refused(failure) => assert_eq!(failure.code, cluster::BUILD_DIFFERS),
        other => panic!("{other:?}"),
    }
    coordinator.stop().await;
}
