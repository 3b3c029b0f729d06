//! A stage has a plan, or cannot get one.

use crate::{
    command::{Command, StagePlan},
    decide::draft::Draft,
    decision::{Answer, Reply},
    effect::EffectKey,
    event::What,
    phase::{Deciding, Hold, Phase, Running, Verdict},
    record::Record,
    rows::{ShardRow, StageRow},
    state::Job,
};
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    ids::{JobId, ShardId},
};

pub(crate) fn planned(d: &mut Draft<'_>, id: &JobId, plan: &StagePlan) -> Answer {
    d.land(EffectKey::Plan(id.clone(), plan.stage));
    let Some(job) = planning(d, id, plan.stage) else { return Reply::Done.into() };
    let Ok(shards) = u32::try_from(plan.shards.len()) else {
        let failure = Failure::new(ourselves::INVARIANT, "a stage has more shards than can be numbered");
        d.then(Command::Hold { job: id.clone(), hold: Hold::Bug, failure });
        return Reply::Done.into();
    };
    put_stage(d, id, plan, d.unix_ms());
    for (shard, record) in (0..shards).zip(&plan.shards) {
        let shard = ShardId { job: id.clone(), stage: plan.stage, shard };
        d.put_shard(ShardRow::planned(shard, record.clone()));
    }
    let (members, partitions) = (plan.planned_items, plan.partitions);
    let stage = job.row.stage_name(plan.stage).to_owned();
    d.event(Some(id), What::Planned { stage, shards, members, partitions });
    let mut row = job.row.clone();
    d.move_to(&mut row, Phase::Running(Running { stage: plan.stage }));
    d.put_job(row);
    d.advance(id);
    Reply::Done.into()
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

pub(crate) fn plan_failed(
    d: &mut Draft<'_>,
    id: &JobId,
    stage: u8,
    failure: &Failure,
    fatal: bool,
) -> Answer {
    d.land(EffectKey::Plan(id.clone(), stage));
    let Some(job) = planning(d, id, stage) else { return Reply::Done.into() };
    if fatal {
        let mut row = job.row.clone();
        let verdict = Verdict::Fail { failure: Box::new(failure.clone()) };
        d.move_to(&mut row, Phase::Deciding(Deciding { verdict }));
        d.put_job(row);
        d.advance(id);
    } else {
        d.then(Command::Hold { job: id.clone(), hold: Hold::Plan, failure: failure.clone() });
    }
    Reply::Done.into()
}

fn planning<'a>(d: &Draft<'a>, id: &JobId, stage: u8) -> Option<&'a Job> {
    let at = |job: &&Job| matches!(&job.row.phase, Phase::Planning(p) if p.stage == stage);
    d.state.jobs.get(id).filter(at)
}
