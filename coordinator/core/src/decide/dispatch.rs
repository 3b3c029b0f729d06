//! Which file decides which command.

use crate::{
    command::Command,
    decide::{
        adopt, advance, complete, draft::Draft, fail, lease, plan, publish, rounds, start, steer, submit,
        tick, workers,
    },
    decision::{Answer, Decision, WaitFor, Wake},
    state::State,
};
use std::{collections::VecDeque, sync::Arc};
use tarquet_common::clock::Millis;

/// What follows from a command, at a moment of the monotonic clock. Reads nothing but its arguments.
pub fn decide(state: &State, command: &Command, now: Millis) -> Decision {
    let mut draft = Draft::new(state, now);
    draft.clock(command);
    let answer = dispatch(&mut draft, command);
    draft.finish(answer)
}

/// Decides and absorbs a command and all that follows at once. The merged records are one transaction.
pub fn handle(state: &mut State, command: &Command, now: Millis) -> Decision {
    let stamp = state.work_stamp;
    let mut whole = decide(state, command, now);
    state.absorb(&whole);
    let mut then: VecDeque<Command> = std::mem::take(&mut whole.then).into();
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
    let by_time = matches!(command, Command::Tick { .. }) && state.work_waiting();
    if by_time || state.work_stamp != stamp {
        whole.wake.push(Wake { on: WaitFor::Work, answer: None });
    }
    whole
}

fn dispatch(d: &mut Draft<'_>, command: &Command) -> Answer {
    match command {
        Command::Start { .. } => start::start(d),
        Command::Tick { .. } => tick::tick(d),
        Command::EffectFailed { effect, failure } => tick::effect_failed(d, effect, failure),
        Command::Again(effect) => tick::again(d, effect),
        Command::Submit(ask) => submit::submit(d, ask),
        Command::ClaimStored(job) => submit::claim_stored(d, job),
        Command::ClaimTaken { job, by } => submit::claim_taken(d, job, by),
        Command::ClaimRefused { job, failure } => submit::claim_refused(d, job, failure.clone()),
        Command::GenerationRaised { job, generation } => submit::generation_raised(d, job, *generation),
        Command::Forget(job) => submit::forget(d, job),
        Command::Adopt(snapshot) => adopt::adopt(d, snapshot),
        Command::NothingStored(job) => adopt::nothing_stored(d, job),
        Command::Accept(job) => steer::accept(d, job),
        Command::Retry(job) => steer::retry(d, job),
        Command::Cancel { job, reason } => steer::cancel(d, job, reason),
        Command::Pause(job) => steer::pause(d, job, true),
        Command::Resume(job) => steer::pause(d, job, false),
        Command::SetPriority { job, priority } => steer::priority(d, job, *priority),
        Command::Drain(worker) => workers::drain(d, worker),
        Command::Register(ask) => workers::register(d, ask),
        Command::Goodbye(ask) => workers::goodbye(d, ask),
        Command::Acquire(ask) => lease::acquire(d, ask),
        Command::Renew(ask) => lease::renew(d, ask),
        Command::Complete(ask) => complete::complete(d, ask),
        Command::ReceiptStored(receipt) | Command::ReceiptTaken(receipt) => {
            complete::settled(d, &Arc::clone(receipt))
        }
        Command::Fail(ask) => fail::fail(d, ask),
        Command::EndAttempt { shard, attempt, ended } => fail::end_attempt(d, shard, *attempt, ended),
        Command::StagePlanned { job, plan } => plan::planned(d, job, plan),
        Command::StagePlanFailed { job, stage, failure, fatal } => {
            plan::plan_failed(d, job, *stage, failure, *fatal)
        }
        Command::RoundsOpened { job, rounds } => rounds::opened(d, job, rounds),
        Command::AcceptStored { job, accept } => rounds::accepted(d, job, accept),
        Command::Advance(job) => advance::advance(d, job),
        Command::Hold { job, hold, failure } => advance::hold(d, job, *hold, failure),
        _ => publish_outcome(d, command),
    }
}

fn publish_outcome(d: &mut Draft<'_>, command: &Command) -> Answer {
    match command {
        Command::OutcomeStored { job, verdict } => publish::outcome_stored(d, job, verdict),
        Command::OutputListed { job, foreign } => publish::listed(d, job, foreign),
        Command::ShardPublished { shard, round } => publish::shard_published(d, shard, *round),
        Command::UploadLost { shard, round, name, partly_published } => {
            publish::upload_lost(d, shard, *round, name, *partly_published)
        }
        Command::ShardForeign { shard, round, name } => publish::shard_foreign(d, shard, *round, name),
        Command::CatalogStored(job) => publish::catalog_stored(d, job),
        Command::CatalogDiffers(job) => publish::catalog_differs(d, job),
        Command::UploadsAborted { shard, round } => publish::aborted(d, shard, *round),
        Command::UploadsSwept(job) => publish::swept(d, job),
        other => unreachable!("{other:?} is dispatched by `dispatch`"),
    }
}
