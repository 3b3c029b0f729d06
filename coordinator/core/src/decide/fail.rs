//! An attempt ended without a receipt.

use crate::{
    command::{Command, Ended},
    decide::draft::Draft,
    decision::{Answer, Note, Reply, WaitFor},
    effect::EffectKey,
    event::What,
    phase::Hold,
    retry::{self, Verdict},
    rows::{ShardRow, ShardState},
    state::Live,
};
use tarquet_common::{
    codes::{cluster, publish},
    failure::Failure,
    ids::{AttemptId, ShardId},
    leasing::Fail,
};

pub(crate) fn fail(d: &mut Draft<'_>, ask: &Fail) -> Answer {
    d.note(Note::Seen(ask.worker.clone()));
    let (job, shard) = match d.shard(&ask.shard) {
        Ok(found) => found,
        Err(failure) => return failure.into(),
    };
    if job.stands_still() {
        return Answer::Wait(WaitFor::Compared(ask.shard.job.clone()));
    }
    // No lease: it ended before, and this is a repeat or a zombie. Neither changes anything.
    if shard.lease(ask.attempt).is_some_and(|l| l.row.worker == ask.worker) {
        let ended = Ended::Failed { failure: Box::new(ask.failure.clone()), killer: ask.killer };
        d.then(Command::EndAttempt { shard: ask.shard.clone(), attempt: ask.attempt, ended });
    }
    Reply::Done.into()
}

pub(crate) fn end_attempt(d: &mut Draft<'_>, id: &ShardId, attempt: AttemptId, ended: &Ended) -> Answer {
    let Ok((job, shard)) = d.shard(id) else { return Reply::Done.into() };
    let Some(live) = shard.lease(attempt) else { return Reply::Done.into() };
    if d.state.in_flight(&EffectKey::Receipt(id.clone(), shard.row.round)) {
        // A receipt of this round is being written; what it says decides.
        return Reply::Done.into();
    }
    d.end_lease(id, attempt);
    let mut row = shard.row.clone();
    match ended {
        Ended::Silent => silent(d, row, live),
        Ended::Failed { failure, killer } => {
            row.closed = row.closed.max(Some(attempt));
            row.last_failure = Some(failure.clone());
            let killer = killer.filter(|m| retry::suspect(&mut row, *m, attempt));
            let verdict = match killer {
                Some(member) => {
                    d.event(Some(&id.job), What::Killer { stage: id.stage, shard: id.shard, member });
                    Verdict::Again { delay_ms: 0 }
                }
                None => retry::judge(&mut row, failure, job.row.options.retries, &d.state.settings),
            };
            let alone = shard.leases.len() == 1;
            failed(d, row, live, failure, alone, verdict);
        }
    }
    Reply::Done.into()
}

/// No word: requeued at once, not charged, and not closed, for it may come back.
fn silent(d: &mut Draft<'_>, mut row: ShardRow, live: &Live) {
    let (stage, shard) = (row.shard.stage, row.shard.shard);
    let (attempt, worker) = (live.row.attempt, live.row.worker.clone());
    let text = format!("attempt {attempt} of {worker} was not renewed in time");
    row.last_failure = Some(Box::new(Failure::new(cluster::LEASE_EXPIRED, text)));
    d.event(Some(&row.shard.job), What::Expired { stage, shard, attempt, worker });
    d.put_shard(row);
}

fn failed(
    d: &mut Draft<'_>,
    mut row: ShardRow,
    live: &Live,
    failure: &Failure,
    alone: bool,
    verdict: Verdict,
) {
    let job = row.shard.job.clone();
    let (stage, shard, attempt) = (row.shard.stage, row.shard.shard, live.row.attempt);
    let code = failure.code;
    match verdict {
        Verdict::Again { delay_ms } => {
            row.avoid = Some(live.row.worker.clone());
            let (id, charged) = (row.shard.clone(), row.charged);
            d.put_shard(row);
            if delay_ms > 0 && alone {
                d.note(Note::Delayed { shard: id, until: d.now.saturating_add(delay_ms) });
            }
            d.event(Some(&job), What::Requeued { stage, shard, attempt, code, delay_ms, charged });
        }
        Verdict::Stop { hold } => {
            // While another attempt lives the shard may still be done; only missing access concerns all.
            if alone {
                row.state = ShardState::Stopped { failure: Box::new(failure.clone()) };
                d.event(Some(&job), What::Stopped { stage, shard, attempt, code });
            }
            let charged = row.charged;
            d.put_shard(row);
            if let Some(hold) = hold.filter(|h| alone || *h == Hold::Denied) {
                let failure = match hold {
                    Hold::OutOfRetries => out_of_retries(stage, shard, charged, failure),
                    _ => failure.clone(),
                };
                d.then(Command::Hold { job: job.clone(), hold, failure });
            }
            d.advance(&job);
        }
    }
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
