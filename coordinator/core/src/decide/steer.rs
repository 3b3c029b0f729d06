//! What people tell a job.

use crate::{
    decide::{draft::Draft, rounds},
    decision::{Answer, Refusal, WaitFor},
    effect::{Effect, EffectKey},
    event::What,
    jobs::JobOptions,
    objects::{AcceptObject, Reopen, RoundOf, Verdict, WhyReopen},
    phase::{Back, Deciding, Held, Hold, Phase},
    rows::JobRow,
    state::{Job, Shard, ShardState, Stage},
};
use tarquet_common::{
    codes::{cluster, publish},
    failure::Failure,
    ids::JobId,
};

pub(crate) fn pause(d: &mut Draft<'_>, id: &JobId, paused: bool) -> Result<Answer, Refusal> {
    let job = d.job(id)?;
    let what = if paused { "pause" } else { "resume" };
    if job.row.phase.is_over() || (!paused && !job.row.paused && matches!(job.row.phase, Phase::Held(_))) {
        // It would be told that it goes on.
        return Err(not_now(job, what));
    }
    if job.row.paused == paused {
        return Ok(Answer::DONE);
    }
    let leasing =
        matches!(job.row.phase, Phase::Claiming(_) | Phase::Planning(_) | Phase::Running(_) | Phase::Held(_));
    if paused && !leasing {
        return Err(not_now(job, what));
    }
    d.put_job(JobRow { paused, ..job.row.clone() });
    d.event(Some(id), What::Paused { paused });
    d.advance(id);
    Ok(Answer::DONE)
}

pub(crate) fn priority(d: &mut Draft<'_>, id: &JobId, priority: i32) -> Result<Answer, Refusal> {
    let job = d.job(id)?;
    if job.row.phase.is_over() {
        return Err(not_now(job, "priority"));
    }
    let options = JobOptions { priority, ..job.row.options.clone() };
    d.put_job(JobRow { options, ..job.row.clone() });
    d.event(Some(id), What::Priority { priority });
    Ok(Answer::DONE)
}

/// The refusal to do something in this phase.
fn not_now(job: &Job, what: &str) -> Refusal {
    let text = format!("{what} does not apply to a job that is {}", job.row.phase.name());
    Failure::new(cluster::NOT_NOW, text).into()
}

/// The outcome that it leads to cannot be taken back, so a job whose rows may be behind its objects is not told yet.
pub(crate) fn cancel(d: &mut Draft<'_>, id: &JobId, reason: &str) -> Result<Answer, Refusal> {
    let job = d.job(id)?;
    if job.stands_still() {
        return Ok(Answer::Wait(WaitFor::Compared(id.clone())));
    }
    match (&job.row.phase, &job.row.outcome) {
        (Phase::Cancelled(_), _) => Ok(Answer::DONE),
        (Phase::Failed(_), _) => Err(not_now(job, "cancel")),
        (_, Some(_)) => {
            let text = match job.row.phase.is_over() {
                true => format!("job {id} is {}: there is nothing to cancel", job.row.phase.name()),
                false => format!("job {id} is being published, it cannot be cancelled any more"),
            };
            Err(Failure::new(publish::PAST_OUTCOME, text).into())
        }
        (Phase::Deciding(_), None) => Ok(Answer::Wait(WaitFor::Outcome(id.clone()))),
        (_, None) => {
            let verdict = Verdict::Cancel { reason: reason.to_owned() };
            d.go(job, Phase::Deciding(Deciding { verdict }));
            Ok(Answer::Wait(WaitFor::Outcome(id.clone())))
        }
    }
}

/// Goes on without what failed: an object says who took it upon himself, then the job moves.
pub(crate) fn accept(d: &mut Draft<'_>, id: &JobId) -> Result<Answer, Refusal> {
    let job = d.job(id)?;
    if job.stands_still() {
        return Ok(Answer::Wait(WaitFor::Compared(id.clone())));
    }
    if d.state.in_flight(&EffectKey::Accept(id.clone())) {
        return Ok(Answer::Wait(WaitFor::Accept(id.clone())));
    }
    if d.state.in_flight(&EffectKey::Rounds(id.clone())) {
        // What is opened again cannot be gone without.
        return Err(not_now(job, "accept"));
    }
    let Phase::Held(held) = &job.row.phase else { return Err(not_now(job, "accept")) };
    let (Hold::Budget | Hold::Shards, Back::Running { stage }) = (held.hold, held.back) else {
        return Err(nothing_to_accept(job, held));
    };
    let planned = job.stage(stage).ok_or_else(|| nothing_to_accept(job, held))?;
    let excluded = match (held.hold, excludable(planned)) {
        (_, Ok(excluded)) => excluded,
        (Hold::Budget, Err(_)) => Vec::new(),
        (_, Err(refusal)) => return Err(refusal),
    };
    let quarantined = planned.counts.receipts.failed;
    let accept = AcceptObject { number: job.row.accepts + 1, stage, quarantined, excluded };
    let shards = accept.places().filter_map(|(stage, shard)| job.shard(stage, shard));
    let rounds = shards.map(|shard| RoundOf { shard: shard.id.clone(), round: shard.round }).collect();
    d.start(Effect::StoreAccept { job: id.clone(), accept, rounds });
    Ok(Answer::Wait(WaitFor::Accept(id.clone())))
}

