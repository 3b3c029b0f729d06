//! At start: what the ledger holds, compared with the objects of every job.
//!
//! All jobs are read once, many at a time, before anything is served. What cannot be read then is read again and again, while
//! everything else goes on: one store that is away must not keep the jobs of all others waiting.

use crate::{
    driver::{DriverHandle, NoReply},
    planner::Kinds,
    rebuild::{Registry, may_take_over, snapshot, was_begun},
    settings::FilePaths,
    shared,
    stores::OpenStores,
};
use futures::{StreamExt, stream};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tarquet_common::{
    chance::{self, backoff_ms},
    codes::{ourselves, store},
    failure::{Class, Failure},
    ids::JobId,
    store::{StoreError, StoreSettings, Uri},
};
use tarquet_core::{Ask, Refusal};

/// Times that the registry is read before the start fails, and the wait between.
const READ_TRIES: u32 = 6;
const READ_WAIT: Duration = Duration::from_secs(2);
/// How long a job may take to be read before the start goes on without it.
const JOB_WITHIN: Duration = Duration::from_secs(20);
/// Jobs read at a time.
const PARALLEL: usize = 16;
/// The first and the longest pause before a job is read again.
const PAUSE_MS: (u64, u64) = (2_000, 60_000);

/// Where the objects of jobs are.
pub(crate) type Places = BTreeMap<JobId, (String, StoreSettings)>;

/// What catching up needs.
#[derive(Clone)]
pub(crate) struct CatchUp {
    /// Takes the snapshots.
    pub(crate) driver: DriverHandle,
    /// Opens the jobs' stores.
    pub(crate) stores: Arc<dyn OpenStores>,
    /// Judges jobs that the ledger does not know.
    pub(crate) kinds: Arc<dyn Kinds>,
    /// File paths that jobs may name.
    pub(crate) paths: FilePaths,
    /// Somebody has said that no other coordinator is left.
    pub(crate) take_over: bool,
}

/// A job to be compared with its objects.
#[derive(Clone)]
struct Asked {
    job: JobId,
    job_uri: String,
    settings: StoreSettings,
    /// The ledger has it.
    is_known: bool,
}

/// The jobs that could not be read yet.
pub(crate) struct Unread(CatchUp, Vec<Asked>);

impl CatchUp {
    /// Reads every unfinished job of the ledger (`known`), and every job of the registry that the ledger does not know.
    /// Gives those that could not be read.
    ///
    /// # Errors
    /// What reading the registry said.
    pub(crate) async fn run(
        self,
        registry: &Registry,
        known: Places,
        finished: &[JobId],
    ) -> Result<Unread, Failure> {
        let pointers = patiently(|| registry.all()).await?;
        let strange =
            pointers.into_iter().filter(|p| !finished.contains(&p.job) && !known.contains_key(&p.job));
        let strange =
            strange.map(|p| Asked { job: p.job, job_uri: p.job_uri, settings: p.store, is_known: false });
        let known = known.iter().map(|(job, (job_uri, settings))| Asked {
            job: job.clone(),
            job_uri: job_uri.clone(),
            settings: settings.clone(),
            is_known: true,
        });
        let all: Vec<Asked> = known.chain(strange).collect();
        let read = |asked: Asked| async {
            let again = match tokio::time::timeout(JOB_WITHIN, self.once(&asked)).await {
                Ok(again) => again,
                Err(_) => {
                    self.not_read(&asked, late(&asked)).await;
                    true
                }
            };
            again.then_some(asked)
        };
        let unread = stream::iter(all.into_iter().map(read)).buffer_unordered(PARALLEL);
        let unread: Vec<Asked> = unread.filter_map(std::future::ready).collect().await;
        Ok(Unread(self, unread))
    }

    /// Reads a job; whether it has to be read again.
    async fn once(&self, asked: &Asked) -> bool {
        let Err(failure) = self.one(asked).await else { return false };
        let again = failure.class() == Class::Environment;
        self.not_read(asked, failure).await;
        again
    }

    /// Says why, in the log and to whoever asks for the job's status.
    async fn not_read(&self, asked: &Asked, failure: Failure) {
        let (job, code, hint) = (&asked.job, failure.code, failure.hint());
        tracing::error!(%job, %code, %failure, causes = ?failure.causes, hint, "a job was not read back");
        if asked.is_known {
            self.tell(Ask::Unread(asked.job.clone(), Box::new(failure))).await.ok();
        }
    }

    async fn one(&self, asked: &Asked) -> Result<(), Failure> {
        let Asked { job, job_uri, settings, is_known } = asked;
        let uri = Uri::parse_here(job_uri).map_err(StoreError::from)?;
        let Some(found) = snapshot(&*self.stores, &uri, settings).await? else {
            tracing::debug!(%job, "no objects of the job yet");
            return self.tell(Ask::NothingStored(job.clone())).await;
        };
        if !is_known {
            if !was_begun(&found) {
                tracing::debug!(%job, "it never had its output");
                return Ok(());
            }
            shared::allow(&self.paths, &self.kinds.adopt(&found.submit, &uri)?)?;
            let store = self.stores.open(&uri, settings).await?;
            may_take_over(&*store, &found, self.take_over).await?;
        }
        self.tell(Ask::Adopt(Box::new(found))).await
    }

    async fn tell(&self, ask: Ask) -> Result<(), Failure> {
        match self.driver.ask(ask).await {
            Ok(_) => Ok(()),
            Err(NoReply::Refused(Refusal::Because(failure))) => Err(*failure),
            Err(other) => Err(Failure::new(ourselves::INVARIANT, other.to_string())),
        }
    }
}

impl Unread {
    /// Reads them until each was read, or cannot be for another reason than that its store is away. Ends with the driver:
    /// what it can no longer be told is no failure of the surroundings.
    pub(crate) async fn catch_up(self) {
        let Self(catch_up, jobs) = self;
        let each = jobs.into_iter().map(|asked| {
            let catch_up = catch_up.clone();
            async move {
                let mut tries = 0;
                loop {
                    tries += 1;
                    let ms = backoff_ms(tries, chance::word(), PAUSE_MS.0, PAUSE_MS.1);
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    if !catch_up.once(&asked).await {
                        return;
                    }
                }
            }
        });
        stream::iter(each).buffer_unordered(PARALLEL).collect::<()>().await;
    }
}

/// The store has not answered yet, and others do not wait for it.
fn late(asked: &Asked) -> Failure {
    let text =
        format!("the job's objects were not read within {} s; it is tried again", JOB_WITHIN.as_secs());
    Failure::new(store::STORE_UNREACHABLE, text).at_uri(&asked.job_uri)
}

/// Again while only the surroundings fail.
async fn patiently<T, F: Future<Output = Result<T, Failure>>>(
    mut read: impl FnMut() -> F,
) -> Result<T, Failure> {
    let mut tries = 1;
    loop {
        match read().await {
            Err(failure) if failure.class() == Class::Environment && tries < READ_TRIES => {
                tracing::warn!(%failure, "reading back failed, trying again");
                tries += 1;
                tokio::time::sleep(READ_WAIT).await;
            }
            other => return other,
        }
    }
}
