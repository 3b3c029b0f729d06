//! A process starts with what its ledger kept. Then time passes: leases expire, delays end, effects are started again.

use crate::{
    decide::{draft::Draft, workers},
    decision::{Answer, Ended, Note, Refusal, Step},
    effect::EffectKey,
    event::What,
    phase::Phase,
    record::Record,
    rows::MetaRow,
    state::Live,
};
use tarquet_common::{codes::cluster, failure::Failure, ids::ShardId};

/// Time between two samples of a job's progress.
const SAMPLE_EVERY_MS: u64 = 1_000;

/// Raises the generation, forgets what was in flight, gives loaded leases one fresh lifetime and looks
/// what every job needs. Leases of workers that died with the process before end at once.
pub(crate) fn start(d: &mut Draft<'_>) -> Result<Answer, Refusal> {
    // A ledger that was lost forgot its own number; those of the jobs were read back from the store.
    let of_jobs = d.state.jobs.values().map(|j| j.row.generation).max().unwrap_or(0);
    let generation = d.state.meta.generation.max(of_jobs).saturating_add(1);
    d.record(Record::Meta(MetaRow { generation }));
    d.note(Note::Reset);
    d.note(Note::FreshLifetime { deadline: d.now.saturating_add(d.state.settings.lease_ttl_ms) });
    let (jobs, leases) = (d.state.jobs.len(), d.state.deadlines.len());
    d.event(None, What::Started { generation, jobs, leases });
    if d.state.settings.workers_inside {
        for (_, shard, attempt) in &d.state.deadlines {
            d.then(Step::EndAttempt { shard: shard.clone(), attempt: *attempt, ended: Ended::Silent });
        }
    }
    for job in d.state.jobs.keys() {
        d.advance(job);
    }
    Ok(Answer::DONE)
}

pub(crate) fn tick(d: &mut Draft<'_>) -> Result<Answer, Refusal> {
    let (state, now) = (d.state, d.now);
    if !d.stalled {
        let due = state.deadlines.iter().take_while(|(at, ..)| *at <= now);
        for (_, shard, attempt) in due {
            if let Some(live) = state.shard_at(shard).and_then(|s| s.lease(*attempt)) {
                look_at(d, shard, live);
            }
        }
    }
    for (_, shard) in state.delayed.iter().take_while(|(at, _)| *at <= now) {
        d.note(Note::Due(shard.clone()));
    }
    for (_, key) in state.retries.iter().take_while(|(at, _)| *at <= now) {
        if let Some(flight) = state.flights.get(key) {
            d.then(Step::Again(Box::new(flight.effect.clone())));
        }
    }
    sample(d);
    forget_workers(d);
    Ok(Answer::DONE)
}

/// A lease whose deadline has come, or which does not move.
fn look_at(d: &mut Draft<'_>, shard: &ShardId, live: &Live) {
    let attempt = live.row.attempt;
    if d.state.in_flight(&EffectKey::Receipt(shard.clone(), live.row.round)) {
        // Its receipt is being written: whether the worker still breathes no longer matters.
        let deadline = d.now.saturating_add(d.state.settings.lease_ttl_ms);
        d.note(Note::Settling { shard: shard.clone(), attempt, deadline });
        return;
    }
    let ended = if live.deadline <= d.now {
        Ended::Silent
    } else {
        let waits = &live.progress.step;
        let still = d.now.saturating_sub(live.progressed_at);
        let text = format!("attempt {attempt} of {} did not move for {still} ms", live.row.worker);
        let failure =
            Failure::new(cluster::STUCK, text).at_item(if waits.is_empty() { "start" } else { waits });
        Ended::Failed { failure: Box::new(failure), killer: live.progress.at_item }
    };
    d.then(Step::EndAttempt { shard: shard.clone(), attempt, ended });
}

fn sample(d: &mut Draft<'_>) {
    for (id, job) in &d.state.jobs {
        let active = matches!(job.row.phase, Phase::Running(_) | Phase::Publishing(_));
        let fresh = job.samples.back().is_some_and(|(at, _)| d.now < at.saturating_add(SAMPLE_EVERY_MS));
        if active && !fresh {
            d.note(Note::Sample(id.clone()));
        }
    }
}

fn forget_workers(d: &mut Draft<'_>) {
    let state = d.state;
    let after = state.settings.forget_worker_ms;
    for (id, worker) in &state.workers {
        if d.now.saturating_sub(worker.seen) > after && !state.held.contains_key(id) {
            workers::forget(d, id);
        }
    }
}
