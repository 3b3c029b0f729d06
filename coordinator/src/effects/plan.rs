//! A stage's plan: the plan itself, then the choice of it.

use super::{order::JobPlace, tools::Tools};
use crate::{
    objects::{self, PlanObject},
    planner::{PlanAsk, PlanFailed, Planned},
    rebuild::read_plan,
    stores::{put_once, read_json},
};
use std::sync::Arc;
use tarquet_common::{
    failure::{Class, Failure},
    receipt::Receipt,
    store::{Metadata, Store, probe},
};
use tarquet_core::{JobRow, Outcome};

pub(super) async fn plan(
    tools: &Tools,
    at: JobPlace,
    job: Arc<JobRow>,
    stage: u8,
    receipts: Vec<Vec<Arc<Receipt>>>,
) -> Result<Outcome, Failure> {
    let store = tools.job_store(&at).await?;
    let chosen = match read_json::<PlanObject>(&*store, &objects::plan_object(stage)).await? {
        Some(chosen) => chosen,
        None => {
            let ask = PlanAsk { job, stage, receipts, job_store: store.clone() };
            match tools.kinds.plan_stage(ask).await {
                Ok(mut planned) => {
                    if stage == 0 {
                        planned.warnings.extend(distrust(&*store).await?);
                    }
                    write(&*store, stage, planned).await?
                }
                Err(failed) => return verdict(at, stage, failed),
            }
        }
    };
    let plan = read_plan(&*store, chosen).await?;
    Ok(Outcome::StagePlanned { job: at.job, plan: Box::new(plan) })
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
fn verdict(at: JobPlace, stage: u8, failed: PlanFailed) -> Result<Outcome, Failure> {
    let PlanFailed { failure, fatal } = failed;
    if !fatal && failure.class() == Class::Environment {
        return Err(failure);
    }
    Ok(Outcome::StagePlanFailed { job: at.job, stage, failure, fatal })
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
