//! From the name of a stage to what runs its shards.

use super::{freeze, index, sample, shard};
use crate::attempt::{ShardPlan, Site, Work};
use serde::de::DeserializeOwned;
use tarquet_common::{
    codes::{ourselves, plan as codes},
    failure::Failure,
    kinds::convert::Stage,
    stage_plan::{BadBlock, decode_block},
};

/// Runs a shard of any leased stage.
///
/// # Errors
/// The failure of the attempt.
pub(crate) async fn run(site: Site, plan: ShardPlan) -> Result<Work, Failure> {
    match Stage::of_name(&site.lease.stage_name) {
        Some(Stage::Index) => index::run(site, shared(&plan)?, block(&plan)?).await,
        Some(Stage::Sample) => sample::run(site, shared(&plan)?, block(&plan)?).await,
        Some(Stage::Freeze) => freeze::run(&site, &shared(&plan)?, &block(&plan)?).await,
        Some(Stage::Convert) => shard::run(site, shared(&plan)?, block(&plan)?).await,
        Some(Stage::Publish) | None => {
            let text = format!("convert has no leased stage {}", site.lease.stage_name);
            Err(Failure::new(ourselves::INVARIANT, text))
        }
    }
}

fn shared<T: DeserializeOwned>(plan: &ShardPlan) -> Result<T, Failure> {
    serde_json::from_slice(&plan.head.shared).map_err(|e| {
        Failure::new(codes::PLAN_UNREADABLE, "the plan's shared part cannot be read").caused_by(&e)
    })
}

fn block<T: DeserializeOwned>(plan: &ShardPlan) -> Result<T, Failure> {
    decode_block(&plan.block).map_err(|e: BadBlock| {
        Failure::new(codes::PLAN_UNREADABLE, "a shard's block cannot be read").caused_by(&e)
    })
}
