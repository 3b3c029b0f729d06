//! A kind for the simulation: three leased stages whose shape is a function of the job and the seed.

use tarquet_common::{
    codes,
    failure::Failure,
    ids::{JobId, ShardId},
    stage_plan::ShardRecord,
    store::StoreSettings,
    units::Budget,
};
use tarquet_core::{JobOptions, OnError, PublishMode, StagePlan, Submit};
use tarquet_kit::Chance;

pub const CONVERT: u8 = 2;

/// What is true of a shard whatever happens to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nature {
    /// Members that are quarantined by every attempt.
    pub quarantined: u64,
    /// The member that kills the decoder.
    pub killer: Option<u32>,
    /// The archive is broken.
    pub broken: bool,
}

pub fn nature(seed: u64, shard: &ShardId) -> Nature {
    let mut c = Chance::new(seed ^ (u64::from(shard.stage) << 40) ^ (u64::from(shard.shard) << 8) ^ 77);
    match shard.stage {
        0 => Nature { broken: c.permille(30), ..Nature::default() },
        CONVERT => Nature {
            quarantined: if c.permille(60) { c.range(1, 3) } else { 0 },
            killer: c.permille(30).then(|| c.range(0, 9) as u32),
            broken: false,
        },
        _ => Nature::default(),
    }
}

pub fn submit(seed: u64, number: u64, output: &str) -> Submit {
    let mut c = Chance::new(seed ^ (number << 50) ^ 5);
    let job = JobId::from_parts(1_700_000_000_000 + number, u128::from(seed));
    let names = ["index", "sample", "convert", "publish"];
    Submit {
        token: format!("token-{number}"),
        job,
        name: format!("job-{number}"),
        kind: "simulated".to_owned(),
        item: tarquet_common::stage_plan::ItemWords::of("member", "members"),
        stages: names.map(str::to_owned).to_vec(),
        job_uri: format!("mem://jobs/{number}"),
        output_uri: output.to_owned(),
        store: StoreSettings::default(),
        spec: serde_json::Value::Null.into(),
        options: JobOptions {
            publish: if c.permille(250) { PublishMode::Shard } else { PublishMode::Job },
            on_error: if c.permille(40) { OnError::Fail } else { OnError::Quarantine },
            max_failed: if c.permille(500) { Budget::Count(100) } else { Budget::Percent(0.5) },
            judge_budget: [tarquet_core::JudgeBudget::AtEnd, tarquet_core::JudgeBudget::AtOnce]
                [(seed % 2) as usize],
            retries: c.range(2, 5) as u32,
            priority: c.range(0, 2) as i32,
        },
        submitted_unix_ms: 1_700_000_000_000 + number,
    }
}

/// The same for the same seed, job and stage.
pub fn plan(seed: u64, submit: &Submit, stage: u8, convert_shards: u64) -> Result<StagePlan, Failure> {
    let mut c = Chance::new(seed ^ (u64::from(stage) << 33) ^ submit.submitted_unix_ms);
    let shards = match stage {
        0 => c.range(0, 4),
        1 => c.range(1, 2),
        CONVERT => convert_shards,
        _ => return Err(Failure::new(codes::ourselves::INVARIANT, "the coordinator does publish itself")),
    };
    let mut first = 0;
    let records = (0..shards).map(|_| {
        let partition_count = match stage {
            CONVERT if c.permille(50) => 3,
            CONVERT => 1,
            _ => 0,
        };
        let partition_first = first;
        first += partition_count;
        let slot_bytes = if c.permille(100) { 3 << 20 } else { 1 << 19 };
        let cost_bytes = c.range(50, 200) * 1000;
        ShardRecord {
            slot_bytes,
            cost_bytes,
            items: 10,
            partition_first,
            partition_count,
            ..Default::default()
        }
    });
    let shards: Vec<ShardRecord> = records.collect();
    Ok(StagePlan {
        stage,
        plan_name: format!("plans/{stage}"),
        plan_digest: format!("digest-{stage}"),
        planned_items: shards.iter().map(|s| s.items).sum(),
        partitions: first,
        shards,
        steps: Vec::new(),
        warnings: Vec::new(),
    })
}
