//! What a script begins with: the plans of its job, and the secrets of its workers.

use tarquet_common::{
    seal::{Seal, WorkerSecret},
    stage_plan::ShardRecord,
};
use tarquet_core::StagePlan;

/// Of the secret that a worker of this name has.
pub fn seal(worker: &str) -> Seal {
    let mut secret = [0; 32];
    secret[..worker.len()].copy_from_slice(worker.as_bytes());
    WorkerSecret::read(&secret).expect("it is long enough").seal()
}

pub fn plan(stage: u8, shards: u32, partitions: u32) -> StagePlan {
    let made = if stage == 2 { partitions } else { 0 };
    let record = |n: u32| ShardRecord {
        slot_bytes: 1 << 20,
        cost_bytes: 1_000,
        items: 10,
        partition_first: n * made,
        partition_count: made,
        ..ShardRecord::default()
    };
    StagePlan {
        stage,
        plan_name: format!("plans/{stage}"),
        plan_digest: "digest".to_owned(),
        shards: (0..shards).map(record).collect(),
        planned_items: u64::from(shards) * 10,
        steps: ["fetch", "decompress", "decode", "encode", "upload"].map(str::to_owned).to_vec(),
        partitions: shards * made,
        warnings: Vec::new(),
    }
}
