//! Which file decides what.

use crate::{
    cause::{Ask, Cause, Outcome},
    decide::{
        adopt, advance, complete, draft::Draft, effects, fail, lease, plan, publish, rounds, steer, submit,
        tick, workers,
    },
    decision::{Answer, Decision, Refusal, Step, WaitFor, Wake},
    state::State,
};
use std::collections::VecDeque;
use tarquet_common::clock::Millis;

/// What follows from a cause, at a moment of the monotonic clock. Reads nothing but its arguments.
pub fn decide<'c>(state: &State, cause: impl Into<Cause<'c>>, now: Millis) -> Decision {
    let cause = cause.into();
    let mut draft = Draft::new(state, now);
    draft.clock(cause);
    let answer = match cause {
        Cause::Ask(ask) => asked(&mut draft, ask),
        Cause::Outcome(outcome) => {
            landed(&mut draft, outcome);
            Ok(Answer::DONE)
        }
        Cause::Step(step) => {
            follow(&mut draft, step);
            Ok(Answer::DONE)
        }
    };
    draft.finish(answer)
}

/// Decides and absorbs a cause and all that follows at once. The merged records are one transaction.
pub fn handle<'c>(state: &mut State, cause: impl Into<Cause<'c>>, now: Millis) -> Decision {
    let cause = cause.into();
    let stamp = state.work_stamp;
    let mut whole = decide(state, cause, now);
    state.absorb(&whole);
    let mut then: VecDeque<Step> = std::mem::take(&mut whole.then).into();
    while let Some(next) = then.pop_front() {
        let part = decide(state, &next, now);
        state.absorb(&part);
        whole.records.extend(part.records);
        whole.notes.extend(part.notes);
        whole.effects.extend(part.effects);
        whole.wake.extend(part.wake);
        whole.events.extend(part.events);
        then.extend(part.then);
    }
    let by_time = matches!(cause, Cause::Ask(Ask::Tick { .. })) && state.work_waiting();
    if by_time || state.work_stamp != stamp {
        whole.wake.push(Wake { on: WaitFor::Work, answer: None });
    }
    whole
}

fn asked(d: &mut Draft<'_>, ask: &Ask) -> Result<Answer, Refusal> {
    match ask {
        Ask::Start { .. } => tick::start(d),
        Ask::Tick { .. } => tick::tick(d),
        Ask::Submit(ask) => submit::submit(d, ask),
        Ask::Forget(job) => submit::forget(d, job),
        Ask::Adopt(snapshot) => adopt::adopt(d, snapshot),
        Ask::NothingStored(job) => adopt::nothing_stored(d, job),
        Ask::Unread(job, failure) => adopt::unread(d, job, failure),
        Ask::Accept(job) => steer::accept(d, job),
        Ask::Retry(job) => steer::retry(d, job),
        Ask::Cancel { job, reason } => steer::cancel(d, job, reason),
        Ask::Pause(job) => steer::pause(d, job, true),
        Ask::Resume(job) => steer::pause(d, job, false),
        Ask::SetPriority { job, priority } => steer::priority(d, job, *priority),
        Ask::Drain(worker) => workers::drain(d, worker),
        Ask::Register(ask, seal) => workers::register(d, ask, seal),
        Ask::Goodbye(ask, seal) => workers::goodbye(d, ask, seal),
        Ask::Acquire(ask, seal) => lease::acquire(d, ask, seal),
        Ask::Renew(ask, seal) => lease::renew(d, ask, seal),
        Ask::Complete(ask, seal) => complete::complete(d, ask, seal),
        Ask::Fail(ask, seal) => fail::fail(d, ask, seal),
    }
}

fn landed(d: &mut Draft<'_>, outcome: &Outcome) {
    match outcome {
        Outcome::ClaimStored(job) => submit::claim_stored(d, job),
        Outcome::ClaimTaken { job, by } => submit::claim_taken(d, job, by),
        Outcome::ClaimRefused { job, failure } => submit::claim_refused(d, job, failure.clone()),
        Outcome::GenerationRaised { job, generation } => submit::generation_raised(d, job, *generation),
        Outcome::StagePlanned { job, plan } => plan::planned(d, job, plan),
        Outcome::StagePlanFailed { job, stage, failure, fatal } => {
            plan::plan_failed(d, job, *stage, failure, *fatal);
        }
        Outcome::ReceiptStored(receipt) | Outcome::ReceiptTaken(receipt) => complete::settled(d, receipt),
        Outcome::RoundIsOver(of) => complete::round_is_over(d, of),
        Outcome::RoundsOpened { job, rounds } => rounds::opened(d, job, rounds),
        Outcome::AcceptStored { job, accept } => rounds::accepted(d, job, accept),
        Outcome::OutcomeStored { job, verdict } => publish::outcome_stored(d, job, verdict),
        Outcome::OutputListed { job, foreign } => publish::listed(d, job, foreign),
        Outcome::ShardPublished { shard, round } => publish::shard_published(d, shard, *round),
        Outcome::UploadLost { shard, round, name, partly_published } => {
            publish::upload_lost(d, shard, *round, name, *partly_published);
        }
        Outcome::EndedElsewhere { shard, round } => publish::ended_elsewhere(d, shard, *round),
        Outcome::ShardForeign { shard, round, name, of_this_job } => {
            publish::shard_foreign(d, shard, *round, name, *of_this_job);
        }
        Outcome::CatalogStored(job) => publish::catalog_stored(d, job),
        Outcome::CatalogDiffers(job) => publish::catalog_differs(d, job),
        Outcome::UploadsAborted { shard, round } => publish::aborted(d, shard, *round),
        Outcome::UploadsSwept(job) => publish::swept(d, job),
        Outcome::Compared(snapshot) => adopt::compared_again(d, snapshot),
        Outcome::EffectFailed { effect, failure } => effects::failed(d, effect, failure),
    }
}

fn follow(d: &mut Draft<'_>, step: &Step) {
    match step {
        Step::Advance(job) => advance::advance(d, job),
        Step::EndAttempt { shard, attempt, ended } => fail::end_attempt(d, shard, *attempt, ended),
        Step::Again(effect) => effects::again(d, effect),
        Step::Hold { job, hold, failure } => advance::hold(d, job, *hold, failure),
    }
}
