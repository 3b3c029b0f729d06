//! At start: what the ledger holds, compared with the objects of every job.
//!
//! All jobs are read once, many at a time, before anything is served. What cannot be read then is read again and again, while
//! everything else goes on: one store that is away must not keep the jobs of all others waiting.

use crate::{
    driver::{DriverHandle, NoReply},
    objects::Pointer,
    planner::Kinds,
    rebuild::{Registry, may_take_over, snapshot, was_begun},
    settings::FilePaths,
    shared,
    stores::OpenStores,
};
use futures::{StreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
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
    /// What was told last of why it cannot be read.
    told: Option<Failure>,
}

impl Asked {
    /// Whether this is to be told: what was told already is not, however often it is met again. Causes may name each try anew.
    fn is_news(&mut self, failure: &Failure) -> bool {
        let says = |f: &Failure| (f.code, f.message.clone(), f.place.clone());
        let news = self.told.as_ref().is_none_or(|told| says(told) != says(failure));
        if news {
            self.told = Some(failure.clone());
        }
        news
    }
}

/// The jobs to be read: all that the ledger has and that are not finished, and those that only the registry knows.
fn to_read(pointers: Vec<Pointer>, known: Places, finished: &BTreeSet<JobId>) -> Vec<Asked> {
    let is_strange = |p: &Pointer| !finished.contains(&p.job) && !known.contains_key(&p.job);
    let strange: Vec<Pointer> = pointers.into_iter().filter(is_strange).collect();
    let strange = strange.into_iter().map(|p| (p.job, p.job_uri, p.store, false));
    let known = known.into_iter().map(|(job, (job_uri, store))| (job, job_uri, store, true));
    let asked = |(job, job_uri, settings, is_known)| Asked { job, job_uri, settings, is_known, told: None };
    known.chain(strange).map(asked).collect()
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
        finished: &BTreeSet<JobId>,
    ) -> Result<Unread, Failure> {
        let all = to_read(patiently(|| registry.all()).await?, known, finished);
        let read = |mut asked: Asked| async {
            let again = match tokio::time::timeout(JOB_WITHIN, self.once(&mut asked)).await {
                Ok(again) => again,
                Err(_) => {
                    let late = late(&asked);
                    self.not_read(&mut asked, late).await;
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
    async fn once(&self, asked: &mut Asked) -> bool {
        let Err(failure) = self.one(asked).await else { return false };
        let again = failure.class() == Class::Environment;
        self.not_read(asked, failure).await;
        again
    }

    /// Says why, in the log and to whoever asks for the job's status: once, and again when it is another reason.
    async fn not_read(&self, asked: &mut Asked, failure: Failure) {
        if !asked.is_news(&failure) {
            return tracing::debug!(job = %asked.job, code = %failure.code, "a job was not read back, as before");
        }
        let (job, code, hint) = (&asked.job, failure.code, failure.hint());
        tracing::error!(%job, %code, %failure, causes = ?failure.causes, hint, "a job was not read back");
        if asked.is_known {
            self.tell(Ask::Unread(asked.job.clone(), Box::new(failure))).await.ok();
        }
    }

    async fn one(&self, asked: &Asked) -> Result<(), Failure> {
        let Asked { job, job_uri, settings, is_known, told: _ } = asked;
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
        let each = jobs.into_iter().map(|mut asked| {
            let catch_up = catch_up.clone();
            async move {
                let mut tries = 0;
                loop {
                    tries += 1;
                    let ms = backoff_ms(tries, chance::word(), PAUSE_MS.0, PAUSE_MS.1);
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    if !catch_up.once(&mut asked).await {
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

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{
        clock::{Clock, SystemClock},
        codes::cluster,
    };

    fn job(n: u64) -> JobId {
        JobId::from_parts(n, 0)
    }

    fn pointer(n: u64) -> Pointer {
        Pointer { job: job(n), job_uri: format!("mem://{n}"), store: StoreSettings::default() }
    }

    #[test]
    fn what_is_finished_or_known_is_not_read_as_a_stranger_s() {
        let known = Places::from([(job(1), ("mem://1".to_owned(), StoreSettings::default()))]);
        let found = to_read((0..4).map(pointer).collect(), known, &BTreeSet::from([job(2)]));
        let found: Vec<_> = found.into_iter().map(|asked| (asked.job, asked.is_known)).collect();
        assert_eq!(found, [(job(1), true), (job(0), false), (job(3), false)]);
    }

    /// To compare 60,000 with 60,000, pair by pair, takes a minute.
    #[test]
    fn a_start_with_many_finished_jobs_compares_no_pairs() {
        let many = 60_000;
        let pointers: Vec<Pointer> = (0..many).map(pointer).collect();
        let finished: BTreeSet<JobId> = (0..many).map(job).collect();
        let clock = SystemClock::default();
        assert!(to_read(pointers, Places::new(), &finished).is_empty());
        let took_ms = clock.monotonic_ms();
        assert!(took_ms < 5_000, "{took_ms} ms");
    }

    #[test]
    fn the_same_trouble_is_told_once_and_another_at_once() {
        let mut asked = to_read(vec![pointer(1)], Places::new(), &BTreeSet::new()).remove(0);
        let damaged = |text: &str| Failure::new(cluster::JOB_OBJECT_DAMAGED, text).at_uri("mem://1/job.json");
        let mut retried = damaged("it does not read");
        retried.causes.push("request 17".to_owned());
        let told = [damaged("it does not read"), retried, damaged("it is too long"), late(&asked)];
        assert_eq!(told.map(|failure| asked.is_news(&failure)), [true, false, true, true]);
    }
}
