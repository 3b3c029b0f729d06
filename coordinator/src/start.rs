//! From a state directory to a running coordinator.

use crate::{
    catch_up::CatchUp,
    driver::{self, Parts},
    effects::{Executor, Tools},
    handle::CoordinatorHandle,
    ledger::{self, Ledger, LedgerError, Opened},
    metrics::Metrics,
    planner::Kinds,
    rebuild::Registry,
    settings::{CoordinatorSettings, FilePaths},
    shared,
    stores::OpenStores,
};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use tarquet_common::{
    chance,
    clock::Clock,
    codes::{cluster, ourselves},
    failure::Failure,
    ids::JobId,
    store::{StoreError, StoreSettings, Uri},
};
use tarquet_core::{Ask, State};
use tokio::task::JoinHandle;

/// A coordinator in this process.
pub struct Coordinator {
    /// For workers and people.
    pub handle: CoordinatorHandle,
    driver: JoinHandle<Result<(), Failure>>,
    /// Reads what could not be read at the start.
    catching_up: JoinHandle<()>,
}

impl Coordinator {
    /// Opens the ledger, raises the generation, and catches up with the objects of every unfinished job. Jobs whose
    /// objects cannot be read stand still until they can: that is tried from then on, and `status` says why it is.
    pub async fn start(
        settings: CoordinatorSettings,
        kinds: Arc<dyn Kinds>,
        stores: Arc<dyn OpenStores>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let shared_probe = match &settings.paths {
            FilePaths::Shared(dir) => Some(shared::probe(dir)?),
            FilePaths::Anywhere | FilePaths::Refused => None,
        };
        let (paths, take_over) = (settings.paths.clone(), settings.take_over);
        let registry = open_registry(&settings, &*stores).await?;
        let (ledger, state) = load(&settings, &*clock).await?;
        Self::run(Run { ledger, state, kinds, stores, registry, clock, paths, take_over, shared_probe }).await
    }

    /// The same on a ledger of the caller's: rows that do not read are an error.
    pub async fn on_ledger(
        settings: CoordinatorSettings,
        mut ledger: Box<dyn Ledger>,
        kinds: Arc<dyn Kinds>,
        stores: Arc<dyn OpenStores>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let registry = open_registry(&settings, &*stores).await?;
        let rows = ledger.load().map_err(|e| unusable(&e))?;
        let state = State::load(settings.core.clone(), rows).map_err(|e| unusable(&e))?;
        Self::run(Run {
            ledger,
            state,
            kinds,
            stores,
            registry,
            clock,
            paths: settings.paths,
            take_over: settings.take_over,
            shared_probe: None,
        })
        .await
    }

    async fn run(run: Run) -> Result<Self, Failure> {
        let Run { ledger, state, kinds, stores, registry, clock, paths, take_over, shared_probe } = run;
        let known = unfinished(&state);
        let finished = state.job_ids().filter(|id| !known.contains_key(*id)).cloned().collect();
        let executor = Arc::new(Executor::new(Tools {
            stores: stores.clone(),
            kinds: kinds.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            nonce: chance::hex(),
        }));
        let metrics = Arc::new(Metrics::new(clock.unix_ms()));
        let parts = Parts { state, ledger, executor, clock: clock.clone(), metrics: metrics.clone() };
        let (driver, task) = driver::spawn(parts);
        let start = Ask::Start { unix_ms: clock.unix_ms() };
        if driver.ask(start).await.is_err() {
            return Err(task
                .await
                .map_or_else(|died| broken(&died), |end| end.err().unwrap_or_else(stopped)));
        }
        let catch_up = CatchUp {
            driver: driver.clone(),
            stores: stores.clone(),
            kinds: kinds.clone(),
            paths: paths.clone(),
            take_over,
        };
        let unread = catch_up.run(&registry, known, &finished).await?;
        let catching_up = tokio::spawn(unread.catch_up());
        let handle = CoordinatorHandle {
            driver,
            kinds,
            stores,
            registry,
            clock,
            paths,
            take_over,
            shared_probe,
            metrics,
        };
        Ok(Self { handle, driver: task, catching_up })
    }

