//! Carries out orders.

use super::{claim, conditional, order::Order, output, plan, publish, rounds, tools::Tools};
use crate::rebuild::snapshot_of;
use tarquet_common::{
    failure::Failure,
    store::{StoreError, Uri},
};
use tarquet_core::{EffectKey, Outcome};
use tokio::sync::Semaphore;

/// Orders that talk to a store, at a time. Further ones wait.
const STORE_ORDERS: usize = 128;
/// Stages that are planned at a time.
const PLAN_ORDERS: usize = 4;

/// Carries out orders, so many at a time.
pub(crate) struct Executor {
    tools: Tools,
    store_gate: Semaphore,
    plan_gate: Semaphore,
}

impl Executor {
    /// An executor that works with these.
    pub(crate) fn new(tools: Tools) -> Self {
        let (store_gate, plan_gate) = (Semaphore::new(STORE_ORDERS), Semaphore::new(PLAN_ORDERS));
        Self { tools, store_gate, plan_gate }
    }

    /// Carries out the order of an effect, and says what became of it, whatever happened.
    pub(crate) async fn carry_out(&self, effect: EffectKey, order: Order) -> Outcome {
        let gate = if matches!(order, Order::PlanStage { .. }) { &self.plan_gate } else { &self.store_gate };
        let _turn = gate.acquire().await.expect("the gates are never closed");
        let outcome = carry_out(&self.tools, order).await;
        outcome.unwrap_or_else(|failure| Outcome::EffectFailed { effect, failure })
    }
}

async fn carry_out(tools: &Tools, order: Order) -> Result<Outcome, Failure> {
    match order {
        Order::ClaimOutput { at, asked, again } => claim::claim(tools, &at, &asked, again).await,
        Order::RaiseGeneration { at, above } => {
            let store = tools.job_store(&at).await?;
            conditional::generation(&*store, at.job, above, tools.clock.unix_ms(), &tools.nonce).await
        }
        Order::PlanStage { at, job, stage, receipts } => plan::plan(tools, at, job, stage, receipts).await,
        Order::StoreReceipt { at, receipt } => {
            conditional::receipt(&*tools.job_store(&at).await?, receipt).await
        }
        Order::OpenRounds { at, rounds } => {
            let (store, output) = (tools.job_store(&at).await?, tools.output_store(&at).await?);
            rounds::open(&*store, &*output, at.job, rounds).await
        }
        Order::StoreAccept { at, accept, rounds } => {
            rounds::accept(&*tools.job_store(&at).await?, at.job, accept, rounds).await
        }
        Order::StoreOutcome { at, verdict } => {
            conditional::verdict(&*tools.job_store(&at).await?, at.job, verdict).await
        }
        Order::ListOutput { at } => {
            let foreign = output::foreign(&*tools.output_store(&at).await?, &at.job).await?;
            Ok(Outcome::OutputListed { job: at.job, foreign })
        }
        Order::PublishShard { at, receipt, early } => {
            if early && publish::is_forbidden(&*tools.job_store(&at).await?).await? {
                let (shard, round) = (receipt.shard.clone(), receipt.round);
                return Ok(Outcome::EndedElsewhere { shard, round });
            }
            publish::publish(&*tools.output_store(&at).await?, &receipt).await
        }
        Order::StoreCatalog { at, catalog } => {
            conditional::catalog(&*tools.job_store(&at).await?, at.job, &catalog).await
        }
        Order::AbortUploads { at, shard, round, uploads } => {
            output::abort_or_leave(output::abort(&*tools.output_store(&at).await?, &uploads).await)?;
            Ok(Outcome::UploadsAborted { shard, round })
        }
        Order::SweepUploads { at, catalog, release } => output::sweep(tools, at, &catalog, release).await,
        Order::Compare { at } => {
            let uri = Uri::parse_here(&at.job_uri).map_err(StoreError::from)?;
            let snapshot = snapshot_of(&tools.stores, &uri, &at.store).await?;
            Ok(Outcome::Compared(Box::new(snapshot)))
        }
    }
}
