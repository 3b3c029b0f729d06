//! Workers come and go.

use crate::{
    decide::draft::Draft,
    decision::{Answer, Ended, Note, Refusal, Reply, Step},
    event::What,
};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::WorkerId,
    leasing::{Goodbye, Register, Registered},
};

pub(crate) fn register(d: &mut Draft<'_>, ask: &Register) -> Result<Answer, Refusal> {
    let settings = &d.state.settings;
    if ask.build != settings.build {
        let text = format!("worker {} is of another build", ask.worker);
        let failure = Failure::new(cluster::BUILD_DIFFERS, text);
        return Err(failure.expected(&settings.build, &ask.build).into());
    }
    if !d.state.workers.contains_key(&ask.worker) {
        let (worker, slots, slot_bytes) = (ask.worker.clone(), ask.slots, ask.slot_bytes);
        d.event(None, What::WorkerCame { worker, slots, slot_bytes });
    }
    d.note(Note::Worker(ask.clone()));
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

/// All its leases go back to the queue at once, uncharged.
pub(crate) fn goodbye(d: &mut Draft<'_>, ask: &Goodbye) -> Result<Answer, Refusal> {
    let state = d.state;
    let held = state.held.get(&ask.worker).into_iter().flat_map(|h| h.keys());
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
