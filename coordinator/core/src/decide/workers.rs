//! Workers come and go, and prove who they are.
//!
//! A name is one worker's: of who registered under it first, while that one is heard of or holds leases. All that is said in
//! its name has to come with the seal of the secret that it registered with.

use crate::{
    decide::draft::Draft,
    decision::{Answer, Ended, Note, Refusal, Reply, Step},
    event::What,
    state::{State, Worker},
};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::{AttemptId, ShardId, WorkerId},
    leasing::{Goodbye, Register, Registered},
    seal::Seal,
};

/// The worker of this name, if it is the one that speaks.
pub(crate) fn proven<'s>(state: &'s State, name: &WorkerId, seal: &Seal) -> Result<&'s Worker, Refusal> {
    let worker = state.workers.get(name).ok_or(Refusal::UnknownWorker)?;
    if worker.seal == *seal { Ok(worker) } else { Err(not_this_worker(name)) }
}

/// Somebody speaks in a worker's name who does not have its secret.
pub(crate) fn not_this_worker(name: &WorkerId) -> Refusal {
    let text = format!("another process is worker {name}");
    Failure::new(cluster::NOT_THIS_WORKER, text).into()
}

/// Whether the name is another's still: of one that was heard of within a lease, or that holds leases.
fn is_taken(d: &Draft<'_>, name: &WorkerId, seal: &Seal) -> bool {
    let state = d.state;
    let registered = state.workers.get(name).is_some_and(|w| w.seal != *seal && state.is_live(w, d.now));
    let held = state.held.get(name).into_iter().flat_map(|held| held.keys());
    let mut leases = held.filter_map(|(shard, attempt)| state.shard_at(shard)?.lease(*attempt));
    registered || leases.any(|live| !live.row.is_of(name, seal))
}

/// A new name needs room. Where there is none, the worker that was silent for longest is forgotten, if it has been for a
/// lease and holds none: nobody who lives is ever pushed out.
fn make_room(d: &mut Draft<'_>, name: &WorkerId) -> Result<(), Refusal> {
    let (state, most) = (d.state, d.state.settings.workers_max);
    if state.workers.contains_key(name) || state.held.contains_key(name) || state.workers.len() < most {
        return Ok(());
    }
    let silent =
        state.workers.iter().filter(|(id, w)| !state.is_live(w, d.now) && !state.held.contains_key(*id));
    let Some((longest, _)) = silent.min_by_key(|(_, worker)| worker.seen) else {
        let text = format!("worker {name} is one more than this coordinator keeps");
        return Err(Failure::new(cluster::TOO_MANY_WORKERS, text)
            .expected(format!("at most {most}"), most + 1)
            .into());
    };
    forget(d, longest);
    Ok(())
}

/// Of a worker that holds nothing.
pub(crate) fn forget(d: &mut Draft<'_>, worker: &WorkerId) {
    d.note(Note::WorkerGone(worker.clone()));
    d.event(None, What::WorkerWent { worker: worker.clone(), reason: "silent".to_owned(), leases: 0 });
}

pub(crate) fn register(d: &mut Draft<'_>, ask: &Register, seal: &Seal) -> Result<Answer, Refusal> {
    let settings = &d.state.settings;
    if ask.build != settings.build {
        let text = format!("worker {} is of another build", ask.worker);
        let failure = Failure::new(cluster::BUILD_DIFFERS, text);
        return Err(failure.expected(&settings.build, &ask.build).into());
    }
    if is_taken(d, &ask.worker, seal) {
        return Err(not_this_worker(&ask.worker));
    }
    make_room(d, &ask.worker)?;
    if d.state.workers.get(&ask.worker).is_none_or(|known| known.seal != *seal) {
        let (worker, slots, slot_bytes) = (ask.worker.clone(), ask.slots, ask.slot_bytes);
        d.event(None, What::WorkerCame { worker, slots, slot_bytes });
    }
    d.note(Note::Worker(ask.clone(), seal.clone()));
    let terms = Registered {
        generation: d.state.meta.generation,
        lease_ttl_ms: settings.lease_ttl_ms,
        renew_every_ms: settings.renew_every_ms,
        orphan_after_ms: settings.orphan_after_ms,
    };
    Ok(Reply::Registered(terms).into())
}

pub(crate) fn drain(d: &mut Draft<'_>, worker: &WorkerId) -> Result<Answer, Refusal> {
    if !d.state.workers.contains_key(worker) {
        let text = format!("there is no worker {worker} here");
        return Err(Failure::new(cluster::UNKNOWN_WORKER, text).into());
    }
    d.note(Note::Draining(worker.clone()));
    d.event(None, What::Draining { worker: worker.clone() });
    Ok(Answer::DONE)
}

/// All its leases go back to the queue at once, uncharged. It need not be registered: a repeat is not, and a coordinator that
/// was started again knows it by its leases.
pub(crate) fn goodbye(d: &mut Draft<'_>, ask: &Goodbye, seal: &Seal) -> Result<Answer, Refusal> {
    let state = d.state;
    if state.workers.get(&ask.worker).is_some_and(|worker| worker.seal != *seal) {
        return Err(not_this_worker(&ask.worker));
    }
    let is_its = |(shard, attempt): &&(ShardId, AttemptId)| {
        let live = state.shard_at(shard).and_then(|shard| shard.lease(*attempt));
        live.is_some_and(|live| live.row.is_of(&ask.worker, seal))
    };
    let held = state.held.get(&ask.worker).into_iter().flat_map(|h| h.keys()).filter(is_its);
    let mut leases = 0;
    for (shard, attempt) in held {
        leases += 1;
        let text = format!("worker {} left: {}", ask.worker, ask.reason);
        let failure = Box::new(Failure::new(cluster::WORKER_LEFT, text));
        let ended = Ended::Failed { failure, killer: None };
        d.then(Step::EndAttempt { shard: shard.clone(), attempt: *attempt, ended });
    }
    if leases > 0 || state.workers.contains_key(&ask.worker) {
        let (worker, reason) = (ask.worker.clone(), ask.reason.clone());
        d.event(None, What::WorkerWent { worker, reason, leases });
    }
    d.note(Note::WorkerGone(ask.worker.clone()));
    Ok(Answer::DONE)
}
