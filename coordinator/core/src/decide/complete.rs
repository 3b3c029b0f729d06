//! An attempt finished: its receipt becomes the shard's, or does not.

use crate::{
    decide::{
        draft::Draft,
        lease::{adopt, adoptable, ended},
        unfit::unfit,
        workers::{not_this_worker, proven},
    },
    decision::{Answer, Ended, Note, Refusal, Reply, Step, WaitFor},
    effect::{Effect, EffectKey},
    event::What,
    objects::RoundOf,
    record::Record,
};
use std::sync::Arc;
use tarquet_common::{
    leasing::{Complete, Completed},
    receipt::Receipt,
    seal::Seal,
};

/// The receipt goes to the store first; the same ask, decided again, then says whose the object is.
pub(crate) fn complete(d: &mut Draft<'_>, ask: &Complete, seal: &Seal) -> Result<Answer, Refusal> {
    let receipt = &ask.receipt;
    proven(d.state, &ask.worker, seal)?;
    d.note(Note::Seen(ask.worker.clone()));
    let (job, shard) = d.shard(&receipt.shard)?;
    if job.stands_still() {
        return Ok(Answer::Wait(WaitFor::Compared(receipt.shard.job.clone())));
    }
    if let Some(accepted) = shard.receipt().filter(|r| r.round == receipt.round) {
        let ours = accepted.attempt == receipt.attempt;
        return Ok(Reply::Completed(if ours { Completed::Accepted } else { Completed::Superseded }).into());
    }
    let lease = shard.lease(receipt.attempt);
    if lease.is_some_and(|live| !live.row.is_of(&ask.worker, seal)) {
        return Err(not_this_worker(&ask.worker));
    }
    let wait = Ok(Answer::Wait(WaitFor::Receipt(receipt.shard.clone(), receipt.round)));
    if d.state.in_flight(&EffectKey::Receipt(receipt.shard.clone(), receipt.round)) && !ended(job) {
        return wait;
    }
    let live = lease.is_some() && shard.round == receipt.round;
    if !live && !job.generation_ready && !ended(job) {
        // See `renew`: whether it was ever granted is known with the next generation.
        return Ok(Answer::Wait(WaitFor::Compared(receipt.shard.job.clone())));
    }
    let adopted = !live && adoptable(job, shard, (receipt.round, receipt.attempt), seal);
    if ended(job) || !(live || adopted) {
        let (stage, number) = shard.place();
        let attempt = receipt.attempt;
        d.event(Some(&receipt.shard.job), What::Superseded { stage, shard: number, attempt });
        return Ok(Reply::Completed(Completed::Superseded).into());
    }
    if let Some(failure) = unfit(shard, lease, ask) {
        let (shard, attempt) = (receipt.shard.clone(), receipt.attempt);
        let ended = Ended::Failed { failure: Box::new(failure.clone()), killer: None };
        d.then(Step::EndAttempt { shard, attempt, ended });
        return Err(failure.into());
    }
    if adopted {
        adopt(d, shard, receipt.attempt, (&ask.worker, seal));
    }
    d.start(Effect::StoreReceipt { receipt: Arc::new(receipt.clone()) });
    wait
}

/// What the receipt object says, whoever wrote it.
pub(crate) fn settled(d: &mut Draft<'_>, receipt: &Arc<Receipt>) {
    let (id, round) = (&receipt.shard, receipt.round);
    d.land(EffectKey::Receipt(id.clone(), round));
    d.wake(WaitFor::Receipt(id.clone(), round));
    let Some((job, shard)) = d.find(id) else { return };
    if ended(job) {
        return;
    }
    let took_ms = shard.lease(receipt.attempt).map_or(0, |l| d.now.saturating_sub(l.granted_at));
    let mut next = shard.clone();
    if next.accept(Arc::clone(receipt), took_ms).is_err() {
        // It has one already, or is in a later round.
        return;
    }
    d.put_shard(&next);
    d.record(Record::Receipt(Arc::clone(receipt)));
    for live in shard.leases() {
        d.end_lease(id, live.row.attempt);
    }
    d.note(Note::WorkerDid { worker: receipt.worker.clone(), bytes: shard.plan.cost_bytes });
    d.event(
        Some(&id.job),
        What::Receipt {
            stage: id.stage,
            shard: id.shard,
            round: receipt.round,
            attempt: receipt.attempt,
            rows: receipt.counts.rows,
            quarantined: receipt.counts.failed,
            ms: took_ms,
        },
    );
    d.advance(&id.job);
}

/// Another coordinator has opened the next round, or has gone on without the shard: what the rows say is old.
pub(crate) fn round_is_over(d: &mut Draft<'_>, of: &RoundOf) {
    let RoundOf { shard: id, round } = of;
    d.land(EffectKey::Receipt(id.clone(), *round));
    d.wake(WaitFor::Receipt(id.clone(), *round));
    let Some((job, shard)) = d.find(id) else { return };
    if !ended(job) && shard.round <= *round {
        d.behind(&id.job, None);
    }
}
