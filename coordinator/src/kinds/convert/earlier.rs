//! What the stages before have found: their receipts, and what their shards were told.

use crate::objects::{self, PlanObject};
use serde::de::DeserializeOwned;
use std::{collections::BTreeSet, sync::Arc};
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    kinds::convert::{IndexBlock, SampleOutput, Stage},
    receipt::Receipt,
    stage_plan::{check_block, decode_block, decode_head},
    store::Store,
};

/// Most bytes of a plan that are read back whole.
const PLAN_BYTES_MAX: u64 = 4 << 30;

/// The receipt of a stage that has one shard.
pub(super) fn first(receipts: &[Arc<Receipt>]) -> Result<&Receipt, Failure> {
    // Somebody has accepted to go on without it.
    let missing = || {
        let text = "no schema was frozen, and nothing can be written without one";
        let hint = "`tarquet cancel JOB`, and begin anew without the members that cannot be read.";
        Failure::new(codes::NOTHING_SAMPLED, text).with_hint(hint)
    };
    receipts.first().map(|r| &**r).ok_or_else(missing)
}

/// What a shard found.
pub(super) fn output<T: DeserializeOwned>(receipt: &Receipt) -> Result<T, Failure> {
    serde_json::from_value(receipt.output.clone()).map_err(|e| {
        let text = format!("what shard {} found cannot be read", receipt.shard);
        Failure::new(codes::PLAN_UNREADABLE, text).caused_by(&e)
    })
}

/// A sample that failed whole decides nothing, unless it was all there is.
///
/// # Errors
/// `NOTHING_SAMPLED`.
pub(super) fn check_sample(sampled: &[Arc<Receipt>], planned: u64) -> Result<(), Failure> {
    let mut all = SampleOutput::default();
    for receipt in sampled {
        let one: SampleOutput = output(receipt)?;
        // A worker's words: sums of them may not wrap.
        all.members = all.members.saturating_add(one.members);
        all.failed = all.failed.saturating_add(one.failed);
        all.failures.extend(one.failures);
    }
    if all.failed < all.members || all.members == planned {
        return Ok(());
    }
    let text = format!("all {} sampled of {planned} members failed", all.members);
    let mut failure = Failure::new(codes::NOTHING_SAMPLED, text);
    if let Some(first) = all.failures.first() {
        failure = failure.at_uri(&first.uri).at_member(&first.member);
        failure.causes.push(format!("{}: {}", first.failure.code, first.failure.message));
    }
    Err(failure)
}

/// URIs of archives that the index stage had a shard for and ended without a receipt of: `accept` said to go on without
/// them.
pub(super) async fn gone_without(
    job: &dyn Store,
    indexed: &[Arc<Receipt>],
) -> Result<BTreeSet<String>, Failure> {
    let done: BTreeSet<u32> = indexed.iter().map(|r| r.shard.shard).collect();
    let blocks: Vec<IndexBlock> = blocks(job, Stage::Index as u8).await?;
    let without = (0u32..).zip(blocks).filter(|(shard, _)| !done.contains(shard));
    Ok(without.map(|(_, block)| block.archive.uri).collect())
}

/// The blocks of a stage's plan, in shard order.
async fn blocks<T: DeserializeOwned>(job: &dyn Store, stage: u8) -> Result<Vec<T>, Failure> {
    let name = objects::plan_object(stage);
    let chosen = job.get(&name, PLAN_BYTES_MAX).await?.ok_or_else(|| unreadable(&name))?;
    let chosen: PlanObject =
        serde_json::from_slice(&chosen.bytes).map_err(|e| unreadable(&name).caused_by(&e))?;
    let name = &chosen.plan_name;
    let plan = job.get(name, PLAN_BYTES_MAX).await?.ok_or_else(|| unreadable(name))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{
        ids::{AttemptId, JobId, ShardId, WorkerId},
        receipt::Counts,
    };

    #[test]
    fn what_samples_count_does_not_wrap() {
        let receipt = |shard, members: u64, failed: u64| {
            let output = serde_json::json!({
                "members": members, "failed": failed, "joined": null, "failures": []
            });
            Arc::new(Receipt {
                shard: ShardId { job: JobId::from_parts(1, 1), stage: 1, shard },
                round: 0,
                attempt: AttemptId { generation: 1, n: shard },
                worker: WorkerId("w".to_owned()),
                artifacts: Vec::new(),
                counts: Counts::default(),
                sides: Vec::new(),
                skipped: Vec::new(),
                output,
            })
        };
        let sampled = [receipt(0, u64::MAX, 1), receipt(1, 2, 2)];
        assert!(check_sample(&sampled, 10).is_ok(), "most of them were read");
        let failed = [receipt(0, 2, 2), receipt(1, 3, 3)];
        assert_eq!(check_sample(&failed, 10).unwrap_err().code, codes::NOTHING_SAMPLED);
    }
}
