//! What people tell a job.

use crate::{
    decide::{advance::not_now, draft::Draft, rounds},
    decision::{Answer, Reply, WaitFor},
    effect::{AcceptObject, Effect, EffectKey, Reopen, WhyReopen},
    event::What,
    jobs::JobOptions,
    phase::{Back, Deciding, Held, Hold, Phase, Verdict},
    rows::{JobRow, ShardState},
    state::{Job, Shard, Stage},
};
use tarquet_common::{
    codes::{cluster, publish},
    failure::Failure,
    ids::JobId,
};

pub(crate) fn pause(d: &mut Draft<'_>, id: &JobId, paused: bool) -> Answer {
    let job = match d.job(id) {
        Ok(job) => job,
        Err(failure) => return failure.into(),
    };
    if job.row.paused == paused {
        return Reply::Done.into();
    }
    let leasing =
        matches!(job.row.phase, Phase::Claiming(_) | Phase::Planning(_) | Phase::Running(_) | Phase::Held(_));
    if paused && !leasing {
        return not_now(job, "pause").into();
    }
    d.put_job(JobRow { paused, ..job.row.clone() });
    d.event(Some(id), What::Paused { paused });
    d.advance(id);
    Reply::Done.into()
}

pub(crate) fn priority(d: &mut Draft<'_>, id: &JobId, priority: i32) -> Answer {
    let job = match d.job(id) {
        Ok(job) => job,
        Err(failure) => return failure.into(),
    };
    if job.row.phase.is_over() {
        return not_now(job, "priority").into();
    }
    let options = JobOptions { priority, ..job.row.options.clone() };
    d.put_job(JobRow { options, ..job.row.clone() });
    d.event(Some(id), What::Priority { priority });
    Reply::Done.into()
}

/// A job whose rows are not behind its objects: only such a one may be told what cannot be taken back. The answer to
/// give otherwise is the error.
fn settled<'a>(d: &Draft<'a>, id: &JobId) -> Result<&'a Job, Answer> {
    match d.job(id) {
        Ok(job) if job.stands_still() => Err(Answer::Wait(WaitFor::Compared(id.clone()))),
        Ok(job) => Ok(job),
        Err(failure) => Err(failure.into()),
    }
}