fn nothing_to_accept(job: &Job, held: &Held) -> Refusal {
    let text = format!("job {} is held for another reason: {}", job.row.job, held.failure.message);
    let failure = Failure::new(cluster::NOTHING_TO_DO, text);
    failure.with_hint("Mend what the failure names, then `tarquet retry JOB`.").into()
}

/// Stopped shards that can be gone without. One that makes partitions cannot: their numbers would be missing.
fn excludable(stage: &Stage) -> Result<Vec<(u32, Failure)>, Refusal> {
    let mut excluded = Vec::new();
    for shard in &stage.shards {
        let ShardState::Stopped(stopped) = &shard.state else { continue };
        if shard.plan.partition_count > 0 {
            let text = format!("shard {} makes partitions that would be missing", shard.id);
            let failure = Failure::new(cluster::NOTHING_TO_DO, text).with_hint(
                "Repair its input and `tarquet retry JOB`, or cancel and submit without the input.",
            );
            return Err(failure.into());
        }
        excluded.push((shard.id.shard, stopped.failure.as_ref().clone()));
    }
    Ok(excluded)
}

/// Opens a new round for what failed; or plans, or looks at the output, again.
pub(crate) fn retry(d: &mut Draft<'_>, id: &JobId) -> Result<Answer, Refusal> {
    let job = d.job(id)?;
    if job.stands_still() {
        return Ok(Answer::Wait(WaitFor::Compared(id.clone())));
    }
    if d.state.in_flight(&EffectKey::Rounds(id.clone())) {
        return Ok(Answer::Wait(WaitFor::Rounds(id.clone())));
    }
    if d.state.in_flight(&EffectKey::Accept(id.clone())) {
        // What is gone without cannot be opened again.
        return Err(not_now(job, "retry"));
    }
    let (stage, quarantined_too) = match &job.row.phase {
        Phase::Running(r) => (Some(r.stage), true),
        Phase::Held(Held { back: Back::Running { stage }, hold, .. }) => {
            (Some(*stage), *hold == Hold::Budget)
        }
        Phase::Held(_) => (None, false),
        _ => return Err(not_now(job, "retry")),
    };
    let shards = targets(job, stage, quarantined_too);
    if !shards.is_empty() {
        d.start(rounds::effect(job, WhyReopen::Retry, shards));
        return Ok(Answer::Wait(WaitFor::Rounds(id.clone())));
    }
    let Phase::Held(held) = &job.row.phase else {
        let text = format!("nothing of job {id} has failed so far");
        return Err(Failure::new(cluster::NOTHING_TO_DO, text).into());
    };
    d.go(job, held.back.into());
    Ok(Answer::DONE)
}

/// Stopped shards of any stage; and, if asked, those of this stage whose receipt names quarantined items and whose
/// output is neither visible nor about to be.
fn targets(job: &Job, stage: Option<u8>, quarantined_too: bool) -> Vec<Reopen> {
    let reopen = |s: &Shard| {
        let (stage, shard) = s.place();
        Reopen { stage, shard, round: s.round + 1 }
    };
    let stopped = job.stopped.iter().filter_map(|(stage, shard)| job.shard(*stage, *shard)).map(reopen);
    let mut found: Vec<Reopen> = stopped.collect();
    let planned = stage.filter(|_| quarantined_too).and_then(|s| job.stage(s));
    let unseen = |s: &&Shard| match &s.state {
        ShardState::Done(done) if !done.published => done.receipt.counts.failed > 0,
        _ => false,
    };
    let bad = planned.into_iter().flat_map(|s| &s.shards).filter(unseen);
    found.extend(bad.filter(|s| !job.publishing.contains(&s.place())).map(reopen));
    found
}
