//! A kind for the simulation: what `convert` is made of is told by the receipts of `freeze`.

use super::world::World;
use crate::planner::{Intent, Kinds, PlanAsk, PlanFailed, Planned};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tarquet_common::{
    codes::{ourselves, plan, store},
    failure::Failure,
    ids::{JobId, ShardId},
    receipt::Receipt,
    stage_plan::{Encoded, ShardDraft, encode},
    store::Uri,
};
use tarquet_core::Submit;

/// The stages of every job.
pub(super) const STAGES: [&str; 3] = ["freeze", "convert", "publish"];
/// The one whose attempts make artifacts.
pub(super) const CONVERT: u8 = 1;
/// Items of every shard.
pub(super) const ITEMS: u64 = 10;

/// What an attempt of `freeze` found out.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Frozen {
    pub(super) shards: u32,
    pub(super) attempt: String,
}

/// A number that belongs to a name in this seed, whatever happens.
pub(super) fn fixed(seed: u64, name: &str, low: u64, high: u64) -> u64 {
    let digest = blake3::hash(format!("{seed}/{name}").as_bytes());
    let eight = digest.as_bytes()[..8].try_into().expect("a digest has more");
    low + u64::from_le_bytes(eight) % (high - low + 1)
}

/// How many shards of `convert` a shard of `freeze` makes.
pub(super) fn found(world: &World, shard: &ShardId) -> u32 {
    let most = if world.jobs > 3 { 2 } else { 5 };
    u32::try_from(fixed(world.seed, &format!("{}/found", shard.shard), 1, most)).expect("it is small")
}

/// The plan of a stage, a function of the job and of the receipts before it.
pub(super) fn planned(
    seed: u64,
    job: &JobId,
    stage: u8,
    before: &[Vec<Arc<Receipt>>],
) -> (Encoded, u32, u64) {
    let frozen = before.iter().flatten().filter_map(|r| Frozen::deserialize(&r.output).ok());
    let frozen: Vec<Frozen> = frozen.collect();
    let shards = match stage {
        CONVERT => u64::from(frozen.iter().map(|f| f.shards).sum::<u32>()),
        _ => fixed(seed, &format!("{job}/freeze"), 1, 4),
    };
    let mut partitions = 0;
    let drafts = (0..shards).map(|number| {
        let name = |what: &str| format!("{job}/{stage}/{number}/{what}");
        let many = fixed(seed, &name("many"), 0, 9) < 4;
        let partition_count = if stage == CONVERT { if many { 3 } else { 1 } } else { 0 };
        let partition_first = partitions;
        partitions += partition_count;
        ShardDraft {
            slot_bytes: 1 << 20,
            cost_bytes: fixed(seed, &name("cost"), 50, 200) * 1_000,
            items: ITEMS,
            partition_first,
            partition_count,
            block: Vec::new(),
        }
    });
    let drafts: Vec<ShardDraft> = drafts.collect();
    let shared = serde_json::to_vec(&frozen).expect("it is plain data");
    (encode(&shared, drafts), partitions, shards * ITEMS)
}

/// The only kind of this world.
pub(super) struct SimKinds(pub(super) Arc<World>);

#[async_trait]
impl Kinds for SimKinds {
    fn intake(&self, _: &serde_json::Value) -> Result<Intent, Failure> {
        // Clients here choose their jobs' ids, so that they come from the seed, and submit to the driver.
        Err(Failure::new(ourselves::INVARIANT, "nobody submits a spec here"))
    }

    fn adopt(&self, _: &Submit, _: &Uri) -> Result<Vec<Uri>, Failure> {
        Ok(Vec::new())
    }

    async fn plan_stage(&self, ask: PlanAsk) -> Result<Planned, PlanFailed> {
        let world = &self.0;
        world.pause(0, 200).await;
        let failed = |code, told: &str| Err(PlanFailed { failure: Failure::new(code, told), fatal: false });
        if world.goes_wrong(world.faults.plan, "planning fails and is tried again") {
            return failed(store::STORE_UNREACHABLE, "the inputs cannot be reached");
        }
        if world.goes_wrong(world.faults.plan / 4, "planning fails and holds the job") {
            return failed(plan::OUTPUT_NOT_EMPTY, "the inputs cannot be planned");
        }
        let (plan, partitions, planned_items) = planned(world.seed, &ask.job.job, ask.stage, &ask.receipts);
        Ok(Planned { plan, planned_items, steps: vec!["work".to_owned()], partitions, warnings: Vec::new() })
    }
}
