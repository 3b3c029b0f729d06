//! Leases: granted, renewed, adopted.

use crate::{
    decide::{
        draft::Draft,
        pick::{Pick, pick},
        workers::proven,
    },
    decision::{Answer, Note, Refusal, Reply, WaitFor},
    event::What,
    objects::Verdict,
    phase::Phase,
    rows::LeaseRow,
    state::{Job, Shard, ShardState},
};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::{AttemptId, ShardId, WorkerId},
    leasing::{Acquire, Directive, Lease, Progress, Renew},
    seal::Seal,
};

/// Live leases a worker may have for each of its slots: one that runs and one whose receipt is on its way.
const LEASES_PER_SLOT: usize = 2;

pub(crate) fn acquire(d: &mut Draft<'_>, ask: &Acquire, seal: &Seal) -> Result<Answer, Refusal> {
    let worker = proven(d.state, &ask.worker, seal)?;
    d.note(Note::Seen(ask.worker.clone()));
    let held = d.state.held.get(&ask.worker);
    let repeat = held.and_then(|h| h.iter().find(|(_, request)| **request == Some(ask.request)));
    if let Some(((shard, attempt), _)) = repeat {
        return again(d, shard, *attempt);
    }
    if worker.draining {
        let text = format!("worker {} is being drained", ask.worker);
        return Err(Failure::new(cluster::WORKER_DRAINING, text).into());
    }
    let most = LEASES_PER_SLOT * worker.info.slots as usize;
    if held.is_some_and(|h| h.len() >= most) {
        return Ok(Answer::Wait(WaitFor::Work));
    }
    match pick(d.state, &worker.info, d.now) {
        Some(pick) => grant(d, &pick, ask, seal),
        None => Ok(Answer::Wait(WaitFor::Work)),
    }
}

/// The same request again: the same lease.
fn again(d: &mut Draft<'_>, id: &ShardId, attempt: AttemptId) -> Result<Answer, Refusal> {
    let (job, shard) = d.shard(id)?;
    extend(d, id, attempt, None);
    Ok(Reply::Leased(Box::new(message(d, job, shard, attempt))).into())
}

fn grant(d: &mut Draft<'_>, pick: &Pick, ask: &Acquire, seal: &Seal) -> Result<Answer, Refusal> {
    let (job, shard) = d.shard(&pick.shard)?;
    let attempt = AttemptId { generation: job.row.generation, n: job.next_attempt };
    put(d, shard, attempt, (&ask.worker, seal), Some(ask.request));
    let (stage, number) = shard.place();
    let (worker, duplicate) = (ask.worker.clone(), pick.duplicate);
    d.event(Some(&pick.shard.job), What::Leased { stage, shard: number, attempt, worker, duplicate });
    Ok(Reply::Leased(Box::new(message(d, job, shard, attempt))).into())
}

fn put(
    d: &mut Draft<'_>,
    shard: &Shard,
    attempt: AttemptId,
    (worker, seal): (&WorkerId, &Seal),
    request: Option<u64>,
) {
    d.put_lease(LeaseRow {
        shard: shard.id.clone(),
        round: shard.round,
        attempt,
        number: shard.history.attempts.saturating_add(1),
        worker: worker.clone(),
        seal: Some(seal.clone()),
        request,
        careful: shard.history.silent > 0,
        granted_unix_ms: d.unix_ms(),
    });
    extend(d, &shard.id, attempt, None);
}

fn extend(d: &mut Draft<'_>, shard: &ShardId, attempt: AttemptId, progress: Option<Progress>) {
    let deadline = d.now.saturating_add(d.state.settings.lease_ttl_ms);
    d.note(Note::Renewed { shard: shard.clone(), attempt, deadline, progress });
}

