//! What a job needs next, from where it stands. Everything that a restart must do again is started here.

use crate::{
    decide::{draft::Draft, rounds},
    effect::{Effect, EffectKey},
    event::What,
    jobs::{JudgeBudget, OnError, PublishMode},
    objects::{Reopen, Verdict, WhyReopen},
    phase::{Back, Cataloguing, Deciding, Held, Hold, Phase, Planning},
    record::Record,
    rows::StageRow,
    state::{Job, ShardState, Stage},
};
use std::sync::Arc;
use tarquet_common::{
    codes::publish,
    failure::{Class, Failure},
    ids::JobId,
};

/// So many items, or those of so many shards, that all failed are told at once.
const HOPELESS_ITEMS: u64 = 100;
const HOPELESS_SHARDS: u32 = 3;

pub(crate) fn advance(d: &mut Draft<'_>, id: &JobId) {
    let may_go = |job: &&Job| d.state.started && !job.stands_still();
    let Some(job) = d.state.jobs.get(id).filter(may_go) else { return };
    let job_id = || id.clone();
    let started = !job.row.phase.is_over() && !matches!(job.row.phase, Phase::Claiming(_));
    if started && !job.generation_ready {
        d.start(Effect::RaiseGeneration { job: job_id(), above: job.row.generation });
    }
    match &job.row.phase {
        Phase::Claiming(_) => d.start(Effect::ClaimOutput { job: job_id() }),
        Phase::Planning(p) if !job.row.paused => d.start(Effect::PlanStage { job: job_id(), stage: p.stage }),
        Phase::Planning(_) | Phase::Held(_) => {}
        Phase::Running(r) => running(d, job, r.stage),
        Phase::Deciding(x) => deciding(d, job, &x.verdict),
        Phase::Checking(_) => d.start(Effect::ListOutput { job: job_id() }),
        Phase::Publishing(_) => publishing(d, job),
        Phase::Cataloguing(_) => d.start(Effect::StoreCatalog { job: job_id() }),
        Phase::Done(x) if !x.swept => d.start(Effect::SweepUploads { job: job_id(), release: false }),
        Phase::Cancelled(x) if !x.swept => d.start(Effect::SweepUploads { job: job_id(), release: true }),
        Phase::Failed(x) if !x.swept => d.start(Effect::SweepUploads { job: job_id(), release: true }),
        Phase::Done(_) | Phase::Cancelled(_) | Phase::Failed(_) => {}
    }
}

/// The outcome is written when nothing is being published any more: a part that becomes visible after `cancel` was
/// written would belong to nobody. What waits to be published again does not.
fn deciding(d: &mut Draft<'_>, job: &Job, verdict: &Verdict) {
    let mut busy = false;
    for shard in job.publishing.iter().filter_map(|(stage, shard)| job.shard(*stage, *shard)) {
        let key = EffectKey::Publish(shard.id.clone(), shard.round);
        match d.state.flights.get(&key) {
            Some(flight) if flight.retry_at.is_none() => busy = true,
            _ => d.land(key),
        }
    }
    // A claim that is written after the sweep has looked for it would stay for ever.
    let claiming = d.state.flights.get(&EffectKey::Claim(job.row.job.clone()));
    busy |= claiming.is_some_and(|flight| flight.retry_at.is_none());
    if !busy {
        d.start(Effect::StoreOutcome { job: job.row.job.clone(), verdict: verdict.clone() });
    }
}

