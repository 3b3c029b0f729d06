//! Any process may be killed at any moment, and the coordinator's disk may be lost.

use crate::{
    fake::{FakeKinds, FakeWork},
    world::{World, remove, until, until_state, worker},
};
use std::{collections::BTreeMap, fs, sync::Arc};
use tarquet_client::{Jobs, JobsError, Steer};
use tarquet_common::{
    clock::SystemClock,
    codes::cluster,
    ids::JobId,
    store::{StoreSettings, Stores},
};
use tarquet_coordinator::Coordinator;

const SHARDS: u32 = 12;

/// Runs a job half-way, ends the coordinator, does `harm`, starts it again, and lets the job end with the same worker,
/// which was never told. No shard with a receipt may be done twice.
async fn survives(harm: impl FnOnce(&World)) {
    let world = World::new();
    let first = world.serve(None).await;
    let (listen, work) = (first.listen, FakeWork::taking(200));
    let job = first.jobs.submit("a".to_owned(), world.spec(SHARDS)).await.unwrap().job.to_string();
    let worker = worker("w", first.leasing(), &work);
    until("a few receipts", || async { world.job_objects("receipts/001").len() >= 4 }).await;
    first.stop().await;
    let accepted = world.job_objects("receipts/001");
    assert!(accepted.len() < SHARDS as usize, "the job was over too soon");
    harm(&world);

    let second = world.serve(Some(listen)).await;
    let status = until_state(&second.jobs, &job, "done").await;
    assert!(status.generation >= 2, "{}", status.generation);
    world.assert_published(SHARDS);
    let done = work.done();
    let shard = |name: &str| name.split('.').next().unwrap().parse::<u32>().unwrap();
    let twice: BTreeMap<u32, u32> =
        accepted.iter().map(|name| (shard(name), done[&shard(name)])).filter(|(_, n)| *n > 1).collect();
    assert!(twice.is_empty(), "done again although accepted: {twice:?}");
    // A token of before is still known.
    let again = second.jobs.submit("a".to_owned(), world.spec(SHARDS)).await.unwrap();
    assert!(again.known);
    worker.leave().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_comes_back_with_its_ledger() {
    survives(|_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_comes_back_without_its_ledger() {
    survives(|world| remove(&world.state_dir().join("ledger"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_comes_back_without_its_state_directory() {
    survives(|world| remove(&world.state_dir())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_comes_back_with_a_ledger_that_is_rubbish() {
    survives(|world| {
        use tarquet_coordinator::ledger::{Change, Ledger, open};
        let (mut ledger, _) = open(&world.state_dir(), 0).unwrap();
        let key = ledger.load().unwrap().into_iter().find(|(k, _)| k.starts_with(b"J")).unwrap().0;
        ledger.commit(&[Change { key, value: Some(b"\x01{rubbish".to_vec()) }]).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_costs_its_attempts_only() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    let work = FakeWork::taking(150);
    let job = coordinator.jobs.submit("a".to_owned(), world.spec(SHARDS)).await.unwrap().job.to_string();
    let doomed = worker("doomed", coordinator.leasing(), &work);
    until("a receipt", || async { !world.job_objects("receipts/001").is_empty() }).await;
    doomed.kill().await;
    let accepted = world.job_objects("receipts/001");
    let other = worker("other", coordinator.leasing(), &work);
    until_state(&coordinator.jobs, &job, "done").await;
    world.assert_published(SHARDS);
    let done = work.done();
    let shard = |name: &String| name.split('.').next().unwrap().parse::<u32>().unwrap();
    assert!(accepted.iter().all(|name| done[&shard(name)] == 1), "done again although accepted: {done:?}");
    assert!(done.values().sum::<u32>() <= SHARDS + 2, "more than its two attempts: {done:?}");
    other.leave().await;
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_job_is_held_again_after_the_ledger_is_lost() {
    let world = World::new();
    let first = world.serve(None).await;
    let job = first.jobs.submit("a".to_owned(), world.spec(3)).await.unwrap().job.to_string();
    std::fs::create_dir_all(world.output()).unwrap();
    let foreign = world.output().join("foreign");
    std::fs::write(&foreign, b"mine").unwrap();
    let work = FakeWork::default();
    let worker = worker("w", first.leasing(), &work);
    until_state(&first.jobs, &job, "held").await;
    let listen = first.listen;
    first.stop().await;
    remove(&world.state_dir());

    let second = world.serve(Some(listen)).await;
    until_state(&second.jobs, &job, "held").await;
    std::fs::remove_file(foreign).unwrap();
    second.jobs.steer(&job, Steer::Retry).await.unwrap();
    until("its end", || async { second.jobs.status(&job).await.unwrap().state == "done" }).await;
    world.assert_published(3);
    assert_eq!(work.done().values().sum::<u32>(), 3);
    worker.leave().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_coordinator_can_take_a_job_over() {
    let world = World::new();
    let first = world.serve(None).await;
    let work = FakeWork::taking(100);
    let job = first.jobs.submit("a".to_owned(), world.spec(SHARDS)).await.unwrap().job.to_string();
    let job_uri = first.jobs.status(&job).await.unwrap().job_uri;
    let doomed = worker("w", first.leasing(), &work);
    until("a few receipts", || async { world.job_objects("receipts/001").len() >= 3 }).await;
    doomed.leave().await;
    first.stop().await;

    let elsewhere = World::new();
    let second = elsewhere.serve(None).await;
    assert!(second.jobs.adopt(world.output().to_str().unwrap(), Default::default()).await.is_err());
    let adopted = second.jobs.adopt(&job_uri, Default::default()).await.unwrap();
    assert_eq!(adopted.job.to_string(), job);
    let other = worker("other", second.leasing(), &work);
    until_state(&second.jobs, &job, "done").await;
    world.assert_published(SHARDS);
    assert!(work.done().values().all(|n| *n == 1), "{:?}", work.done());
    other.leave().await;
    second.stop().await;
    // It is in the registry of the second from now on.
    remove(&elsewhere.state_dir());
    let third = elsewhere.serve(None).await;
    assert_eq!(third.jobs.status(&job).await.unwrap().state, "done");
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_coordinators_do_not_share_a_ledger() {
    let world = World::new();
    let first = world.start().await;
    let clock = Arc::new(SystemClock::default());
    let second =
        Coordinator::start(world.settings(), Arc::new(FakeKinds), Arc::new(Stores::new()), clock).await;
    let failure = second.err().expect("the ledger is in use");
    assert_eq!(failure.code, cluster::LEDGER_UNUSABLE);
    assert!(failure.place.uri.is_some_and(|uri| uri.ends_with("state/ledger")));
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_job_is_not_adopted() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    let job = world.output().with_extension("tarquet").join("jobs").join(JobId::from_parts(1, 1).as_str());
    let adopt = async || {
        let adopted = coordinator.jobs.adopt(job.to_str().unwrap(), StoreSettings::default()).await;
        match adopted.map(|a| a.job) {
            Err(JobsError::Refused(failure)) => failure.code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(adopt().await, cluster::NO_JOB_THERE);
    fs::create_dir_all(&job).unwrap();
    fs::write(job.join("job.json"), b"{rubbish").unwrap();
    assert_eq!(adopt().await, cluster::JOB_OBJECT_DAMAGED);
    coordinator.stop().await;
}
