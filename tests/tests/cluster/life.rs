//! A job's life, without trouble and with some.

use crate::{
    fake::FakeWork,
    world::{World, in_process, until, until_state, worker},
};
use futures::StreamExt;
use tarquet_client::{Jobs, JobsError, Steer};
use tarquet_common::{
    codes::{cluster, plan, publish, store},
    failure::Failure,
};
use tarquet_coordinator::{Coordinator, ledger::MemoryLedger};

fn refused(error: JobsError) -> Failure {
    match error {
        JobsError::Refused(failure) => *failure,
        other => panic!("{other}"),
    }
}

async fn submit(coordinator: &Coordinator, token: &str, spec: serde_json::Value) -> Result<String, Failure> {
    let submitted = coordinator.handle.submit(token.to_owned(), spec).await.map_err(refused)?;
    Ok(submitted.job.to_string())
}

#[tokio::test]
async fn a_job_runs_to_its_end() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let work = FakeWork::default();
    let job = submit(&coordinator, "a", world.spec(7)).await.unwrap();
    let seen = coordinator.handle.watch(&job).await.unwrap();
    let worker = worker("w", in_process(&coordinator.handle), &work);
    let statuses: Vec<_> = seen.map(Result::unwrap).collect().await;
    let last = statuses.last().unwrap();
    assert_eq!(last.state, "done", "{:?}", last.reason);
    assert_eq!(last.stages[1].rows, 7);
    assert_eq!(last.stages[2].done, 7);
    world.assert_published(7);
    assert!(work.done().values().all(|n| *n == 1), "{:?}", work.done());
    assert_eq!(world.job_objects("receipts/001").len(), 7);
    assert!(world.job_objects("").contains(&"catalog.json".to_owned()));
    let events = coordinator.handle.events(Some("@last"), 100).await.unwrap();
    assert!(events.iter().any(|e| e.event == "published"), "{events:?}");
    worker.leave().await;
    until("the worker's leave", || async {
        coordinator.handle.workers(None, 10).await.unwrap().lines.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_job_publishes_by_shard_if_it_is_told_to() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let mut spec = world.spec(5);
    spec["publish"] = "shard".into();
    let job = submit(&coordinator, "a", spec).await.unwrap();
    let work = FakeWork::taking(100);
    let worker = worker("w", in_process(&coordinator.handle), &work);
    until("a first part", || async { std::fs::read_dir(world.output()).is_ok_and(|d| d.count() > 0) }).await;
    assert_ne!(coordinator.handle.status(&job).await.unwrap().state, "done");
    until_state(&coordinator.handle, &job, "done").await;
    world.assert_published(5);
    worker.leave().await;
}

#[tokio::test]
async fn an_output_belongs_to_one_job_until_that_is_cancelled() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let first = submit(&coordinator, "a", world.spec(2)).await.unwrap();
    let again = coordinator.handle.submit("a".to_owned(), world.spec(2)).await.unwrap();
    assert!(again.known && again.job.to_string() == first);
    let failure = submit(&coordinator, "b", world.spec(2)).await.unwrap_err();
    assert_eq!(failure.code, publish::OUTPUT_CLAIMED);
    assert!(failure.message.contains(&first), "{failure}");

    let cancel = Steer::Cancel { reason: "test".to_owned() };
    coordinator.handle.steer(&first, cancel).await.unwrap();
    let released = || async { submit(&coordinator, "c", world.spec(2)).await.is_ok() };
    until("the release of the claim", released).await;
    assert_eq!(coordinator.handle.jobs(None, 0).await.unwrap().lines.len(), 2);
    coordinator.handle.steer(&first, Steer::Forget).await.unwrap();
    let failure = refused(coordinator.handle.status(&first).await.unwrap_err());
    assert_eq!(failure.code, cluster::UNKNOWN_JOB);
}

#[tokio::test]
async fn an_output_that_is_not_empty_is_refused() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    std::fs::create_dir(world.output()).unwrap();
    std::fs::write(world.output().join("precious"), b"x").unwrap();
    let failure = submit(&coordinator, "a", world.spec(2)).await.unwrap_err();
    assert_eq!(failure.code, plan::OUTPUT_NOT_EMPTY);
    assert_eq!(failure.found.as_deref(), Some("precious"));
    assert!(coordinator.handle.jobs(None, 0).await.unwrap().lines.is_empty());
    std::fs::remove_file(world.output().join("precious")).unwrap();
    submit(&coordinator, "a", world.spec(2)).await.unwrap();
}

#[tokio::test]
async fn a_failure_of_the_surroundings_is_tried_again() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let job = submit(&coordinator, "a", world.spec(3)).await.unwrap();
    let work = FakeWork::default();
    work.with(|s| s.fail = vec![0, 2]);
    let worker = worker("w", in_process(&coordinator.handle), &work);
    let status = until_state(&coordinator.handle, &job, "done").await;
    assert_eq!(status.stages[1].retried, 2);
    world.assert_published(3);
    worker.leave().await;
}

#[tokio::test]
async fn a_stage_that_may_not_be_planned_holds_the_job() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let job = submit(&coordinator, "a", world.spec(13)).await.unwrap();
    let status = until_state(&coordinator.handle, &job, "held").await;
    assert_eq!(status.reason.unwrap().code, store::ACCESS_DENIED);
}

#[tokio::test]
async fn jobs_are_named_by_what_is_unambiguous() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let code = |error| refused(error).code;
    assert_eq!(code(coordinator.handle.status("@last").await.unwrap_err()), cluster::UNKNOWN_JOB);
    let job = submit(&coordinator, "a", world.spec(1)).await.unwrap();
    assert_eq!(coordinator.handle.resolve("@last").await.unwrap().to_string(), job);
    assert_eq!(coordinator.handle.resolve(&job[..12].to_lowercase()).await.unwrap().to_string(), job);
    let mut other = world.spec(1);
    other["output"]["uri"] = world.output().join("../other").to_string_lossy().into();
    submit(&coordinator, "b", other).await.unwrap();
    assert_eq!(code(coordinator.handle.status(&job[..2]).await.unwrap_err()), cluster::UNKNOWN_JOB);
    assert_eq!(code(coordinator.handle.status("").await.unwrap_err()), cluster::UNKNOWN_JOB);
}

#[tokio::test]
async fn without_a_ledger_nothing_is_answered() {
    let world = World::new();
    let ledger = MemoryLedger::default();
    let mut coordinator = world.start_on(ledger.clone()).await;
    submit(&coordinator, "a", world.spec(1)).await.unwrap();
    ledger.fill();
    let mut other = world.spec(1);
    other["output"]["uri"] = world.output().join("../other").to_string_lossy().into();
    let answer = coordinator.handle.submit("b".to_owned(), other).await;
    assert!(matches!(answer, Err(JobsError::Unreachable(_))), "{answer:?}");
    assert_eq!(coordinator.failed().await.code, cluster::LEDGER_UNWRITABLE);
    assert!(!coordinator.handle.is_alive());
    assert!(matches!(coordinator.handle.status("@last").await, Err(JobsError::Unreachable(_))));
}
