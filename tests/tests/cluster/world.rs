//! A directory with a coordinator in it.

use crate::fake::{FakeKinds, FakeWork, bytes_of};
use std::{
    fs,
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tarquet_client::{Jobs, RemoteJobs};
use tarquet_common::{
    clock::SystemClock, failure::Failure, ids::WorkerId, leasing::Leasing, seal::WorkerSecret, store::Stores,
};
use tarquet_coordinator::{
    Coordinator, CoordinatorHandle, CoordinatorSettings, FilePaths, ListenSettings, Serving,
    ledger::MemoryLedger,
};
use tarquet_core::{Settings, views::JobStatus};
use tarquet_proto::client::Access;
use tarquet_worker::{
    agent::{AgentSettings, Drain, run},
    transport::GrpcLeasing,
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

/// Longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    dir: TempDir,
}

/// Leases are short, so that what a test waits for comes soon.
fn core_settings() -> Settings {
    Settings {
        lease_ttl_ms: 2_000,
        renew_every_ms: 200,
        orphan_after_ms: 30_000,
        backoff_base_ms: 50,
        backoff_max_ms: 200,
        avoid_ms: 100,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        ..Settings::default()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    pub(crate) fn settings(&self) -> CoordinatorSettings {
        let settings = CoordinatorSettings::new(self.state_dir());
        CoordinatorSettings { core: core_settings(), paths: FilePaths::Anywhere, ..settings }
    }

    pub(crate) fn spec(&self, shards: u32) -> serde_json::Value {
        serde_json::json!({"name": "t", "shards": shards, "output": {"uri": self.output()}})
    }

    /// A coordinator in this process, on a ledger on disk.
    pub(crate) async fn start(&self) -> Coordinator {
        let clock = Arc::new(SystemClock::default());
        Coordinator::start(self.settings(), Arc::new(FakeKinds), Arc::new(Stores::new()), clock)
            .await
            .expect("it starts")
    }

    /// A coordinator in this process, on a ledger in memory.
    pub(crate) async fn start_on(&self, ledger: MemoryLedger) -> Coordinator {
        let (kinds, stores) = (Arc::new(FakeKinds), Arc::new(Stores::new()));
        let clock = Arc::new(SystemClock::default());
        Coordinator::on_ledger(self.settings(), Box::new(ledger), kinds, stores, clock)
            .await
            .expect("it starts")
    }

    /// What the part files say; asserts that nothing else is in the output.
    pub(crate) fn assert_published(&self, shards: u32) {
        let mut found: Vec<_> = fs::read_dir(self.output()).expect("the output").flatten().collect();
        found.sort_by_key(fs::DirEntry::file_name);
        assert_eq!(found.len(), shards as usize);
        for (n, entry) in (0..shards).zip(found) {
            assert_eq!(entry.file_name().to_string_lossy(), format!("part-{n:05}.parquet"));
            assert_eq!(fs::read(entry.path()).expect("it reads"), bytes_of(n));
        }
    }

    /// Objects of the only job under a prefix, such as `receipts/001/`.
    pub(crate) fn job_objects(&self, prefix: &str) -> Vec<String> {
        let jobs = self.dir.path().join("out.tarquet").join("jobs");
        let job = fs::read_dir(jobs).expect("jobs").flatten().next().expect("one job").path();
        let Ok(entries) = fs::read_dir(job.join(prefix)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// A coordinator on the network.
pub(crate) struct OnNetwork {
    pub(crate) listen: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) jobs: RemoteJobs,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), Failure>>,
}

impl World {
    pub(crate) async fn serve(&self, listen: Option<SocketAddr>) -> OnNetwork {
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        let settings = ListenSettings::new(listen.unwrap_or(any), any);
        let coordinator = self.start().await;
        let serving = Serving::bind(&settings).await.expect("a free port");
        let (listen, http) = (serving.listen(), serving.http());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serving.run(coordinator, async {
            stopped.await.ok();
        }));
        let jobs = RemoteJobs::new(&Access::to(listen.to_string())).expect("an address");
        OnNetwork { listen, http, jobs, stop, served }
    }
}

impl OnNetwork {
    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("it serves");
        self.served.await.expect("no panic").expect("it served well");
    }

    /// The way of a worker of its own.
    pub(crate) fn leasing(&self) -> Arc<dyn Leasing> {
        let access = Access::to(self.listen.to_string());
        Arc::new(GrpcLeasing::new(&access, secret()).expect("an address"))
    }
}

/// A worker with two slots.
pub(crate) struct Worker {
    drain: Drain,
    agent: JoinHandle<Result<(), Failure>>,
}

pub(crate) fn worker(name: &str, leasing: Arc<dyn Leasing>, work: &FakeWork) -> Worker {
    let drain = Drain::default();
    let settings =
        AgentSettings { acquire_wait_ms: 1_000, ..AgentSettings::new(WorkerId(name.to_owned()), 2, 1 << 30) };
    let agent = tokio::spawn(run(leasing, Arc::new(work.by(name)), settings, drain.clone()));
    Worker { drain, agent }
}

impl Worker {
    pub(crate) async fn leave(self) {
        self.drain.ask("test");
        self.agent.await.expect("no panic").expect("it left well");
    }

    /// As SIGKILL would.
    pub(crate) async fn kill(self) {
        self.agent.abort();
        self.agent.await.ok();
    }
}

pub(crate) fn secret() -> WorkerSecret {
    WorkerSecret::draw().expect("chance")
}

/// The way of a worker of its own.
pub(crate) fn in_process(coordinator: &CoordinatorHandle) -> Arc<dyn Leasing> {
    Arc::new(coordinator.as_worker(&secret()))
}

/// Looks every 20 ms until something is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{what} did not come");
}

/// Waits until a job is in a state, and returns its status.
pub(crate) async fn until_state(jobs: &dyn Jobs, job: &str, state: &str) -> JobStatus {
    until(state, || async {
        let status = jobs.status(job).await;
        let ended = |s: &JobStatus| s.finished_unix_ms.is_some() || s.state == "held";
        if let Some(other) = status.as_ref().ok().filter(|s| ended(s) && s.state != state) {
            panic!("it came to {} instead of {state}: {:?}", other.state, other.reason);
        }
        status.is_ok_and(|s| s.state == state)
    })
    .await;
    jobs.status(job).await.expect("it was there")
}

pub(crate) fn remove(path: &Path) {
    fs::remove_dir_all(path).expect("it was there");
}
