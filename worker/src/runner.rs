//! The one implementation of [`Attempt`]: from a lease to a kind's work, and from what came out to a receipt.
//!
//! An attempt reads its stage's **plan** (the head once per stage, its own block each time), opens what the kind needs and
//! runs the kind. Items that failed are written down then; uploads that were begun are aborted when the attempt does not
//! finish.

use crate::{
    attempt::{Attempt, AttemptContext, ProgressCell},
    input::Inputs,
    kinds,
    output::{Parts, Quarantine, Sides},
    plan::PlanReader,
    work::{Done, Site, SlotMemory, on_a_thread},
};
use async_trait::async_trait;
use std::{path::PathBuf, sync::Arc};
use tarquet_common::{
    clock::Clock,
    codes::{cluster, store},
    failure::Failure,
    ids::WorkerId,
    leasing::Lease,
    origin::Origin,
    receipt::Receipt,
    store::Stores,
};
use tokio::runtime::Handle;

/// Runs attempts of any kind.
pub struct Runner {
    worker: WorkerId,
    scratch: PathBuf,
    stores: Arc<Stores>,
    clock: Arc<dyn Clock>,
    plans: PlanReader,
}

impl Runner {
    /// A runner for the worker of this name. Items lie in the folder `scratch` between two threads.
    pub fn new(worker: WorkerId, scratch: PathBuf, stores: Arc<Stores>, clock: Arc<dyn Clock>) -> Self {
        Self { worker, scratch, stores, clock, plans: PlanReader::default() }
    }

    fn receipt(&self, lease: &Lease, done: Done) -> Receipt {
        Receipt {
            shard: lease.shard.clone(),
            round: lease.round,
            attempt: lease.attempt,
            worker: self.worker.clone(),
            artifacts: done.artifacts,
            counts: done.counts,
            sides: done.sides,
            skipped: done.skipped,
            output: done.output,
        }
    }
}

#[async_trait]
impl Attempt for Runner {
    async fn run(&self, lease: &Lease, context: AttemptContext) -> Result<Receipt, Failure> {
        self.attempt(lease, context).await.map_err(|failure| here(&self.worker, failure))
    }

    async fn discard(&self, lease: &Lease, receipt: &Receipt) {
        let Ok(output) = self.stores.open_text(&lease.output_uri, &lease.store).await else { return };
        for artifact in &receipt.artifacts {
            if let Err(error) = output.abort_upload(&artifact.name, &artifact.upload_id).await {
                tracing::warn!(name = %artifact.name, %error, "an upload could not be aborted");
            }
        }
    }
}

impl Runner {
    async fn attempt(&self, lease: &Lease, context: AttemptContext) -> Result<Receipt, Failure> {
        let work = kinds::named(&lease.kind)?;
        let runtime = Handle::current();
        let output = self.stores.open_text(&lease.output_uri, &lease.store).await?;
        let job = self.stores.open_text(&lease.job_uri, &lease.store).await?;
        // What every artifact says of itself: publish knows its own by it.
        let origin = Origin { shard: lease.shard.clone(), round: lease.round, attempt: lease.attempt };
        let parts = Parts::new(runtime.clone(), output, origin.metadata(), context.clone());
        let plan = self.plans.read(&*job, lease).await?;
        let sides = Sides::new(runtime.clone(), Arc::clone(&self.stores), job, context.clone());
        let quarantine = Quarantine::new(
            lease,
            &self.worker,
            sides.clone(),
            Arc::clone(&context.progress),
            Arc::clone(&self.clock),
        );
        let quarantine = Arc::new(quarantine);
        let site = Site {
            stage: lease.stage_name.clone(),
            inputs: Inputs::new(runtime, Arc::clone(&self.stores), context.clone()),
            scratch: self.scratch.clone(),
            parts: parts.clone(),
            sides,
            quarantine: Arc::clone(&quarantine),
            progress: Arc::clone(&context.progress),
            stop: context.stop,
            memory: SlotMemory { slot_bytes: context.slot_bytes, planned_bytes: plan.record.slot_bytes },
            skip: lease.skip.clone(),
        };
        let ended = match work.run(site, plan).await {
            Ok(done) => completed(done, quarantine, &context.progress).await,
            Err(failure) => Err(failure),
        };
        match ended {
            Ok(done) => Ok(self.receipt(lease, done)),
            Err(failure) => {
                parts.abort().await;
                Err(failure)
            }
        }
    }
}

/// A store that this worker does not know may be known to another: that is no reason to end the shard's tries.
fn here(worker: &WorkerId, failure: Failure) -> Failure {
    if failure.code != store::STORE_NOT_CONFIGURED {
        return failure;
    }
    let told = format!("worker {worker}: {}", failure.message);
    Failure { place: failure.place, ..Failure::new(cluster::WORKER_LACKS_STORE, told) }
}

/// What the engine adds to what a kind has done: the quarantine file, and what it counts itself.
async fn completed(
    mut done: Done,
    quarantine: Arc<Quarantine>,
    progress: &ProgressCell,
) -> Result<Done, Failure> {
    done.counts.failed = quarantine.len();
    done.counts.bytes_in = progress.bytes_fetched();
    done.counts.bytes_out = done.artifacts.iter().map(|artifact| artifact.bytes).sum();
    if done.counts.failed > 0 {
        done.sides.push(on_a_thread(move || quarantine.write()).await?);
    }
    Ok(done)
}
