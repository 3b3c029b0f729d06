//! A job begins: its claim, its generation; and its row's end.

use crate::{
    decide::draft::Draft,
    decision::{Answer, Note, Refusal, Reply, WaitFor},
    effect::EffectKey,
    event::What,
    objects::Submit,
    phase::{Phase, Planning},
    record::{Key, Record},
    rows::JobRow,
    state::Job,
};
use tarquet_common::{
    codes::{cluster, publish},
    failure::Failure,
    ids::JobId,
};

/// The engine numbers stages in a byte.
const STAGES_MAX: usize = 250;

pub(crate) fn submit(d: &mut Draft<'_>, ask: &Submit) -> Result<Answer, Refusal> {
    if let Some(job) = d.state.tokens.get(&ask.token) {
        let claiming = matches!(d.state.jobs[job].row.phase, Phase::Claiming(_));
        return Ok(match claiming {
            true => Answer::Wait(WaitFor::Claim(job.clone())),
            false => Reply::Submitted { job: job.clone(), known: true }.into(),
        });
    }
    fit(d, ask)?;
    d.put_job(JobRow::submitted(ask));
    d.note(Note::Compared(ask.job.clone()));
    d.event(Some(&ask.job), What::Submitted { name: ask.name.clone(), kind: ask.kind.clone() });
    d.advance(&ask.job);
    Ok(Answer::Wait(WaitFor::Claim(ask.job.clone())))
}

/// Whether the engine can run it.
pub(crate) fn fit(d: &Draft<'_>, ask: &Submit) -> Result<(), Refusal> {
    let stages = ask.stages.len();
    if !(2..=STAGES_MAX).contains(&stages) || ask.stages.last().is_none_or(|last| last != "publish") {
        let text = format!("kind {} brings the stages {:?}", ask.kind, ask.stages);
        return Err(Failure::new(cluster::BAD_STAGES, text).into());
    }
    if d.state.jobs.contains_key(&ask.job) {
        let text = format!("job {} is there under another token", ask.job);
        return Err(Failure::new(cluster::NOT_NOW, text).into());
    }
    Ok(())
}

pub(crate) fn claim_stored(d: &mut Draft<'_>, id: &JobId) {
    d.land(EffectKey::Claim(id.clone()));
    // A cancel waits until no claim can be written any more.
    let Some(job) = claiming(d, id) else { return d.advance(id) };
    d.wake_with(WaitFor::Claim(id.clone()), Ok(Reply::Submitted { job: id.clone(), known: false }));
    d.go(job, Phase::Planning(Planning { stage: 0 }));
}

pub(crate) fn claim_taken(d: &mut Draft<'_>, id: &JobId, by: &JobId) {
    if id == by {
        return claim_stored(d, id);
    }
    let text = format!("job {by} has claimed the output");
    claim_refused(d, id, Failure::new(publish::OUTPUT_CLAIMED, text));
}

pub(crate) fn claim_refused(d: &mut Draft<'_>, id: &JobId, failure: Failure) {
    d.land(EffectKey::Claim(id.clone()));
    let Some(job) = claiming(d, id) else { return d.advance(id) };
    d.note(Note::Forsaken(id.clone()));
    d.record(Record::Gone(Key::Job(id.clone())));
    let failure = failure.at_uri(&job.row.output_uri);
    d.wake_with(WaitFor::Claim(id.clone()), Err(failure.into()));
}

fn claiming<'a>(d: &Draft<'a>, id: &JobId) -> Option<&'a Job> {
    d.state.jobs.get(id).filter(|j| matches!(j.row.phase, Phase::Claiming(_)))
}

pub(crate) fn generation_raised(d: &mut Draft<'_>, id: &JobId, generation: u32) {
    d.land(EffectKey::Generation(id.clone()));
    let Some(job) = d.state.jobs.get(id) else { return };
    if generation > job.row.generation {
        d.put_job(JobRow { generation, ..job.row.clone() });
        d.note(Note::GenerationReady(id.clone()));
        d.wake(WaitFor::Compared(id.clone()));
    }
    d.advance(id);
}

/// Rows go from the leaves to the root, so that a ledger cut short holds no orphan.
pub(crate) fn remove_rows(d: &mut Draft<'_>, job: &Job) {
    let mut rows = crate::state::below(job);
    rows.reverse();
    rows.into_iter().for_each(|r| d.record(Record::Gone(r.row())));
    d.record(Record::Gone(Key::Job(job.row.job.clone())));
}

pub(crate) fn forget(d: &mut Draft<'_>, id: &JobId) -> Result<Answer, Refusal> {
    let job = d.job(id)?;
    if !job.row.phase.is_over() {
        let failure = Failure::new(cluster::NOT_NOW, format!("job {id} is not over"));
        return Err(failure.with_hint("Cancel it first, or wait for it.").into());
    }
    if !job.row.phase.is_swept() {
        let text = format!("what job {id} left in the store is being removed");
        let failure = Failure::new(cluster::NOT_NOW, text);
        return Err(failure
            .with_hint("Try again in a while; `tarquet status JOB` says what it waits for.")
            .into());
    }
    d.note(Note::Forsaken(id.clone()));
    remove_rows(d, job);
    Ok(Answer::DONE)
}
