//! Carries out orders.

use super::{Order, claim, generation, once::put_once, output, plan, publish};
use crate::{
    objects,
    planner::{Kinds, output_store},
    rebuild::Registry,
    stores::OpenStores,
};
use std::sync::Arc;
use tarquet_common::{
    clock::Clock,
    failure::Failure,
    receipt::Receipt,
    store::{Store, StoreError, Uri},
};
use tarquet_core::{Command, Effect, JobRow};
use tokio::sync::Semaphore;

/// Orders that talk to a store, at a time. Further ones wait.
const STORE_ORDERS: usize = 128;
/// Stages that are planned at a time.
const PLAN_ORDERS: usize = 4;

/// Everything that effects need.
pub(crate) struct Executor {
    pub(super) stores: Arc<dyn OpenStores>,
    pub(super) kinds: Arc<dyn Kinds>,
    pub(super) registry: Registry,
    pub(super) clock: Arc<dyn Clock>,
    /// Chance, different in every process.
    pub(super) nonce: String,
    store_gate: Semaphore,
    plan_gate: Semaphore,
}

impl Executor {
    /// An executor on these parts.
    pub(crate) fn new(
        stores: Arc<dyn OpenStores>,
        kinds: Arc<dyn Kinds>,
        registry: Registry,
        clock: Arc<dyn Clock>,
        nonce: String,
    ) -> Self {
        let (store_gate, plan_gate) = (Semaphore::new(STORE_ORDERS), Semaphore::new(PLAN_ORDERS));
        Self { stores, kinds, registry, clock, nonce, store_gate, plan_gate }
    }

    /// Carries out an order. Its outcome is a command, whatever happened.
    pub(crate) async fn carry_out(&self, order: Order) -> Command {
        let effect = order.effect.key();
        let gate = match order.effect {
            Effect::PlanStage { .. } => &self.plan_gate,
            _ => &self.store_gate,
        };
        let _turn = gate.acquire().await.expect("the gates are never closed");
        match self.outcome(order).await {
            Ok(command) => command,
            Err(failure) => Command::EffectFailed { effect, failure },
        }
    }

    async fn outcome(&self, order: Order) -> Result<Command, Failure> {
        let job = order.job.clone();
        match &order.effect {
            Effect::ClaimOutput { .. } => claim::claim(self, &job).await,
            Effect::RaiseGeneration { above, .. } => {
                let generation = generation::raise(self, &job, *above).await?;
                Ok(Command::GenerationRaised { job: job.job.clone(), generation })
            }
            Effect::PlanStage { stage, .. } => plan::plan(self, &order, *stage).await,
            Effect::StoreReceipt { receipt } => self.store_receipt(&job, receipt).await,
            Effect::OpenRounds { rounds, .. } => {
                let key = objects::rounds(rounds.number);
                let said = put_once(&*self.job_store(&job).await?, &key, rounds).await?;
                Ok(Command::RoundsOpened { job: job.job.clone(), rounds: said.says(rounds.clone()) })
            }
            Effect::StoreAccept { accept, .. } => {
                let key = objects::accept(accept.number);
                let said = put_once(&*self.job_store(&job).await?, &key, accept).await?;
                Ok(Command::AcceptStored { job: job.job.clone(), accept: said.says(accept.clone()) })
            }
            Effect::StoreOutcome { verdict, .. } => {
                let said = put_once(&*self.job_store(&job).await?, objects::OUTCOME, verdict).await?;
                Ok(Command::OutcomeStored { job: job.job.clone(), verdict: said.says(verdict.clone()) })
            }
            Effect::ListOutput { .. } => {
                let foreign = output::foreign(&*self.output_store(&job).await?, &order).await?;
                Ok(Command::OutputListed { job: job.job.clone(), foreign })
            }
            Effect::PublishShard { receipt } => {
                publish::publish(&*self.output_store(&job).await?, receipt).await
            }
            Effect::StoreCatalog { .. } => output::catalog(&*self.job_store(&job).await?, &order).await,
            Effect::AbortUploads { shard, round, uploads } => {
                output::abort(&*self.output_store(&job).await?, uploads).await?;
                Ok(Command::UploadsAborted { shard: shard.clone(), round: *round })
            }
            Effect::SweepUploads { release, .. } => output::sweep(self, &order, *release).await,
        }
    }

    /// The object that is there has won, whoever wrote it.
    async fn store_receipt(&self, job: &JobRow, receipt: &Arc<Receipt>) -> Result<Command, Failure> {
        let key = objects::receipt(&receipt.shard, receipt.round);
        let said = put_once(&*self.job_store(job).await?, &key, receipt.as_ref()).await?;
        Ok(match said {
            super::once::Once::Ours => Command::ReceiptStored(receipt.clone()),
            super::once::Once::Theirs(theirs) => Command::ReceiptTaken(Arc::new(theirs)),
        })
    }

    pub(super) async fn job_store(&self, job: &JobRow) -> Result<Arc<dyn Store>, StoreError> {
        self.open(&Uri::parse_here(&job.job_uri)?, job).await
    }

    pub(super) async fn output_store(&self, job: &JobRow) -> Result<Arc<dyn Store>, StoreError> {
        self.open(&Uri::parse_here(&job.output_uri)?, job).await
    }

    pub(super) async fn open(&self, root: &Uri, job: &JobRow) -> Result<Arc<dyn Store>, StoreError> {
        self.stores.open(root, &output_store(&job.spec)).await
    }
}
