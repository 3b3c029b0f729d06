//! A stage's plan: the plan itself, then the choice of it.

use super::{
    Executor, Order,
    once::{put_once, read_json},
};
use crate::{
    objects::{self, PlanObject},
    planner::{PlanAsk, PlanFailed, Planned},
    rebuild::read_plan,
};
use tarquet_common::{
    failure::{Class, Failure},
    store::{Metadata, Store, probe},
};
use tarquet_core::{Command, StagePlan};

pub(super) async fn plan(executor: &Executor, order: &Order, stage: u8) -> Result<Command, Failure> {
    let job = &order.job;
    let store = executor.job_store(job).await?;
    let chosen = match read_json::<PlanObject>(&*store, &objects::plan_object(stage)).await? {
        Some(chosen) => chosen,
        None => {
            let ask = PlanAsk {
                job: job.clone(),
                stage,
                receipts: order.receipts.clone(),
                job_store: store.clone(),
            };
            match executor.kinds.plan_stage(ask).await {
                Ok(mut planned) => {
                    if stage == 0 {
                        planned.warnings.extend(distrust(&*store).await?);
                    }
                    write(&*store, stage, planned).await?
                }
                Err(failed) => return verdict(order, stage, failed),
            }
        }
    };
    let plan: StagePlan = read_plan(&*store, chosen).await?;
    Ok(Command::StagePlanned { job: job.job.clone(), plan: Box::new(plan) })
}

/// Tries what exactly-once publishing rests on, once a job, in the job's own prefix. A store that fails is used all the
/// same: every key is looked at before an upload is completed, which is enough for one coordinator. The warning stands
/// in the status for as long as the job does.
async fn distrust(store: &dyn Store) -> Result<Option<String>, Failure> {
    let seen = probe(store, "").await?;
    let told = format!(
        "the store does not keep its conditions (conditional PUT: {}, conditional Complete: {}, reads its writes: {}): \
         run one coordinator only",
        seen.conditional_put, seen.conditional_complete, seen.reads_its_writes
    );
    Ok((!seen.is_safe()).then_some(told))
}

/// What passes by itself is tried again; all else needs a person, or is the end.
fn verdict(order: &Order, stage: u8, failed: PlanFailed) -> Result<Command, Failure> {
    let PlanFailed { failure, fatal } = failed;
    if !fatal && failure.class() == Class::Environment {
        return Err(failure);
    }
    Ok(Command::StagePlanFailed { job: order.job.job.clone(), stage, failure, fatal })
}

/// The plan's name holds its digest, so two coordinators whose plans differ both write theirs whole; which one counts
/// is what the choice says.
async fn write(store: &dyn Store, stage: u8, planned: Planned) -> Result<PlanObject, Failure> {
    let plan_name = objects::plan(stage, &planned.plan.digest);
    store.put_if_absent(&plan_name, planned.plan.bytes.into(), &Metadata::new()).await?;
    let ours = PlanObject {
        stage,
        plan_name,
        plan_digest: planned.plan.digest,
        planned_items: planned.planned_items,
        steps: planned.steps,
        partitions: planned.partitions,
        warnings: planned.warnings,
    };
    Ok(put_once(store, &objects::plan_object(stage), &ours).await?.says(ours))
}
