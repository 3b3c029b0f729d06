//! An attempt ended without a receipt.

use crate::{
    decide::{draft::Draft, workers::proven},
    decision::{Answer, Ended, Note, Refusal, Step, WaitFor},
    effect::EffectKey,
    event::What,
    phase::Hold,
    retry::{self, Judgement},
    state::{Job, Live, Shard},
};
use tarquet_common::{
    codes::{cluster, publish},
    failure::Failure,
    ids::{AttemptId, ShardId},
    leasing::Fail,
    seal::Seal,
};

pub(crate) fn fail(d: &mut Draft<'_>, ask: &Fail, seal: &Seal) -> Result<Answer, Refusal> {
    proven(d.state, &ask.worker, seal)?;
    d.note(Note::Seen(ask.worker.clone()));
    let (job, shard) = d.shard(&ask.shard)?;
    if job.stands_still() {
        return Ok(Answer::Wait(WaitFor::Compared(ask.shard.job.clone())));
    }
    // No lease: it ended before, and this is a repeat or a zombie. Neither changes anything.
    if shard.lease(ask.attempt).is_some_and(|l| l.row.is_of(&ask.worker, seal)) {
        let killer = shard.item(ask.killer);
        let ended = Ended::Failed { failure: Box::new(ask.failure.clone()), killer };
        d.then(Step::EndAttempt { shard: ask.shard.clone(), attempt: ask.attempt, ended });
    }
    Ok(Answer::DONE)
}

pub(crate) fn end_attempt(d: &mut Draft<'_>, id: &ShardId, attempt: AttemptId, ended: &Ended) {
    let Some((job, shard)) = d.find(id) else { return };
    let Some(live) = shard.lease(attempt) else { return };
    if d.state.in_flight(&EffectKey::Receipt(id.clone(), shard.round)) {
        // A receipt of this round is being written; what it says decides.
        return;
    }
    let mut next = shard.clone();
    match ended {
        Ended::Silent => silent(d, job, next, live),
        Ended::Failed { failure, killer } => {
            next.history.closed = next.history.closed.max(Some(attempt));
            next.history.last_failure = Some(failure.clone());
            next.history.silent = 0;
            let killer = killer.filter(|m| retry::suspect(&mut next.history, *m, attempt));
            let judgement = match killer {
                Some(number) => {
                    next.history.charged = next.history.charged.saturating_sub(1);
                    killer_found(d, job, &next, number);
                    Judgement::Again { delay_ms: 0 }
                }
                None => retry::judge(&mut next, failure, job.row.options.retries, &d.state.settings),
            };
            match judgement {
                Judgement::Again { delay_ms } => again(d, next, live, failure, delay_ms),
                Judgement::Stop { hold } => stop(d, next, live, failure, hold),
            }
        }
    }
    d.end_lease(id, attempt);
}

fn killer_found(d: &mut Draft<'_>, job: &Job, shard: &Shard, number: u32) {
    let item = job.row.item.clone();
    let (stage, shard) = shard.place();
    d.event(Some(&job.row.job), What::Killer { stage, shard, number, item });
}

/// No word: requeued at once, not charged, and not closed, for it may come back. A machine may have been taken away, or the
/// item may have killed the worker's whole process. So the next attempt says what it is at before it begins, and what two
/// such attempts were at last is a killer; and a shard that goes on taking workers with it is stopped.
fn silent(d: &mut Draft<'_>, job: &Job, mut next: Shard, live: &Live) {
    let (stage, shard) = next.place();
    let (attempt, worker) = (live.row.attempt, live.row.worker.clone());
    let text = format!("attempt {attempt} of {worker} was not renewed in time");
    let mut failure = Failure::new(cluster::LEASE_EXPIRED, text);
    next.history.silent = next.history.silent.saturating_add(1);
    let at = live.progress.at_item;
    if let Some(number) = at.filter(|at| live.row.careful && retry::suspect(&mut next.history, *at, attempt))
    {
        next.history.silent = 0;
        killer_found(d, job, &next, number);
    }
    let often = next.history.silent;
    next.history.last_failure = Some(Box::new(failure.clone()));
    d.event(Some(&next.id.job), What::Expired { stage, shard, attempt, worker });
    if often < d.state.settings.silent_max {
        return d.put_shard(&next);
    }
    failure.message = format!("{often} attempts of shard {stage}/{shard} went silent one after the other");
    if let Some(at) = at {
        failure.causes.push(format!("the last one was at {} {at}", job.row.item.one));
    }
    stop(d, next, live, &failure, Some(Hold::OutOfRetries));
}

/// Back to the queue, unless another attempt lives.
fn again(d: &mut Draft<'_>, mut next: Shard, live: &Live, failure: &Failure, delay_ms: u64) {
    let (stage, shard) = next.place();
    let (attempt, code, charged) = (live.row.attempt, failure.code, next.history.charged);
    next.history.avoid = Some(live.row.worker.clone());
    d.put_shard(&next);
    if delay_ms > 0 && next.leases().count() == 1 {
        d.note(Note::Delayed { shard: next.id.clone(), until: d.now.saturating_add(delay_ms) });
    }
    d.event(Some(&next.id.job), What::Requeued { stage, shard, attempt, code, delay_ms, charged });
}

/// Not tried again. While another attempt lives the shard may still be done; only missing access concerns all.
fn stop(d: &mut Draft<'_>, mut next: Shard, live: &Live, failure: &Failure, hold: Option<Hold>) {
    let (stage, shard) = next.place();
    let (attempt, code) = (live.row.attempt, failure.code);
    let stopped = next.stop(Box::new(failure.clone())).is_ok();
    if stopped {
        d.event(Some(&next.id.job), What::Stopped { stage, shard, attempt, code });
    }
    d.put_shard(&next);
    if let Some(hold) = hold.filter(|h| stopped || *h == Hold::Denied) {
        let failure = match hold {
            Hold::OutOfRetries => {
                out_of_retries(stage, shard, next.history.charged.max(next.history.silent), failure)
            }
            _ => failure.clone(),
        };
        d.then(Step::Hold { job: next.id.job.clone(), hold, failure });
    }
    d.advance(&next.id.job);
}

/// The last failure, as what holds the job.
fn out_of_retries(stage: u8, shard: u32, charged: u32, last: &Failure) -> Failure {
    let text = format!("shard {stage}/{shard} failed {charged} times; the last time: {}", last.message);
    let mut failure = Failure::new(publish::OUT_OF_RETRIES, text);
    failure.place = last.place.clone();
    failure.causes.push(format!("{}: {}", last.code, last.message));
    failure.causes.extend(last.causes.iter().cloned());
    failure
}
