//! Workers come and go.

use crate::{
    command::{Command, Ended},
    decide::draft::Draft,
    decision::{Answer, Note, Reply},
    event::What,
};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::WorkerId,
    leasing::{Goodbye, Register, Registered},
};

pub(crate) fn register(d: &mut Draft<'_>, ask: &Register) -> Answer {
    let settings = &d.state.settings;
    if ask.build != settings.build {
        let text = format!("worker {} is of another build", ask.worker);
        return Failure::new(cluster::BUILD_DIFFERS, text).expected(&settings.build, &ask.build).into();
    }
    if !d.state.workers.contains_key(&ask.worker) {
        let (worker, slots, slot_bytes) = (ask.worker.clone(), ask.slots, ask.slot_bytes);
        d.event(None, What::WorkerCame { worker, slots, slot_bytes });
    }
    d.note(Note::Worker(ask.clone()));
    Reply::Registered(Registered {
        generation: d.state.meta.generation,
        lease_ttl_ms: settings.lease_ttl_ms,
        renew_every_ms: settings.renew_every_ms,
        orphan_after_ms: settings.orphan_after_ms,
    })
    .into()
}

pub(crate) fn drain(d: &mut Draft<'_>, worker: &WorkerId) -> Answer {
    if !d.state.workers.contains_key(worker) {
        return Failure::new(cluster::UNKNOWN_WORKER, format!("there is no worker {worker} here")).into();
    }
    d.note(Note::Draining(worker.clone()));
    d.event(None, What::Draining { worker: worker.clone() });
    Reply::Done.into()
}

/// All its leases go back to the queue at once, uncharged.
pub(crate) fn goodbye(d: &mut Draft<'_>, ask: &Goodbye) -> Answer {
    let state = d.state;
    let held = state.held.get(&ask.worker).into_iter().flat_map(|h| h.keys());
    let mut leases = 0;
    for (shard, attempt) in held {
        leases += 1;
        let text = format!("worker {} left: {}", ask.worker, ask.reason);
        let failure = Box::new(Failure::new(cluster::WORKER_LEFT, text));
        let ended = Ended::Failed { failure, killer: None };
        d.then(Command::EndAttempt { shard: shard.clone(), attempt: *attempt, ended });
    }
    if leases > 0 || state.workers.contains_key(&ask.worker) {
        let (worker, reason) = (ask.worker.clone(), ask.reason.clone());
        d.event(None, What::WorkerWent { worker, reason, leases });
    }
    d.note(Note::WorkerGone(ask.worker.clone()));
    Reply::Done.into()
}
