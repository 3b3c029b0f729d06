//! Reads back what an earlier stage was told.

use crate::objects::{self, PlanObject};
use serde::de::DeserializeOwned;
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    stage_plan::{check_block, decode_block, decode_head},
    store::Store,
};

/// Most bytes of a plan that are read back whole.
const PLAN_BYTES_MAX: u64 = 4 << 30;

/// The blocks of a stage's plan, in shard order.
pub(super) async fn read_blocks<T: DeserializeOwned>(job: &dyn Store, stage: u8) -> Result<Vec<T>, Failure> {
    let name = objects::plan_object(stage);
    let chosen =
        job.get(&name, PLAN_BYTES_MAX).await.map_err(Failure::from)?.ok_or_else(|| unreadable(&name))?;
    let chosen: PlanObject =
        serde_json::from_slice(&chosen.bytes).map_err(|e| unreadable(&name).caused_by(&e))?;
    let name = &chosen.plan_name;
    let plan = job.get(name, PLAN_BYTES_MAX).await.map_err(Failure::from)?.ok_or_else(|| unreadable(name))?;
    let head = decode_head(&plan.bytes, &chosen.plan_digest).map_err(|e| unreadable(name).caused_by(&e))?;
    let mut blocks = Vec::with_capacity(head.records.len());
    for record in &head.records {
        let start = usize::try_from(record.block_offset).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(record.block_len as usize);
        let block = plan.bytes.get(range).ok_or_else(|| unreadable(name))?;
        check_block(record, block).map_err(|e| unreadable(name).caused_by(&e))?;
        blocks.push(decode_block(block).map_err(|e| unreadable(name).caused_by(&e))?);
    }
    Ok(blocks)
}

fn unreadable(name: &str) -> Failure {
    Failure::new(codes::PLAN_UNREADABLE, format!("the plan {name} is gone or cannot be read"))
}
