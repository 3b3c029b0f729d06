//! Coordinator and worker in this process: the third wiring of the same parts.

use crate::{context::Context, error::CliError, resources::Resources};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tarquet_common::{
    clock::{Clock, SystemClock},
    codes::{cluster, ourselves, spec as codes},
    failure::Failure,
    ids::WorkerId,
    leasing::{Goodbye, Leasing},
    seal::WorkerSecret,
    store::{StoreError, StoreSettings, Stores, Uri},
};
use tarquet_coordinator::{
    ByWorker, Coordinator, CoordinatorHandle, CoordinatorSettings, FilePaths, kinds::AllKinds,
};
use tarquet_worker::{
    agent::{self, AgentSettings, Drain},
    runner::Runner,
};
use tokio::task::JoinHandle;

/// How long attempts may go on after an interrupt, and then once more to hand back what they hold.
const GRACE_MS: u64 = 2_000;
/// How often attempts say how far they are. Nobody is asked over a network, and a person looks on.
const RENEW_EVERY_MS: u64 = 500;
/// How long a job that is over may take to be tidied up, and how often that is looked at.
const TIDY_FOR: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long threads that wait for a store may keep a process that is done.
const THREADS_MS: u64 = 200;

/// Runs a run: unlike other commands' work it may leave threads behind that wait for a store.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| {
        CliError::from(Failure::new(ourselves::INVARIANT, "no runtime could be started").caused_by(&e))
    })?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_millis(THREADS_MS));
    done
}

/// What is written into every file, and compared between workers and coordinator.
pub(crate) fn build() -> String {
    format!("tarquet version {}", env!("CARGO_PKG_VERSION"))
}

/// A name that no other worker has: host, process, and when it started.
pub(crate) fn worker_id(clock: &dyn Clock) -> WorkerId {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "worker" } else { host.trim() };
    WorkerId(format!("{host}-{}-{:x}", std::process::id(), clock.unix_ms()))
}

/// What runs attempts here.
pub(crate) fn runner(worker: WorkerId, resources: &Resources, stores: Arc<Stores>) -> Runner {
    Runner::new(worker, resources.scratch.clone(), stores, Arc::new(SystemClock::default()))
}

/// A coordinator and a worker, wired without a network.
pub(crate) struct Local {
    /// The coordinator.
    pub handle: CoordinatorHandle,
    coordinator: Coordinator,
    drain: Drain,
    id: WorkerId,
    /// The worker's way to the coordinator.
    line: ByWorker,
    worker: JoinHandle<Result<(), Failure>>,
}

/// Where a local run keeps what is not the dataset.
pub(crate) struct Home {
    /// The ledger's folder.
    pub state_dir: PathBuf,
    /// Pointers to jobs.
    pub registry: Uri,
}

impl Home {
    /// Beside the output: on disk all of it, in a bucket all but the ledger, which is only a cache of what lies there.
    ///
    /// # Errors
    /// `BAD_URI`; `BUCKET_ROOT`.
    pub(crate) fn of(output: &str, job_uri: Option<&str>) -> Result<Self, CliError> {
        let uri = |text: &str| {
            Uri::parse_here(text).map_err(|e| CliError::from(Failure::from(StoreError::from(e))))
        };
        let side = match job_uri {
            Some(text) => uri(text)?,
            None => uri(output)?.sibling(".tarquet").ok_or_else(|| {
                Failure::new(codes::BUCKET_ROOT, "the output is a whole bucket").at_uri(output)
            })?,
        };
        let state_dir = match side.path() {
            Some(path) => path.join("state"),
            None => cache_dir().join(state_name(&side)),
        };
        Ok(Self { state_dir, registry: side.join("registry") })
    }
}

/// Where ledgers of runs into buckets are kept: losing one costs a rebuild, nothing else.
fn cache_dir() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = of("XDG_STATE_HOME").or_else(|| of("HOME").map(|h| h.join(".local/state")));
    base.unwrap_or_else(std::env::temp_dir).join("tarquet/run")
}

