//! What is on the network beside the verbs of workers.

use crate::{
    fake::{FakeKinds, FakeWork},
    world::{World, in_process, until, until_state, worker},
};
use serde::Serialize;
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tarquet_client::{Jobs, JobsError, Steer};
use tarquet_common::{
    clock::{Clock, SystemClock},
    codes::cluster,
    ids::{JobId, WorkerId},
    leasing::{LeasingError, Register},
    stage_plan::ItemWords,
    store::{StoreSettings, Stores},
};
use tarquet_coordinator::{
    Coordinator, CoordinatorSettings, FilePaths, ListenSettings, SHARED_PROBE, Serving,
    ledger::{Change, Ledger, MemoryLedger},
};
use tarquet_core::{
    Cancelled, JobOptions, JobRow, Phase, Record, Submit,
    views::{ShardFilter, ShardLine},
};
use tarquet_proto::{convert::mirror, v2};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let ask = format!("GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_pages_and_statuses_agree() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    assert_eq!(get(coordinator.http, "/healthz").await.0, 200);
    assert_eq!(get(coordinator.http, "/readyz").await.0, 200);
    assert_eq!(get(coordinator.http, "/api/v1/jobs/@last").await.0, 404);

    let job = coordinator.jobs.submit("a".to_owned(), world.spec(2)).await.unwrap().job.to_string();
    let worker = worker("w", coordinator.leasing(), &FakeWork::default());
    let status = until_state(&coordinator.jobs, &job, "done").await;
    let (code, page) = get(coordinator.http, &format!("/api/v1/jobs/{job}")).await;
    assert_eq!(code, 200);
    let same = |status: &Value| {
        let mut status = status.clone();
        status["now_unix_ms"] = 0.into();
        status["rate"] = 0.into();
        status
    };
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!(same(&page), same(&serde_json::to_value(&status).unwrap()));
    assert!(get(coordinator.http, "/").await.1.contains(&job));

    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", coordinator.listen)).unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.connect_lazy());
    for service in ["", "tarquet.v2.WorkerService", "tarquet.v2.JobService"] {
        let ask = tonic_health::pb::HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(ask).await.unwrap().into_inner().status, 1, "{service}");
    }
    worker.leave().await;
    coordinator.stop().await;
}

