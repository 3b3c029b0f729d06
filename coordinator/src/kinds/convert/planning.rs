//! From the name of a stage to what plans it.

use super::{Context, convert_stage, freeze_stage, index_stage, sample_stage};
use crate::{
    planner::{PlanAsk, Planned},
    stores::OpenStores,
};
use std::sync::Arc;
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    kinds::convert::{ConvertSpec, Stage},
    receipt::Receipt,
};

/// Plans a stage.
pub(in crate::kinds) async fn plan(
    stores: &dyn OpenStores,
    spec: &ConvertSpec,
    ask: &PlanAsk,
    created_by: &str,
) -> Result<Planned, Failure> {
    let context = Context { stores, spec, job: Arc::clone(&ask.job_store), created_by };
    let [indexed, sampled, frozen] =
        [Stage::Index, Stage::Sample, Stage::Freeze].map(|s| receipts_of(ask, s));
    let name = ask.job.stages.get(usize::from(ask.stage)).map_or("", String::as_str);
    match Stage::of_name(name) {
        Some(Stage::Index) => index_stage(&context).await,
        Some(Stage::Sample) => sample_stage(&context, indexed).await,
        Some(Stage::Freeze) => freeze_stage(&context, indexed, sampled).await,
        Some(Stage::Convert) => convert_stage(&context, indexed, first(frozen)?).await,
        Some(Stage::Publish) | None => {
            Err(Failure::new(ourselves::INVARIANT, format!("convert has no stage {name:?} to plan")))
        }
    }
}

fn receipts_of(ask: &PlanAsk, stage: Stage) -> &[Arc<Receipt>] {
    ask.receipts.get(stage as usize).map_or(&[], Vec::as_slice)
}

fn first(receipts: &[Arc<Receipt>]) -> Result<&Receipt, Failure> {
    let missing = || Failure::new(ourselves::INVARIANT, "the freeze stage ended without its receipt");
    receipts.first().map(|r| &**r).ok_or_else(missing)
}