fn state_name(side: &Uri) -> String {
    side.as_str().bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b) } else { '_' }).collect()
}

/// A coordinator in this process, on these stores.
///
/// # Errors
/// What starting it said.
pub(crate) async fn coordinator(
    home: Home,
    store: &StoreSettings,
    stores: Stores,
    take_over: bool,
) -> Result<(Coordinator, Arc<Stores>), CliError> {
    let stores = Arc::new(stores);
    let mut settings = CoordinatorSettings::new(home.state_dir);
    settings.registry = Some(home.registry);
    settings.registry_store = store.clone();
    settings.paths = FilePaths::Anywhere;
    settings.take_over = take_over;
    settings.core.workers_inside = true;
    settings.core.renew_every_ms = RENEW_EVERY_MS;
    let kinds = Arc::new(AllKinds::new(stores.clone(), build()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let started = Coordinator::start(settings, kinds, stores.clone(), clock).await;
    Ok((started.map_err(at_work)?, stores))
}

/// Who has the ledger is another `tarquet run`: what one does about a coordinator's is no help.
fn at_work(failure: Failure) -> Failure {
    let in_use = failure.causes.iter().any(|cause| cause.contains("in use"));
    match failure.code == cluster::LEDGER_UNUSABLE && in_use {
        true => failure.with_hint(
            "Another `tarquet run` is at work on this output: wait for it, or end it with Ctrl-C where it runs; \
             then the same command goes on.",
        ),
        false => failure,
    }
}

/// Ends it, when what its jobs have left is tidied up; not for ever.
pub(crate) async fn stop(coordinator: Coordinator) {
    let tidied = async {
        while !coordinator.handle.is_tidy().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    if tokio::time::timeout(TIDY_FOR, tidied).await.is_err() {
        tracing::warn!(
            "the store does not answer: uploads of this job are left, and its claim on the output"
        );
    }
    coordinator.stop().await;
}

impl Local {
    /// Starts both.
    ///
    /// # Errors
    /// What starting the coordinator said.
    pub(crate) async fn start(
        home: Home,
        store: &StoreSettings,
        stores: Stores,
        resources: &Resources,
        take_over: bool,
    ) -> Result<Self, CliError> {
        let (coordinator, stores) = coordinator(home, store, stores, take_over).await?;
        let handle = coordinator.handle.clone();
        let id = worker_id(&SystemClock::default());
        let line = handle.as_worker(&WorkerSecret::draw()?);
        let drain = Drain::default();
        let worker = tokio::spawn(agent::run(
            Arc::new(line.clone()),
            Arc::new(runner(id.clone(), resources, stores)),
            AgentSettings {
                drain_grace_ms: GRACE_MS,
                ..AgentSettings::new(id.clone(), resources.slots, resources.slot_bytes)
            },
            drain.clone(),
        ));
        Ok(Self { handle, coordinator, drain, id, line, worker })
    }

    /// Ends both: attempts are handed back, everything answered is durable already.
    ///
    /// # Errors
    /// What ended the worker before it was told to.
    pub(crate) async fn stop(self, cx: &Context) -> Result<(), CliError> {
        self.drain.ask("done");
        let mut worker = self.worker;
        let left = tokio::time::timeout(Duration::from_millis(2 * GRACE_MS), &mut worker).await;
        if left.is_err() {
            // A store that does not answer holds its thread for minutes. Its shard is free again once we say so.
            cx.say("The store does not answer; what was on its way to it is left behind.");
            worker.abort();
            let bye = Goodbye { worker: self.id, reason: "interrupted".to_owned() };
            if let Err(error) = self.line.goodbye(bye).await {
                tracing::debug!(%error, "left without being heard");
            }
        }
        drop((self.handle, self.line));
        stop(self.coordinator).await;
        let Ok(ended) = left else { return Ok(()) };
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(failure.into()),
            Err(died) => {
                cx.say(&format!("the worker died: {died}"));
                Ok(())
            }
        }
    }
}
