//! At start: what the ledger holds, compared with the objects of every job.

use crate::{
    driver::{DriverHandle, NoReply},
    rebuild::{Registry, may_take_over, snapshot, was_begun},
    stores::OpenStores,
};
use std::{collections::BTreeMap, time::Duration};
use tarquet_common::{
    codes::ourselves,
    failure::{Class, Failure},
    ids::JobId,
    store::{StoreError, StoreSettings, Uri},
};
use tarquet_core::{Ask, Refusal};

/// Times that the registry or a job is read before the start fails, and the wait between.
const READ_TRIES: u32 = 6;
const READ_WAIT: Duration = Duration::from_secs(2);

/// Where the objects of jobs are.
pub(crate) type Places = BTreeMap<JobId, (String, StoreSettings)>;

/// What catching up needs.
pub(crate) struct CatchUp<'a> {
    /// Takes the snapshots.
    pub(crate) driver: &'a DriverHandle,
    /// Opens the jobs' stores.
    pub(crate) stores: &'a dyn OpenStores,
    /// Somebody has said that no other coordinator is left.
    pub(crate) take_over: bool,
}

impl CatchUp<'_> {
    /// Reads every unfinished job of the ledger (`known`), and every job of the registry that the ledger does not know.
    ///
    /// # Errors
    /// What reading the registry said.
    pub(crate) async fn run(
        &self,
        registry: &Registry,
        known: Places,
        finished: &[JobId],
    ) -> Result<(), Failure> {
        let pointers = patiently(|| registry.all()).await?;
        let strange =
            pointers.into_iter().filter(|p| !finished.contains(&p.job) && !known.contains_key(&p.job));
        let strange: Places = strange.map(|p| (p.job, (p.job_uri, p.store))).collect();
        for (places, is_known) in [(known, true), (strange, false)] {
            for (job, (job_uri, store)) in places {
                if let Err(failure) = self.one(&job, &job_uri, &store, is_known).await {
                    // One job that cannot be read must not keep all others from going on.
                    let (code, hint) = (failure.code, failure.hint());
                    tracing::error!(%job, %code, %failure, causes = ?failure.causes, hint, "a job was not read back");
                }
            }
        }
        Ok(())
    }

    async fn one(
        &self,
        job: &JobId,
        job_uri: &str,
        settings: &StoreSettings,
        is_known: bool,
    ) -> Result<(), Failure> {
        let uri = Uri::parse_here(job_uri).map_err(StoreError::from)?;
        let Some(found) = patiently(|| snapshot(self.stores, &uri, settings)).await? else {
            tracing::debug!(%job, "no objects of the job yet");
            return self.tell(Ask::NothingStored(job.clone())).await;
        };
        if !is_known {
            if !was_begun(&found) {
                tracing::debug!(%job, "it never had its output");
                return Ok(());
            }
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
