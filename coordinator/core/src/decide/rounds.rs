//! Rounds are open, or what failed is accepted: the objects say so, now the rows do.

use crate::{
    decide::draft::Draft,
    decision::{Reply, WaitFor},
    effect::{Effect, EffectKey},
    event::What,
    objects::{AcceptObject, Reopen, RoundsObject, Upload, WhyReopen},
    phase::Phase,
    record::{Key, Record},
    rows::cover,
    state::Job,
};
use std::collections::BTreeSet;
use tarquet_common::{
    ids::JobId,
    receipt::{Artifact, Receipt},
};

pub(crate) fn opened(d: &mut Draft<'_>, id: &JobId, rounds: &RoundsObject) {
    let key = EffectKey::Rounds(id.clone());
    let asked = asked_for(d, &key);
    d.land(key);
    let Some(job) = d.state.jobs.get(id) else { return };
    match rounds.why {
        WhyReopen::Retry => d.wake_with(WaitFor::Rounds(id.clone()), Ok(Reply::Done)),
        // Not what who waits has asked for: it asks again.
        WhyReopen::UploadLost => d.wake(WaitFor::Rounds(id.clone())),
    }
    if job.row.phase.is_over() || rounds.number <= job.row.rounds {
        return;
    }
    let mut seen = BTreeSet::new();
    for reopen in &rounds.shards {
        if seen.insert((reopen.stage, reopen.shard)) {
            open(d, job, reopen);
        }
    }
    let why = match rounds.why {
        WhyReopen::Retry => "retry",
        WhyReopen::UploadLost => "lost uploads",
    };
    d.event(Some(id), What::Reopened { shards: seen.len(), why: why.to_owned() });
    let mut row = job.row.clone();
    row.rounds = rounds.number;
    if let (Phase::Held(held), WhyReopen::Retry) = (&job.row.phase, rounds.why) {
        d.move_to(&mut row, held.back.into());
    }
    d.put_job(row);
    match asked {
        // Another coordinator has finished them, published them, or gone on without them.
        Some(asked) if rounds.shards.len() < asked => d.behind(id, None),
        _ => d.advance(id),
    }
}

/// Shards that were to be opened or excluded by what is in flight.
fn asked_for(d: &Draft<'_>, key: &EffectKey) -> Option<usize> {
    match &d.state.flights.get(key)?.effect {
        Effect::OpenRounds { rounds, .. } => Some(rounds.shards.len()),
        Effect::StoreAccept { accept, .. } => Some(accept.excluded.len()),
        _ => None,
    }
}

/// The effect that opens rounds.
pub(crate) fn effect(job: &Job, why: WhyReopen, shards: Vec<Reopen>) -> Effect {
    let rounds = RoundsObject { number: job.row.rounds + 1, why, shards };
    Effect::OpenRounds { job: job.row.job.clone(), rounds }
}

/// A shard whose output is visible is never opened again.
fn open(d: &mut Draft<'_>, job: &Job, reopen: &Reopen) {
    let Some(shard) = job.shard(reopen.stage, reopen.shard) else { return };
    let mut next = shard.clone();
    if next.reopen(reopen.round, d.now).is_err() {
        return;
    }
    d.put_shard(&next);
    for live in shard.leases() {
        d.end_lease(&shard.id, live.row.attempt);
    }
    if let Some(receipt) = shard.receipt() {
        abort(d, receipt);
        d.record(Record::Gone(Key::Receipt(shard.id.clone())));
    }
}

fn uploads_of(receipt: &Receipt) -> Vec<Upload> {
    let upload = |a: &Artifact| Upload { name: a.name.clone(), upload_id: a.upload_id.clone() };
    receipt.artifacts.iter().map(upload).collect()
}

/// Uploads of a round that is over can never be published.
fn abort(d: &mut Draft<'_>, receipt: &Receipt) {
    let uploads = uploads_of(receipt);
    if !uploads.is_empty() {
        d.start(Effect::AbortUploads { shard: receipt.shard.clone(), round: receipt.round, uploads });
    }
}

pub(crate) fn accepted(d: &mut Draft<'_>, id: &JobId, accept: &AcceptObject) {
    let key = EffectKey::Accept(id.clone());
    let asked = asked_for(d, &key);
    d.land(key);
    let Some(job) = d.state.jobs.get(id) else { return };
    d.wake_with(WaitFor::Accept(id.clone()), Ok(Reply::Done));
    if job.row.phase.is_over() || accept.number <= job.row.accepts {
        return;
    }
    for (number, failure) in &accept.excluded {
        let Some(mut shard) = job.shard(accept.stage, *number).cloned() else { continue };
        if shard.exclude(Box::new(failure.clone())).is_ok() {
            d.put_shard(&shard);
        }
    }
    let (quarantined, excluded) = (accept.quarantined, accept.excluded.len());
    let item = job.row.item.clone();
    d.event(Some(id), What::Accepted { quarantined, item, excluded });
    let mut row = job.row.clone();
    row.accepts = accept.number;
    row.accepted = cover(row.accepted, accept);
    if let Phase::Held(held) = &job.row.phase {
        d.move_to(&mut row, held.back.into());
    }
    d.put_job(row);
    match asked {
        Some(asked) if excluded < asked => d.behind(id, None),
        _ => d.advance(id),
    }
}
