//! Publishing against an output that changed.

use crate::{
    fake::FakeWork,
    world::{World, in_process, until, until_state, worker},
};
use std::fs;
use tarquet_client::{Jobs, Steer};
use tarquet_common::codes::publish;
use tarquet_coordinator::ledger::MemoryLedger;

#[tokio::test]
async fn a_foreign_object_holds_the_job_and_is_left_alone() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let job = coordinator.handle.submit("a".to_owned(), world.spec(3)).await.unwrap().job.to_string();
    fs::create_dir_all(world.output()).unwrap();
    let foreign = world.output().join("part-00001.parquet");
    fs::write(&foreign, b"mine").unwrap();
    let worker = worker("w", in_process(&coordinator.handle), &FakeWork::default());
    let status = until_state(&coordinator.handle, &job, "held").await;
    assert_eq!(status.reason.unwrap().code, publish::FOREIGN_OBJECT);
    assert_eq!(fs::read(&foreign).unwrap(), b"mine");
    assert_eq!(fs::read_dir(world.output()).unwrap().count(), 1, "nothing became visible");
    fs::remove_file(&foreign).unwrap();
    coordinator.handle.steer(&job, Steer::Retry).await.unwrap();
    until("its end", || async { coordinator.handle.status(&job).await.unwrap().state == "done" }).await;
    world.assert_published(3);
    worker.leave().await;
}

#[tokio::test]
async fn a_lost_upload_is_made_again_in_a_new_round() {
    let world = World::new();
    let coordinator = world.start_on(MemoryLedger::default()).await;
    let job = coordinator.handle.submit("a".to_owned(), world.spec(4)).await.unwrap().job.to_string();
    let work = FakeWork::taking(150);
    let worker = worker("w", in_process(&coordinator.handle), &work);
    until("two receipts", || async { world.job_objects("receipts/001").len() >= 2 }).await;
    let first = world.job_objects("receipts/001").remove(0);
    let shard: u32 = first.split('.').next().unwrap().parse().unwrap();
    let receipt = fs::read_to_string(
        fs::read_dir(world.output().with_extension("tarquet").join("jobs"))
            .unwrap()
            .flatten()
            .next()
            .unwrap()
            .path()
            .join("receipts/001")
            .join(&first),
    )
    .unwrap();
    let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
    let upload = receipt["artifacts"][0]["upload_id"].as_str().unwrap().to_owned();
    fs::remove_dir_all(world.output().with_extension("tarquet").join("uploads").join(upload)).unwrap();
    until_state(&coordinator.handle, &job, "done").await;
    world.assert_published(4);
    assert_eq!(work.done()[&shard], 2);
    assert_eq!(work.done().values().sum::<u32>(), 5, "only what was lost is done again: {:?}", work.done());
    assert_eq!(world.job_objects("rounds").len(), 1);
    worker.leave().await;
}
