//! From the outcome to the catalog.

use crate::{
    decide::draft::Draft,
    decision::{Note, Step, WaitFor},
    effect::{EffectKey, Met},
    event::What,
    objects::Verdict,
    phase::{Cancelled, Checking, Done, Failed, Hold, Phase, Publishing},
    rows::JobRow,
    state::{Job, Shard, ShardState},
};
use tarquet_common::{
    codes::publish,
    failure::Failure,
    ids::{JobId, ShardId},
};

/// The outcome object speaks, whoever wrote it.
pub(crate) fn outcome_stored(d: &mut Draft<'_>, id: &JobId, verdict: &Verdict) {
    d.land(EffectKey::Outcome(id.clone()));
    let Some(job) = d.state.jobs.get(id) else { return };
    if !matches!(job.row.phase, Phase::Deciding(_)) {
        return;
    }
    if *verdict == Verdict::Publish && !is_complete(job) {
        // Whoever has written it knows of receipts that we do not. To publish what we know would be to publish less.
        return d.behind(id, None);
    }
    let mut row = job.row.clone();
    row.outcome = Some(verdict.clone());
    let phase = match verdict {
        Verdict::Publish => Phase::Checking(Checking {}),
        Verdict::Cancel { reason } => Phase::Cancelled(Cancelled { reason: reason.clone(), swept: false }),
        Verdict::Fail { failure } => Phase::Failed(Failed { failure: failure.clone(), swept: false }),
    };
    match phase.is_over() {
        true => give_up(d, job),
        false => d.wake(WaitFor::Outcome(id.clone())),
    }
    d.move_to(&mut row, phase);
    d.put_job(row);
    d.advance(id);
}

/// All stages are planned, and every shard has a receipt or is gone without.
fn is_complete(job: &Job) -> bool {
    let over = |shard: &Shard| matches!(shard.state, ShardState::Done(_) | ShardState::Excluded(_));
    job.stages.len() >= job.row.leased_stages() && job.shards().all(over)
}

/// Ends all leases, and tells all who wait.
fn give_up(d: &mut Draft<'_>, job: &Job) {
    let id = &job.row.job;
    for shard in job.shards().filter(|shard| shard.leases().next().is_some()) {
        for live in shard.leases() {
            d.end_lease(&shard.id, live.row.attempt);
        }
        d.put_shard(shard);
    }
    wake_all(d, job);
    d.note(Note::Forsaken(id.clone()));
}

/// Everybody who waits for something of this job asks again.
pub(crate) fn wake_all(d: &mut Draft<'_>, job: &Job) {
    let id = &job.row.job;
    for key in d.state.flights.keys().filter(|k| k.job() == id) {
        if let EffectKey::Receipt(shard, round) = key {
            d.wake(WaitFor::Receipt(shard.clone(), *round));
        }
    }
    for on in [WaitFor::Claim, WaitFor::Rounds, WaitFor::Accept, WaitFor::Outcome] {
        d.wake(on(id.clone()));
    }
}

pub(crate) fn listed(d: &mut Draft<'_>, id: &JobId, foreign: &[String]) {
    d.land(EffectKey::List(id.clone()));
    let Some(job) = d.state.jobs.get(id) else { return };
    if !matches!(job.row.phase, Phase::Checking(_)) {
        return;
    }
    if let Some(first) = foreign.first() {
        let failure = foreign_object(job, first);
        return d.then(Step::Hold { job: id.clone(), hold: Hold::Foreign, failure });
    }
    d.go(job, Phase::Publishing(Publishing {}));
}

fn foreign_object(job: &Job, name: &str) -> Failure {
    let text = format!("{name:?} in the output was not written by this job");
    Failure::new(publish::FOREIGN_OBJECT, text).at_uri(&job.row.output_uri).at_item(name)
}

