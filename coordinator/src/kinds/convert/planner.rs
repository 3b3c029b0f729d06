//! The door to `convert`: what the coordinator asks, handed to what answers it.

use super::{
    archives::Archives,
    earlier::first,
    filter::Filter,
    outlook,
    pinned::pinned_schema,
    stages::{Context, convert_stage, freeze_stage, index_stage, sample_stage},
};
use crate::{
    inputs::list,
    planner::{Intent, Outlook, Planned, Planner, SampleSink, StageAsk},
    stores::OpenStores,
};
use async_trait::async_trait;
use std::sync::Arc;
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    kinds::convert::{ConvertSpec, ITEM, STAGES, Stage},
    receipt::Receipt,
    spec::Spec,
    stage_plan::StageWords,
};

/// Archives of pandas HDF5 frames become Parquet partitions.
pub struct Convert;

#[async_trait]
impl Planner for Convert {
    fn stages(&self) -> &'static [StageWords] {
        &STAGES
    }

    fn intake(&self, spec: &Spec) -> Result<Intent, Failure> {
        let sections = sections(spec)?;
        let others = [sections.output.index_uri()].into_iter().chain(sections.schema.file.clone());
        Intent::of(spec, self.stages(), ITEM)?.reaching(others)
    }

    async fn preflight(&self, stores: &dyn OpenStores, spec: &Spec) -> Result<(), Failure> {
        let spec = sections(spec)?;
        Filter::new(&spec.input.members)?;
        list(stores, spec.input.objects(), &Archives).await?;
        pinned_schema(stores, spec).await?;
        Ok(())
    }

    async fn plan_stage(&self, ask: StageAsk<'_>) -> Result<Planned, Failure> {
        let spec = sections(ask.spec)?;
        let context = Context { stores: ask.stores, spec, job: ask.job_store, created_by: ask.created_by };
        let [indexed, sampled, frozen] =
            [Stage::Index, Stage::Sample, Stage::Freeze].map(|s| receipts_of(&ask, s));
        match Stage::of_name(ask.stage) {
            Some(Stage::Index) => index_stage(&context).await,
            Some(Stage::Sample) => sample_stage(&context, indexed).await,
            Some(Stage::Freeze) => freeze_stage(&context, indexed, sampled).await,
            Some(Stage::Convert) => convert_stage(&context, indexed, first(frozen)?).await,
            Some(Stage::Publish) | None => {
                let text = format!("convert has no stage {:?} to plan", ask.stage);
                Err(Failure::new(ourselves::INVARIANT, text))
            }
        }
    }

    async fn outlook(
        &self,
        stores: &dyn OpenStores,
        spec: &Spec,
        sample: SampleSink<'_>,
    ) -> Result<Outlook, Failure> {
        outlook::outlook(stores, sections(spec)?, sample).await
    }
}

fn sections(spec: &Spec) -> Result<&ConvertSpec, Failure> {
    let other = || Failure::new(ourselves::INVARIANT, format!("convert was given a spec of {}", spec.kind()));
    spec.downcast().ok_or_else(other)
}

fn receipts_of<'a>(ask: &StageAsk<'a>, stage: Stage) -> &'a [Arc<Receipt>] {
    ask.receipts.get(stage as usize).map_or(&[], Vec::as_slice)
}