/// It stays with the job for ever, and in an index of all.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_job_is_short() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    for odd in ["x".repeat(129), "a\nb".to_owned()] {
        match coordinator.jobs.submit(odd, world.spec(1)).await {
            Err(JobsError::Refused(failure)) => {
                assert_eq!(failure.code, cluster::MALFORMED_MESSAGE);
                assert_eq!(failure.place.item.as_deref(), Some("token"), "{failure:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    coordinator.jobs.submit("x".repeat(128), world.spec(1)).await.unwrap();
    coordinator.stop().await;
}

/// Without what is null or not there, which both mean "nothing".
fn told(value: &impl Serialize) -> Value {
    fn strip(value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let told = fields.into_iter().filter(|(_, v)| !v.is_null());
                let told = told.map(|(k, v)| (k, strip(v)));
                Value::Object(told.filter(|(_, v)| *v != Value::Array(vec![])).collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(strip).collect()),
            other => other,
        }
    }
    strip(serde_json::to_value(value).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_have_every_field_of_the_views() {
    let world = World::new();
    let coordinator = world.start().await;
    let jobs = &coordinator.handle;
    let job = jobs.submit("a".to_owned(), world.spec(200)).await.unwrap().job.to_string();
    let work = FakeWork::taking(0);
    work.with(|s| s.fail = vec![0]);
    let worker = worker("w", in_process(jobs), &work);
    until("a failure", || async { !jobs.failures(&job).await.unwrap().is_empty() }).await;
    work.with(|s| s.take = Duration::from_secs(3600));
    // Leases so old are of attempts that will not end while the test looks.
    until("two leases that stay", || async {
        let page = jobs.shards(&job, ShardFilter::Running, (0, 0), 10).await.unwrap();
        let stay = |shard: &ShardLine| shard.leases.iter().all(|lease| lease.age_ms >= 1_000);
        page.shards.len() == 2 && page.shards.iter().all(stay)
    })
    .await;

    let status = jobs.status(&job).await.unwrap();
    assert_eq!(told(&mirror::<_, v2::JobStatus>(&status).unwrap()), told(&status));
    let shards = jobs.shards(&job, ShardFilter::All, (0, 0), 2).await.unwrap();
    assert!(shards.next.is_some());
    assert_eq!(told(&mirror::<_, v2::ListShardsResponse>(&shards).unwrap()), told(&shards));
    let workers = jobs.workers(None, 10).await.unwrap().lines;
    assert_eq!(workers[0].leases.len(), 2);
    assert_eq!(told(&mirror::<_, v2::WorkerLine>(&workers[0]).unwrap()), told(&workers[0]));
    let failures = jobs.failures(&job).await.unwrap();
    assert_eq!(told(&mirror::<_, v2::FailureCount>(&failures[0]).unwrap()), told(&failures[0]));
    let line = &jobs.jobs(None, 1).await.unwrap().lines[0];
    assert_eq!(told(&mirror::<_, v2::JobLine>(line).unwrap()), told(line));
    let event = &jobs.events(None, 1).await.unwrap()[0];
    assert_eq!(told(&mirror::<_, v2::EventLine>(event).unwrap()), told(event));
    worker.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wish_travels() {
    let world = World::new();
    let coordinator = world.serve(None).await;
    let jobs = &coordinator.jobs;
    let job = jobs.submit("a".to_owned(), world.spec(50)).await.unwrap().job.to_string();
    jobs.steer(&job, Steer::Pause).await.unwrap();
    until("the pause", || async { jobs.status(&job).await.unwrap().paused }).await;
    jobs.steer(&job, Steer::Resume).await.unwrap();
    jobs.steer(&job, Steer::Priority(7)).await.unwrap();
    assert_eq!(jobs.status(&job).await.unwrap().priority, 7);
    assert_eq!(jobs.spec("@last").await.unwrap(), world.spec(50));
    for wish in [Steer::Accept, Steer::Retry, Steer::Forget] {
        let refused = jobs.steer(&job, wish.clone()).await;
        assert!(matches!(refused, Err(JobsError::Refused(_))), "{wish:?}: {refused:?}");
    }
    assert!(jobs.drain(WorkerId("nobody".to_owned())).await.is_err());
    let worker = worker("w", coordinator.leasing(), &FakeWork::taking(200));
    until("the worker", || async { jobs.workers(None, 10).await.unwrap().lines.len() == 1 }).await;
    jobs.drain(WorkerId("w".to_owned())).await.unwrap();
    until("its leave", || async { jobs.workers(None, 10).await.unwrap().lines.is_empty() }).await;
    worker.leave().await;
    jobs.steer(&job, Steer::Cancel { reason: "enough".to_owned() }).await.unwrap();
    let last = jobs.watch(&job).await.unwrap();
    let last: Vec<_> = futures::StreamExt::collect(last).await;
    assert_eq!(last.last().unwrap().as_ref().unwrap().state, "cancelled");
    coordinator.stop().await;
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let open = ListenSettings::new(any, local);
    let refused = Serving::bind(&open).await.err().expect("refused");
    assert_eq!(refused.code, cluster::INSECURE_ADDRESS);
    let taken = Serving::bind(&ListenSettings { insecure: true, ..open }).await.expect("said so");
    let twice = ListenSettings::new(taken.http(), local);
    assert_eq!(Serving::bind(&twice).await.err().expect("taken").code, cluster::LISTEN_FAILED);
}

#[tokio::test]
async fn a_worker_must_see_the_shared_directory() {
    let world = World::new();
    let shared = tempfile::tempdir().unwrap();
    let settings =
        CoordinatorSettings { paths: FilePaths::Shared(shared.path().to_owned()), ..world.settings() };
    let clock = Arc::new(SystemClock::default());
    let coordinator =
        Coordinator::start(settings, Arc::new(FakeKinds), Arc::new(Stores::new()), clock).await.unwrap();
    let worker = in_process(&coordinator.handle);
    let ask = |shared_probe| Register {
        worker: WorkerId("w".to_owned()),
        build: env!("CARGO_PKG_VERSION").to_owned(),
        slots: 1,
        slot_bytes: 1,
        shared_probe,
    };
    for wrong in [None, Some("x".to_owned())] {
        match worker.register(ask(wrong)).await {
            Err(LeasingError::Refused(failure)) => {
                assert_eq!(failure.code, cluster::SHARED_DIRECTORY_DIFFERS)
            }
            other => panic!("{other:?}"),
        }
    }
    let probe = std::fs::read_to_string(shared.path().join(SHARED_PROBE)).unwrap();
    worker.register(ask(Some(probe))).await.unwrap();
    match coordinator.handle.submit(String::new(), world.spec(1)).await {
        Err(JobsError::Refused(failure)) => assert_eq!(failure.code, cluster::PATH_NOT_SHARED),
        other => panic!("{other:?}"),
    }
}

/// Anybody may ask whether it serves, without a token and as often as they like: that must not cost what a list of all jobs
/// costs, which the driver makes while everybody waits.
#[tokio::test(flavor = "multi_thread")]
async fn to_say_that_it_serves_costs_nothing_however_many_jobs_there_are() {
    let (world, mut ledger) = (World::new(), MemoryLedger::default());
    let over = Phase::Cancelled(Cancelled { reason: "t".to_owned(), swept: true });
    let rows = (0..100_000_u64).map(|n| {
        let job = JobId::from_parts(n, 0);
        let row =
            JobRow { phase: over.clone(), finished_unix_ms: Some(n), ..JobRow::submitted(&submit(job, n)) };
        let row = Record::Job(Box::new(row));
        Change { key: row.key(), value: row.value() }
    });
    ledger.commit(&rows.collect::<Vec<_>>()).unwrap();
    let coordinator = world.start_on(ledger).await;
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let serving = Serving::bind(&ListenSettings::new(any, any)).await.unwrap();
    let http = serving.http();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(serving.run(coordinator, async {
        stopped.await.ok();
    }));
    let clock = SystemClock::default();
    for _ in 0..100 {
        assert_eq!(get(http, "/readyz").await.0, 200);
    }
    let took_ms = clock.monotonic_ms();
    assert!(took_ms < 2_500, "{took_ms} ms");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

fn submit(job: JobId, n: u64) -> Submit {
    Submit {
        token: n.to_string(),
        job,
        name: "n".to_owned(),
        kind: "fake".to_owned(),
        item: ItemWords::of("item", "items"),
        stages: vec!["work".to_owned(), "publish".to_owned()],
        job_uri: "file:///j".to_owned(),
        output_uri: "file:///o".to_owned(),
        store: StoreSettings::default(),
        spec: Value::Null.into(),
        options: JobOptions::default(),
        submitted_unix_ms: n,
    }
}