fn running(d: &mut Draft<'_>, job: &Job, number: u8) {
    let Some(stage) = job.stage(number) else { return };
    if let Some(failure) = failed_by_action(job, stage) {
        let verdict = Verdict::Fail { failure: Box::new(failure) };
        return d.go(job, Phase::Deciding(Deciding { verdict }));
    }
    if let Some(failure) = over_budget(job, stage) {
        return hold_at(d, job, Hold::Budget, &failure);
    }
    if stage.counts.open == 0 && stage.counts.stopped > 0 {
        return hold_at(d, job, Hold::Shards, &stopped_failure(job, stage));
    }
    // A `rounds` object on its way reopens shards of this stage, whether its outcome has come back yet or not.
    let reopening = d.state.in_flight(&EffectKey::Rounds(job.row.job.clone()));
    if stage.counts.open == 0 && !job.row.paused && !reopening {
        return stage_complete(d, job, stage);
    }
    if job.row.options.publish == PublishMode::Shard && !job.row.paused {
        publish_some(d, job);
        reopen_lost(d, job);
    }
}

fn stage_complete(d: &mut Draft<'_>, job: &Job, stage: &Stage) {
    let finished_unix_ms = Some(d.unix_ms());
    d.record(Record::Stage(Box::new(StageRow { finished_unix_ms, ..stage.row.clone() })));
    let next = stage.row.stage + 1;
    let phase = if usize::from(next) < job.row.leased_stages() {
        Phase::Planning(Planning { stage: next })
    } else {
        Phase::Deciding(Deciding { verdict: Verdict::Publish })
    };
    d.go(job, phase);
}

fn publishing(d: &mut Draft<'_>, job: &Job) {
    let open = job.open_shards();
    if open == 0 && !job.stopped.is_empty() {
        let stopped = job.stages.iter().find(|s| s.counts.stopped > 0);
        if let Some(stage) = stopped {
            return hold_at(d, job, Hold::Shards, &stopped_failure(job, stage));
        }
    }
    if open == 0 && job.unpublished.is_empty() && job.lost.is_empty() {
        return d.go(job, Phase::Cataloguing(Cataloguing {}));
    }
    publish_some(d, job);
    reopen_lost(d, job);
}

/// Starts publishing of as many shards as may run at a time. While rounds are being opened none starts: the shard might be
/// among them.
fn publish_some(d: &mut Draft<'_>, job: &Job) {
    if d.state.in_flight(&EffectKey::Rounds(job.row.job.clone())) {
        return;
    }
    let room = d.state.settings.publish_parallel.saturating_sub(job.publishing.len());
    let idle = job.unpublished.iter().filter(|at| !job.publishing.contains(at) && !job.lost.contains(at));
    for (stage, shard) in idle.take(room) {
        if let Some(receipt) = job.shard(*stage, *shard).and_then(|s| s.receipt()) {
            d.start(Effect::PublishShard { receipt: Arc::clone(receipt) });
        }
    }
}

/// Opens a round for all shards whose upload is gone.
fn reopen_lost(d: &mut Draft<'_>, job: &Job) {
    if job.lost.is_empty() {
        return;
    }
    let reopen = |&(stage, shard): &(u8, u32)| {
        let round = job.shard(stage, shard)?.round + 1;
        Some(Reopen { stage, shard, round })
    };
    let shards = job.lost.iter().filter_map(reopen).collect();
    d.start(rounds::effect(job, WhyReopen::UploadLost, shards));
}

/// Something holds the job, from outside of `advance`.
pub(crate) fn hold(d: &mut Draft<'_>, id: &JobId, hold: Hold, failure: &Failure) {
    if let Some(job) = d.state.jobs.get(id) {
        hold_at(d, job, hold, failure);
    }
}

/// Holds a job that can be held; where it stands says where it goes on.
fn hold_at(d: &mut Draft<'_>, job: &Job, hold: Hold, failure: &Failure) {
    let back = match &job.row.phase {
        Phase::Planning(p) => Back::Planning { stage: p.stage },
        Phase::Running(r) => Back::Running { stage: r.stage },
        Phase::Checking(_) | Phase::Publishing(_) | Phase::Cataloguing(_) => Back::Checking,
        Phase::Claiming(_) | Phase::Held(_) | Phase::Deciding(_) => return,
        Phase::Done(_) | Phase::Cancelled(_) | Phase::Failed(_) => return,
    };
    let since_unix_ms = d.unix_ms();
    let mut row = job.row.clone();
    let held = Held { hold, failure: Box::new(failure.clone()), back, since_unix_ms };
    d.move_to(&mut row, Phase::Held(held));
    let (code, message) = (failure.code, failure.message.clone());
    d.event(Some(&row.job), What::Held { hold, code, message });
    d.put_job(row);
}

