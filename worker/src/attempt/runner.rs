//! The one implementation of [`Attempt`]: dispatches on kind and stage.

use super::{PlanReader, Work, work::Artifacts};
use crate::{
    agent::{Attempt, AttemptContext},
    input::open_root,
    kinds::convert,
};
use async_trait::async_trait;
use std::{path::PathBuf, sync::Arc};
use tarquet_common::{
    clock::Clock, codes::ourselves, failure::Failure, ids::WorkerId, leasing::Lease, memory::UploadSettings,
    origin::Origin, receipt::Receipt, store::Stores,
};
use tokio::runtime::Handle;

/// What the operator of a worker tunes about attempts.
#[derive(Clone, Debug)]
pub struct RunnerSettings {
    /// Where members lie between archive and decoder.
    pub scratch: PathBuf,
    /// How artifacts are sent.
    pub upload: UploadSettings,
}

/// Runs attempts of any kind.
pub struct Runner {
    worker: WorkerId,
    settings: RunnerSettings,
    stores: Arc<Stores>,
    clock: Arc<dyn Clock>,
    plans: PlanReader,
}

/// What a stage is given. One for each attempt.
#[derive(Clone, Debug)]
pub struct Site {
    /// Who works here.
    pub worker: WorkerId,
    /// For what must wait on I/O from a thread that computes.
    pub runtime: Handle,
    /// Opens stores.
    pub stores: Arc<Stores>,
    /// Where members lie between archive and decoder.
    pub scratch: PathBuf,
    /// Where uploads are begun.
    pub artifacts: Arc<Artifacts>,
    /// The job prefix.
    pub job: Arc<dyn tarquet_common::store::Store>,
    /// The lease.
    pub lease: Lease,
    /// Progress, stop flag and memory.
    pub context: AttemptContext,
    /// Memory that the plan says the shard needs; the slot has that or more.
    pub planned_bytes: u64,
    /// When the attempt started, in milliseconds since the epoch.
    pub started_unix_ms: u64,
    /// How long ago that was, whenever asked.
    pub elapsed: Elapsed,
}

/// Tells how long an attempt has been going on.
#[derive(Clone)]
pub struct Elapsed(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Elapsed {
    fn since_now(clock: Arc<dyn Clock>) -> Self {
        let start = clock.monotonic_ms();
        Self(Arc::new(move || clock.monotonic_ms() - start))
    }

    /// Seconds so far.
    pub fn seconds(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an attempt is shorter than 2^53 ms")]
        let ms = (self.0)() as f64;
        ms / 1000.0
    }
}

impl std::fmt::Debug for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} s", self.seconds())
    }
}

impl Runner {
    /// A runner for the worker of this name.
    pub fn new(
        worker: WorkerId,
        settings: RunnerSettings,
        stores: Arc<Stores>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { worker, settings, stores, clock, plans: PlanReader::default() }
    }

    async fn site(&self, lease: &Lease, context: AttemptContext) -> Result<Site, Failure> {
        let runtime = Handle::current();
        let output = open_root(&self.stores, &lease.output_uri, &lease.store).await?;
        // What every artifact says of itself: publish knows its own by it.
        let origin = Origin { shard: lease.shard.clone(), round: lease.round, attempt: lease.attempt };
        let artifacts =
            Artifacts::new(runtime.clone(), output, origin.metadata(), self.settings.upload, context.clone());
        Ok(Site {
            worker: self.worker.clone(),
            runtime,
            stores: Arc::clone(&self.stores),
            scratch: self.settings.scratch.clone(),
            artifacts: Arc::new(artifacts),
            job: open_root(&self.stores, &lease.job_uri, &lease.store).await?,
            lease: lease.clone(),
            context,
            planned_bytes: 0,
            started_unix_ms: self.clock.unix_ms(),
            elapsed: Elapsed::since_now(Arc::clone(&self.clock)),
        })
    }
}

#[async_trait]
impl Attempt for Runner {
    async fn run(&self, lease: &Lease, context: AttemptContext) -> Result<Receipt, Failure> {
        let mut site = self.site(lease, context).await?;
        let artifacts = Arc::clone(&site.artifacts);
        let plan = self.plans.read(&*site.job, lease).await?;
        site.planned_bytes = plan.record.slot_bytes;
        let done = match lease.kind.as_str() {
            "convert" => convert::run(site, plan).await,
            kind => Err(Failure::new(ourselves::INVARIANT, format!("this worker knows no kind {kind}"))),
        };
        match done {
            Ok(work) => Ok(self.receipt(lease, work)),
            Err(failure) => {
                artifacts.abort().await;
                Err(failure)
            }
        }
    }

    async fn discard(&self, lease: &Lease, receipt: &Receipt) {
        let opened = open_root(&self.stores, &lease.output_uri, &lease.store).await;
        let Ok(output) = opened else { return };
        for artifact in &receipt.artifacts {
            if let Err(error) = output.abort_upload(&artifact.name, &artifact.upload_id).await {
                tracing::warn!(name = %artifact.name, %error, "an upload could not be aborted");
            }
        }
    }
}

impl Runner {
    fn receipt(&self, lease: &Lease, work: Work) -> Receipt {
        Receipt {
            shard: lease.shard.clone(),
            round: lease.round,
            attempt: lease.attempt,
            worker: self.worker.clone(),
            artifacts: work.artifacts,
            counts: work.counts,
            sides: work.sides,
            skipped: work.skipped,
            output: work.output,
        }
    }
}
