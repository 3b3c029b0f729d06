//! From the outcome to the catalog.

use crate::{
    command::Command,
    decide::draft::Draft,
    decision::{Answer, Note, Reply, WaitFor},
    effect::EffectKey,
    event::What,
    phase::{Cancelled, Checking, Done, Failed, Hold, Phase, Publishing, Verdict},
    rows::{JobRow, ShardState},
    state::{Job, Shard},
};
use tarquet_common::{
    codes::publish,
    failure::Failure,
    ids::{JobId, ShardId},
};

/// The outcome object speaks, whoever wrote it.
pub(crate) fn outcome_stored(d: &mut Draft<'_>, id: &JobId, verdict: &Verdict) -> Answer {
    d.land(EffectKey::Outcome(id.clone()));
    let Ok(job) = d.job(id) else { return Reply::Done.into() };
    if !matches!(job.row.phase, Phase::Deciding(_)) {
        return Reply::Done.into();
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
        false => d.wake(WaitFor::Outcome(id.clone()), None),
    }
    d.move_to(&mut row, phase);
    d.put_job(row);
    d.advance(id);
    Reply::Done.into()
}

/// Ends all leases, and tells all who wait.
fn give_up(d: &mut Draft<'_>, job: &Job) {
    let id = &job.row.job;
    for shard in job.stages.iter().flat_map(|s| &s.shards) {
        for live in &shard.leases {
            d.end_lease(&shard.row.shard, live.row.attempt);
        }
        if !shard.leases.is_empty() {
            d.put_shard(shard.row.clone());
        }
    }
    wake_all(d, job);
    d.note(Note::Forsaken(id.clone()));
}

/// Everybody who waits for something of this job asks again.
pub(crate) fn wake_all(d: &mut Draft<'_>, job: &Job) {
    let id = &job.row.job;
    for key in d.state.flights.keys().filter(|k| k.job() == id) {
        if let EffectKey::Receipt(shard, round) = key {
            d.wake(WaitFor::Receipt(shard.clone(), *round), None);
        }
    }
    for on in [WaitFor::Claim, WaitFor::Rounds, WaitFor::Accept, WaitFor::Outcome] {
        d.wake(on(id.clone()), None);
    }
}

pub(crate) fn listed(d: &mut Draft<'_>, id: &JobId, foreign: &[String]) -> Answer {
    d.land(EffectKey::List(id.clone()));
    let Ok(job) = d.job(id) else { return Reply::Done.into() };
    if !matches!(job.row.phase, Phase::Checking(_)) {
        return Reply::Done.into();
    }
    if let Some(first) = foreign.first() {
        let failure = foreign_object(job, first);
        d.then(Command::Hold { job: id.clone(), hold: Hold::Foreign, failure });
        return Reply::Done.into();
    }
    let mut row = job.row.clone();
    d.move_to(&mut row, Phase::Publishing(Publishing {}));
    d.put_job(row);
    d.advance(id);
    Reply::Done.into()
}

fn foreign_object(job: &Job, name: &str) -> Failure {
    let text = format!("{name:?} in the output was not written by this job");
    Failure::new(publish::FOREIGN_OBJECT, text).at_uri(&job.row.output_uri).at_item(name)
}

/// The shard, if this is the round it is in and its receipt still waits.
fn waiting<'a>(d: &mut Draft<'a>, id: &ShardId, round: u32) -> Option<(&'a Job, &'a Shard)> {
    d.land(EffectKey::Publish(id.clone(), round));
    let (job, shard) = d.shard(id).ok()?;
    (shard.row.round == round && shard.is_unpublished()).then_some((job, shard))
}

pub(crate) fn shard_published(d: &mut Draft<'_>, id: &ShardId, round: u32) -> Answer {
    if let Some((_, shard)) = waiting(d, id, round) {
        let mut row = shard.row.clone();
        if let ShardState::Done { published, .. } = &mut row.state {
            *published = true;
        }
        d.put_shard(row);
        d.event(Some(&id.job), What::Published { stage: id.stage, shard: id.shard });
    }
    d.advance(&id.job);
    Reply::Done.into()
}

/// A lost upload reopens its shard; unless others of it are visible, for then no round may be opened any more.
pub(crate) fn upload_lost(
    d: &mut Draft<'_>,
    id: &ShardId,
    round: u32,
    name: &str,
    partly_published: bool,
) -> Answer {
    let Some((job, _)) = waiting(d, id, round) else {
        d.advance(&id.job);
        return Reply::Done.into();
    };
    d.event(Some(&id.job), What::UploadLost { stage: id.stage, shard: id.shard, name: name.to_owned() });
    if partly_published {
        let text = format!("the upload of {name:?} is gone, other partitions of shard {id} are visible");
        let failure = Failure::new(publish::PARTLY_PUBLISHED, text).at_uri(&job.row.output_uri).at_item(name);
        d.then(Command::Hold { job: id.job.clone(), hold: Hold::Publish, failure });
    } else {
        d.note(Note::UploadLost(id.clone()));
    }
    d.advance(&id.job);
    Reply::Done.into()
}

pub(crate) fn shard_foreign(d: &mut Draft<'_>, id: &ShardId, round: u32, name: &str) -> Answer {
    if let Some((job, _)) = waiting(d, id, round) {
        let failure = foreign_object(job, name);
        d.then(Command::Hold { job: id.job.clone(), hold: Hold::Foreign, failure });
    }
    d.advance(&id.job);
    Reply::Done.into()
}

pub(crate) fn catalog_stored(d: &mut Draft<'_>, id: &JobId) -> Answer {
    d.land(EffectKey::Catalog(id.clone()));
    let Ok(job) = d.job(id) else { return Reply::Done.into() };
    if matches!(job.row.phase, Phase::Cataloguing(_)) {
        let mut row = job.row.clone();
        d.note(Note::Forsaken(id.clone()));
        d.move_to(&mut row, Phase::Done(Done { swept: false }));
        d.put_job(row);
        d.advance(id);
    }
    Reply::Done.into()
}

pub(crate) fn catalog_differs(d: &mut Draft<'_>, id: &JobId) -> Answer {
    d.land(EffectKey::Catalog(id.clone()));
    let text = "the catalog that is there does not list what the receipts say";
    let failure = Failure::new(publish::CATALOG_DIFFERS, text);
    d.then(Command::Hold { job: id.clone(), hold: Hold::Bug, failure });
    Reply::Done.into()
}

pub(crate) fn aborted(d: &mut Draft<'_>, shard: &ShardId, round: u32) -> Answer {
    d.land(EffectKey::Abort(shard.clone(), round));
    Reply::Done.into()
}

pub(crate) fn swept(d: &mut Draft<'_>, id: &JobId) -> Answer {
    d.land(EffectKey::Sweep(id.clone()));
    let Ok(job) = d.job(id) else { return Reply::Done.into() };
    let phase = match job.row.phase.clone() {
        Phase::Done(_) => Phase::Done(Done { swept: true }),
        Phase::Cancelled(x) => Phase::Cancelled(Cancelled { swept: true, ..x }),
        Phase::Failed(x) => Phase::Failed(Failed { swept: true, ..x }),
        _ => return Reply::Done.into(),
    };
    d.put_job(JobRow { phase, ..job.row.clone() });
    Reply::Done.into()
}