fn message(d: &Draft<'_>, job: &Job, shard: &Shard, attempt: AttemptId) -> Lease {
    let (stage, _) = shard.place();
    let plan = &job.stages[usize::from(stage)].row;
    Lease {
        shard: shard.id.clone(),
        kind: job.row.kind.clone(),
        stage_name: job.row.stage_name(stage).to_owned(),
        steps: plan.steps.clone(),
        round: shard.round,
        attempt,
        job_uri: job.row.job_uri.clone(),
        output_uri: job.row.output_uri.clone(),
        store: job.row.store.clone(),
        plan_name: plan.plan_name.clone(),
        plan_digest: plan.plan_digest.clone(),
        skip: shard.history.skip.iter().copied().collect(),
        careful: shard.history.silent > 0,
        ttl_ms: d.state.settings.lease_ttl_ms,
    }
}

pub(crate) fn renew(d: &mut Draft<'_>, ask: &Renew, seal: &Seal) -> Result<Answer, Refusal> {
    let worker = proven(d.state, &ask.worker, seal)?;
    d.note(Note::Seen(ask.worker.clone()));
    let (job, shard) = d.shard(&ask.shard)?;
    if job.stands_still() {
        // What the rows say of it may be old news; it goes on until they are not.
        return Ok(Reply::Directive(Directive::Continue).into());
    }
    let mine = shard.lease(ask.attempt).is_some_and(|l| l.row.is_of(&ask.worker, seal));
    if !mine && !job.generation_ready && !ended(job) {
        // A rebuilt job does not know which attempts its last generation has named; with its next one it does.
        return Ok(Reply::Directive(Directive::Continue).into());
    }
    if ended(job) || !(mine || adoptable(job, shard, (ask.round, ask.attempt), seal)) {
        return Ok(Reply::Directive(Directive::Stop).into());
    }
    if !mine {
        adopt(d, shard, ask.attempt, (&ask.worker, seal));
    }
    let progress = Progress { at_item: shard.item(ask.progress.at_item), ..ask.progress.clone() };
    extend(d, &ask.shard, ask.attempt, Some(progress));
    let directive = if worker.draining { Directive::Drain } else { Directive::Continue };
    Ok(Reply::Directive(directive).into())
}

/// Nothing that an attempt could still do matters: the job is over or will be without publishing.
pub(crate) fn ended(job: &Job) -> bool {
    let given_up = |verdict: &Verdict| !matches!(verdict, Verdict::Publish);
    job.row.phase.is_over() || matches!(&job.row.phase, Phase::Deciding(d) if given_up(&d.verdict))
}

/// An attempt that no lease is known of may go on: the shard is open and nobody else's, and the attempt is
/// neither older than another nor closed nor one that was never granted, nor known to be somebody else's.
///
/// A rebuilt ledger does not know whose an attempt was. Then it goes on for who comes first, under that worker's own name:
/// which gives nobody more than asking for the shard would.
pub(crate) fn adoptable(job: &Job, shard: &Shard, (round, attempt): (u32, AttemptId), seal: &Seal) -> bool {
    let history = &shard.history;
    let anothers = history.newest == Some(attempt) && history.owner.as_ref().is_some_and(|of| of != seal);
    let next = AttemptId { generation: job.row.generation, n: job.next_attempt };
    let nobodys = matches!(shard.state, ShardState::Waiting(_) | ShardState::Delayed(_));
    nobodys
        && shard.round == round
        && !anothers
        && history.newest.is_none_or(|newest| attempt >= newest)
        && history.closed.is_none_or(|closed| attempt > closed)
        && attempt < next
}

pub(crate) fn adopt(d: &mut Draft<'_>, shard: &Shard, attempt: AttemptId, by: (&WorkerId, &Seal)) {
    if shard.history.silent > 0 {
        // It has not died: nothing that it was at is to blame.
        let mut alive = shard.clone();
        alive.history.silent -= 1;
        alive.history.suspects.values_mut().for_each(|of| {
            of.remove(&attempt);
        });
        d.put_shard(&alive);
    }
    put(d, shard, attempt, by, None);
    let (stage, number) = shard.place();
    let worker = by.0.clone();
    d.event(Some(&shard.id.job), What::AdoptedAttempt { stage, shard: number, attempt, worker });
}