    /// Ends when the coordinator can no longer answer, with the reason. Then the process has to end too.
    pub async fn failed(&mut self) -> Failure {
        match (&mut self.driver).await {
            Ok(Ok(())) => stopped(),
            Ok(Err(failure)) => failure,
            Err(died) => broken(&died),
        }
    }

    /// Ends the coordinator. Everything it answered is durable already; handles that are left answer nothing.
    pub async fn stop(self) {
        self.catching_up.abort();
        self.driver.abort();
        if !self.driver.is_finished() {
            self.driver.await.ok();
        }
    }
}

struct Run {
    ledger: Box<dyn Ledger>,
    state: State,
    kinds: Arc<dyn Kinds>,
    stores: Arc<dyn OpenStores>,
    registry: Registry,
    clock: Arc<dyn Clock>,
    paths: FilePaths,
    take_over: bool,
    shared_probe: Option<String>,
}

fn stopped() -> Failure {
    Failure::new(ourselves::INVARIANT, "the coordinator stopped without a reason")
}

fn broken(died: &tokio::task::JoinError) -> Failure {
    Failure::new(ourselves::PANICKED, "the coordinator's driver panicked").caused_by(died)
}

fn unusable(error: &dyn std::error::Error) -> Failure {
    Failure::new(cluster::LEDGER_UNUSABLE, "the ledger cannot be used").caused_by(error)
}

async fn open_registry(settings: &CoordinatorSettings, stores: &dyn OpenStores) -> Result<Registry, Failure> {
    let uri = match &settings.registry {
        Some(uri) => uri.clone(),
        None => default_registry(&settings.state_dir)?,
    };
    Ok(Registry::new(stores.open(&uri, &settings.registry_store).await?))
}

/// Beside the state directory, or inside it where its parent cannot be written.
fn default_registry(state_dir: &Path) -> Result<Uri, Failure> {
    let state = Uri::parse_here(&state_dir.to_string_lossy()).map_err(StoreError::from)?;
    let beside = state.sibling(".registry.tarquet");
    let beside = beside.filter(|uri| uri.path().is_some_and(|path| std::fs::create_dir_all(path).is_ok()));
    Ok(beside.unwrap_or_else(|| state.join("registry.tarquet")))
}

/// The ledger and what it knows. One that does not read as ours is moved aside like one that is damaged.
async fn load(
    settings: &CoordinatorSettings,
    clock: &dyn Clock,
) -> Result<(Box<dyn Ledger>, State), Failure> {
    let (dir, core, unix_ms) = (settings.state_dir.clone(), settings.core.clone(), clock.unix_ms());
    let opening = move || -> Result<(Box<dyn Ledger>, State), LedgerError> {
        let (mut ledger, found) = ledger::open(&dir, unix_ms)?;
        tell(&found);
        let state = match State::load(core.clone(), ledger.load()?) {
            Ok(state) => return Ok((Box::new(ledger), state)),
            Err(corrupt) => corrupt,
        };
        tracing::error!(error = %state, "the ledger's rows do not read; it is moved aside and rebuilt");
        drop(ledger);
        let (ledger, found) = ledger::replace(&dir, unix_ms)?;
        tell(&found);
        Ok((Box::new(ledger), State::new(core)))
    };
    match tokio::task::spawn_blocking(opening).await {
        Ok(Ok(loaded)) => Ok(loaded),
        Ok(Err(error)) => {
            Err(unusable(&error).at_uri(settings.state_dir.join("ledger").display().to_string()))
        }
        Err(died) => Err(broken(&died)),
    }
}

fn tell(found: &Opened) {
    match found {
        Opened::Whole => tracing::debug!("the ledger is whole"),
        Opened::New => tracing::info!("a new ledger"),
        Opened::WithoutSnapshots(aside) => {
            tracing::warn!(original = %aside.display(), "the ledger's snapshots were broken; nothing is lost");
        }
        Opened::Replaced(aside) => {
            tracing::error!(damaged = %aside.display(), "the ledger was moved aside and is rebuilt from the objects");
        }
    }
}

/// Where the objects of each unfinished job of the ledger are.
fn unfinished(state: &State) -> BTreeMap<JobId, (String, StoreSettings)> {
    let rows = state.job_ids().filter_map(|id| state.job(id)).filter(|row| !row.phase.is_over());
    rows.map(|row| (row.job.clone(), (row.job_uri.clone(), row.store.clone()))).collect()
}
