//! Time passes: leases expire, delays end, effects are started again.

use crate::{
    command::{Command, Ended},
    decide::draft::Draft,
    decision::{Answer, Note, Reply},
    effect::{Effect, EffectKey},
    event::What,
    phase::{Hold, Phase},
    retry,
    state::Live,
};
use tarquet_common::{
    clock::Millis,
    codes::cluster,
    failure::{Class, Failure},
    ids::ShardId,
};

/// Time between two samples of a job's progress.
const SAMPLE_EVERY_MS: u64 = 1_000;

pub(crate) fn tick(d: &mut Draft<'_>) -> Answer {
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
            d.then(Command::Again(Box::new(flight.effect.clone())));
        }
    }
    sample(d);
    forget_workers(d);
    Reply::Done.into()
}

/// A lease whose deadline has come, or which does not move.
fn look_at(d: &mut Draft<'_>, shard: &ShardId, live: &Live) {
    let attempt = live.row.attempt;
    if d.state.in_flight(&EffectKey::Receipt(shard.clone(), live.row.round)) {
        // Its receipt is being written: whether the worker still breathes no longer matters.
        let deadline = d.now.saturating_add(d.state.settings.lease_ttl_ms);
        let progress = Some(live.progress.clone());
        d.note(Note::Renewed { shard: shard.clone(), attempt, deadline, progress });
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
    d.then(Command::EndAttempt { shard: shard.clone(), attempt, ended });
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
            d.note(Note::WorkerGone(id.clone()));
            d.event(None, What::WorkerWent { worker: id.clone(), reason: "silent".to_owned(), leases: 0 });
        }
    }
}

/// An effect could not be done: it is started again after a delay, however often; what waiting does not mend
/// holds the job as well.
pub(crate) fn effect_failed(d: &mut Draft<'_>, key: &EffectKey, failure: &Failure) -> Answer {
    let Some(flight) = d.state.flights.get(key) else { return Reply::Done.into() };
    let seed = retry::mix(u64::from(flight.tries)) ^ key_seed(key);
    let delay_ms = retry::backoff_ms(flight.tries, seed, &d.state.settings);
    let at: Millis = d.now.saturating_add(delay_ms);
    d.note(Note::RetryAt { effect: key.clone(), at, failure: Box::new(failure.clone()) });
    let effect = key.name().to_owned();
    let (code, message) = (failure.code, failure.message.clone());
    d.event(Some(key.job()), What::EffectDelayed { effect, code, message, delay_ms });
    let hold = match failure.class() {
        Class::Denied | Class::Usage => Some(Hold::Denied),
        Class::Bug => Some(Hold::Bug),
        Class::Input | Class::Environment | Class::Lost => None,
    };
    if let Some(hold) = hold {
        d.then(Command::Hold { job: key.job().clone(), hold, failure: failure.clone() });
    }
    d.advance(key.job());
    Reply::Done.into()
}

fn key_seed(key: &EffectKey) -> u64 {
    let shard = match key {
        EffectKey::Receipt(shard, _) | EffectKey::Publish(shard, _) | EffectKey::Abort(shard, _) => {
            shard.clone()
        }
        other => ShardId { job: other.job().clone(), stage: 0, shard: 0 },
    };
    retry::seed_of(&shard)
}

/// The delay of an effect is over.
pub(crate) fn again(d: &mut Draft<'_>, effect: &Effect) -> Answer {
    let delayed = d.state.flights.get(&effect.key()).is_some_and(|f| f.retry_at.is_some());
    if delayed {
        d.start_again(effect.clone());
    }
    Reply::Done.into()
}