/// More failed than was allowed, and than somebody has seen and accepted.
fn over_budget(job: &Job, stage: &Stage) -> Option<Failure> {
    let quarantined = stage.counts.receipts.failed;
    let planned = stage.row.planned_items;
    let allowed = job.row.options.max_failed.allowed(planned);
    let accepted = job.row.accepted.get(&stage.row.stage).copied().unwrap_or(0);
    let tried_all = stage.counts.open == 0;
    let options = &job.row.options;
    let judged = match options.judge_budget {
        JudgeBudget::AtOnce => true,
        // What is visible cannot be taken back.
        JudgeBudget::AtEnd if options.publish == PublishMode::Shard => true,
        // Who accepted that nothing works does not want to be asked again until all was tried.
        JudgeBudget::AtEnd => tried_all || (accepted == 0 && hopeless(stage)),
    };
    (judged && quarantined > allowed.max(accepted)).then(|| {
        let many = &job.row.item.many;
        let text = format!(
            "{quarantined} of {planned} {many} are quarantined, {} are allowed",
            allowed.max(accepted)
        );
        Failure::new(publish::OVER_BUDGET, text)
            .expected(format!("at most {}", job.row.options.max_failed), quarantined)
    })
}

/// All that was tried has failed, and it was enough to say so: the rest would only cost.
fn hopeless(stage: &Stage) -> bool {
    let counts = &stage.counts;
    let enough = counts.receipts.items >= HOPELESS_ITEMS || counts.done >= HOPELESS_SHARDS;
    enough && counts.receipts.failed == counts.receipts.items
}

fn failed_by_action(job: &Job, stage: &Stage) -> Option<Failure> {
    if job.row.options.on_error != OnError::Fail {
        return None;
    }
    let quarantined = stage.counts.receipts.failed;
    let input = stopped_failures(job).find(|f| f.class() == Class::Input);
    (quarantined > 0 || input.is_some()).then(|| {
        let name = job.row.stage_name(stage.row.stage);
        let text = match quarantined {
            0 => format!("an input of stage {name} cannot be done"),
            n => format!("{n} {} failed in stage {name}", job.row.item.many),
        };
        let mut failure = Failure::new(publish::FAILED_BY_ACTION, text);
        failure.causes.extend(input.map(|f| f.message.clone()));
        failure
    })
}

/// Stopped shards as one failure: the first one's place, all their number.
fn stopped_failure(job: &Job, stage: &Stage) -> Failure {
    let first = stopped_failures(job).next();
    let text = format!(
        "{} of {} shards of stage {} cannot be done",
        stage.counts.stopped,
        stage.counts.shards,
        job.row.stage_name(stage.row.stage)
    );
    let mut failure = Failure::new(publish::SHARDS_FAILED, text);
    if !stage.can_lose_stopped() {
        // The code's own hint says that `accept` goes on without them.
        failure = failure.with_hint(
            "They cannot be gone without. Where the surroundings failed, mend that and `tarquet retry JOB`. Where the input has \
             changed it is another object to this job: `tarquet cancel JOB`, and begin anew.",
        );
    }
    if let Some(first) = first {
        failure.place = first.place.clone();
        failure.causes.push(format!("{}: {}", first.code, first.message));
    }
    failure
}

fn stopped_failures(job: &Job) -> impl Iterator<Item = &Failure> {
    job.stopped.iter().filter_map(|(stage, shard)| match &job.shard(*stage, *shard)?.state {
        ShardState::Stopped(stopped) => Some(stopped.failure.as_ref()),
        _ => None,
    })
}