pub(crate) fn cancel(d: &mut Draft<'_>, id: &JobId, reason: &str) -> Answer {
    let job = match settled(d, id) {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    match (&job.row.phase, &job.row.outcome) {
        (Phase::Cancelled(_), _) => Reply::Done.into(),
        (Phase::Failed(_), _) => not_now(job, "cancel").into(),
        (_, Some(_)) => {
            let text = format!("job {id} is being published, it cannot be cancelled any more");
            Failure::new(publish::PAST_OUTCOME, text).into()
        }
        (Phase::Deciding(_), None) => Answer::Wait(WaitFor::Outcome(id.clone())),
        (_, None) => {
            let mut row = job.row.clone();
            let verdict = Verdict::Cancel { reason: reason.to_owned() };
            d.move_to(&mut row, Phase::Deciding(Deciding { verdict }));
            d.put_job(row);
            d.advance(id);
            Answer::Wait(WaitFor::Outcome(id.clone()))
        }
    }
}

/// Goes on without what failed: an object says who took it upon himself, then the job moves.
pub(crate) fn accept(d: &mut Draft<'_>, id: &JobId) -> Answer {
    let job = match settled(d, id) {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    if d.state.in_flight(&EffectKey::Accept(id.clone())) {
        return Answer::Wait(WaitFor::Accept(id.clone()));
    }
    let Phase::Held(held) = &job.row.phase else { return not_now(job, "accept").into() };
    let (Hold::Budget | Hold::Shards, Back::Running { stage }) = (held.hold, held.back) else {
        return nothing_to_accept(job, held).into();
    };
    let Some(planned) = job.stage(stage) else { return nothing_to_accept(job, held).into() };
    let excluded = match (held.hold, excludable(planned)) {
        (_, Ok(excluded)) => excluded,
        (Hold::Budget, Err(_)) => Vec::new(),
        (_, Err(failure)) => return failure.into(),
    };
    let quarantined = planned.counts.receipts.failed;
    let accept = AcceptObject { number: job.row.accepts + 1, stage, quarantined, excluded };
    d.start(Effect::StoreAccept { job: id.clone(), accept });
    Answer::Wait(WaitFor::Accept(id.clone()))
}

fn nothing_to_accept(job: &Job, held: &Held) -> Failure {
    let text = format!("job {} is held for another reason: {}", job.row.job, held.failure.message);
    Failure::new(cluster::NOTHING_TO_DO, text)
        .with_hint("Mend what the failure names, then `tarquet retry JOB`.")
}

/// Stopped shards that can be gone without. One that makes partitions cannot: their numbers would be missing.
fn excludable(stage: &Stage) -> Result<Vec<(u32, Failure)>, Failure> {
    let mut excluded = Vec::new();
    for shard in &stage.shards {
        let ShardState::Stopped { failure } = &shard.row.state else { continue };
        if shard.row.plan.partition_count > 0 {
            let text = format!("shard {} makes partitions that would be missing", shard.row.shard);
            return Err(Failure::new(cluster::NOTHING_TO_DO, text).with_hint(
                "Repair its input and `tarquet retry JOB`, or cancel and submit without the input.",
            ));
        }
        excluded.push((shard.row.shard.shard, failure.as_ref().clone()));
    }
    Ok(excluded)
}

/// Opens a new round for what failed; or plans, or looks at the output, again.
pub(crate) fn retry(d: &mut Draft<'_>, id: &JobId) -> Answer {
    let job = match settled(d, id) {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    if d.state.in_flight(&EffectKey::Rounds(id.clone())) {
        return Answer::Wait(WaitFor::Rounds(id.clone()));
    }
    let (stage, quarantined_too) = match &job.row.phase {
        Phase::Running(r) => (Some(r.stage), true),
        Phase::Held(Held { back: Back::Running { stage }, hold, .. }) => {
            (Some(*stage), *hold == Hold::Budget)
        }
        Phase::Held(_) => (None, false),
        _ => return not_now(job, "retry").into(),
    };
    let shards = targets(job, stage, quarantined_too);
    if !shards.is_empty() {
        d.start(rounds::effect(job, WhyReopen::Retry, shards));
        return Answer::Wait(WaitFor::Rounds(id.clone()));
    }
    match &job.row.phase {
        Phase::Held(held) => {
            let mut row = job.row.clone();
            d.move_to(&mut row, held.back.into());
            d.put_job(row);
            d.advance(id);
            Reply::Done.into()
        }
        _ => Failure::new(cluster::NOTHING_TO_DO, format!("nothing of job {id} has failed so far")).into(),
    }
}

/// Stopped shards of any stage; and, if asked, those of this stage whose receipt names quarantined members and whose
/// output is neither visible nor about to be.
fn targets(job: &Job, stage: Option<u8>, quarantined_too: bool) -> Vec<Reopen> {
    let reopen = |s: &Shard| {
        let (stage, shard) = s.place();
        Reopen { stage, shard, round: s.row.round + 1 }
    };
    let stopped = job.stopped.iter().filter_map(|(stage, shard)| job.shard(*stage, *shard)).map(reopen);
    let mut found: Vec<Reopen> = stopped.collect();
    let planned = stage.filter(|_| quarantined_too).and_then(|s| job.stage(s));
    let bad = planned.into_iter().flat_map(|s| &s.shards).filter(|s| {
        let unseen = matches!(s.row.state, ShardState::Done { published: false, .. });
        unseen
            && !job.publishing.contains(&s.place())
            && s.receipt.as_ref().is_some_and(|r| r.counts.failed > 0)
    });
    found.extend(bad.map(reopen));
    found
}