/// The shard, if this is the round it is in and its receipt still waits.
fn waiting<'a>(d: &mut Draft<'a>, id: &ShardId, round: u32) -> Option<(&'a Job, &'a Shard)> {
    d.land(EffectKey::Publish(id.clone(), round));
    let (job, shard) = d.find(id)?;
    (shard.round == round && shard.is_unpublished()).then_some((job, shard))
}

pub(crate) fn shard_published(d: &mut Draft<'_>, id: &ShardId, round: u32) {
    if let Some((_, shard)) = waiting(d, id, round) {
        let mut next = shard.clone();
        if next.publish().is_ok() {
            d.put_shard(&next);
            d.event(Some(&id.job), What::Published { stage: id.stage, shard: id.shard });
        }
    }
    d.advance(&id.job);
}

/// A lost upload reopens its shard; unless others of it are visible, for then no round may be opened any more.
pub(crate) fn upload_lost(d: &mut Draft<'_>, id: &ShardId, round: u32, name: &str, partly_published: bool) {
    let Some((job, _)) = waiting(d, id, round) else { return d.advance(&id.job) };
    d.event(Some(&id.job), What::UploadLost { stage: id.stage, shard: id.shard, name: name.to_owned() });
    if partly_published {
        let text = format!("the upload of {name:?} is gone, other partitions of shard {id} are visible");
        let failure = Failure::new(publish::PARTLY_PUBLISHED, text).at_uri(&job.row.output_uri).at_item(name);
        d.then(Step::Hold { job: id.job.clone(), hold: Hold::Publish, failure });
    } else {
        d.note(Note::UploadLost(id.clone()));
    }
    d.advance(&id.job);
}

pub(crate) fn ended_elsewhere(d: &mut Draft<'_>, id: &ShardId, round: u32) {
    if waiting(d, id, round).is_some() {
        d.behind(&id.job, None);
    }
}

pub(crate) fn shard_foreign(d: &mut Draft<'_>, id: &ShardId, round: u32, name: &str, of_this_job: bool) {
    if let Some((job, _)) = waiting(d, id, round) {
        let failure = foreign_object(job, name);
        if of_this_job {
            let met = Met { hold: Hold::Foreign, failure: Box::new(failure) };
            return d.behind(&id.job, Some(met));
        }
        d.then(Step::Hold { job: id.job.clone(), hold: Hold::Foreign, failure });
    }
    d.advance(&id.job);
}

pub(crate) fn catalog_stored(d: &mut Draft<'_>, id: &JobId) {
    d.land(EffectKey::Catalog(id.clone()));
    let Some(job) = d.state.jobs.get(id) else { return };
    if matches!(job.row.phase, Phase::Cataloguing(_)) {
        d.note(Note::Forsaken(id.clone()));
        d.go(job, Phase::Done(Done { swept: false }));
    }
}

pub(crate) fn catalog_differs(d: &mut Draft<'_>, id: &JobId) {
    d.land(EffectKey::Catalog(id.clone()));
    let text = "the catalog that is there does not list what the receipts say";
    let failure = Failure::new(publish::CATALOG_DIFFERS, text);
    d.then(Step::Hold { job: id.clone(), hold: Hold::Bug, failure });
}

pub(crate) fn aborted(d: &mut Draft<'_>, shard: &ShardId, round: u32) {
    d.land(EffectKey::Abort(shard.clone(), round));
}

pub(crate) fn swept(d: &mut Draft<'_>, id: &JobId) {
    d.land(EffectKey::Sweep(id.clone()));
    let Some(job) = d.state.jobs.get(id) else { return };
    let phase = match job.row.phase.clone() {
        Phase::Done(_) => Phase::Done(Done { swept: true }),
        Phase::Cancelled(x) => Phase::Cancelled(Cancelled { swept: true, ..x }),
        Phase::Failed(x) => Phase::Failed(Failed { swept: true, ..x }),
        _ => return,
    };
    d.put_job(JobRow { phase, ..job.row.clone() });
}
