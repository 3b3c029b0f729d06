//! A stage has a plan, or cannot get one.

use crate::{
    decide::draft::Draft,
    decision::Step,
    effect::EffectKey,
    event::What,
    objects::{StagePlan, Verdict},
    phase::{Deciding, Hold, Phase, Running},
    record::Record,
    rows::StageRow,
    state::{Job, Shard},
};
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    ids::{JobId, ShardId},
};

pub(crate) fn planned(d: &mut Draft<'_>, id: &JobId, plan: &StagePlan) {
    d.land(EffectKey::Plan(id.clone(), plan.stage));
    let Some(job) = planning(d, id, plan.stage) else { return };
    let Ok(shards) = u32::try_from(plan.shards.len()) else {
        let failure = Failure::new(ourselves::INVARIANT, "a stage has more shards than can be numbered");
        return d.then(Step::Hold { job: id.clone(), hold: Hold::Bug, failure });
    };
    put_stage(d, id, plan, d.unix_ms());
    for (shard, record) in (0..shards).zip(&plan.shards) {
        let shard = ShardId { job: id.clone(), stage: plan.stage, shard };
        d.put_shard(&Shard::planned(shard, record.clone(), d.now));
    }
    let (items, item, partitions) = (plan.planned_items, job.row.item.clone(), plan.partitions);
    let stage = job.row.stage_name(plan.stage).to_owned();
    d.event(Some(id), What::Planned { stage, shards, items, item, partitions });
    d.go(job, Phase::Running(Running { stage: plan.stage }));
}

/// The stage's row. Its shards have to follow.
pub(crate) fn put_stage(d: &mut Draft<'_>, job: &JobId, plan: &StagePlan, planned_unix_ms: u64) {
    d.record(Record::Stage(Box::new(StageRow {
        job: job.clone(),
        stage: plan.stage,
        plan_name: plan.plan_name.clone(),
        plan_digest: plan.plan_digest.clone(),
        shards: u32::try_from(plan.shards.len()).expect("checked where plans come in"),
        planned_items: plan.planned_items,
        steps: plan.steps.clone(),
        partitions: plan.partitions,
        warnings: plan.warnings.clone(),
        planned_unix_ms,
        finished_unix_ms: None,
    })));
}

pub(crate) fn plan_failed(d: &mut Draft<'_>, id: &JobId, stage: u8, failure: &Failure, fatal: bool) {
    d.land(EffectKey::Plan(id.clone(), stage));
    let Some(job) = planning(d, id, stage) else { return };
    if fatal {
        let verdict = Verdict::Fail { failure: Box::new(failure.clone()) };
        d.go(job, Phase::Deciding(Deciding { verdict }));
    } else {
        d.then(Step::Hold { job: id.clone(), hold: Hold::Plan, failure: failure.clone() });
    }
}

fn planning<'a>(d: &Draft<'a>, id: &JobId, stage: u8) -> Option<&'a Job> {
    let at = |job: &&Job| matches!(&job.row.phase, Phase::Planning(p) if p.stage == stage);
    d.state.jobs.get(id).filter(at)
}
