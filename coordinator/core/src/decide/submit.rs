//! A job begins: its claim, its generation; and its row's end.

use crate::{
    command::Submit,
    decide::draft::Draft,
    decision::{Answer, Note, Reply, WaitFor},
    effect::EffectKey,
    event::What,
    phase::{Claiming, Phase, Planning},
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

pub(crate) fn submit(d: &mut Draft<'_>, ask: &Submit) -> Answer {
    if let Some(job) = d.state.tokens.get(&ask.token) {
        let claiming = matches!(d.state.jobs[job].row.phase, Phase::Claiming(_));
        return match claiming {
            true => Answer::Wait(WaitFor::Claim(job.clone())),
            false => Reply::Submitted { job: job.clone(), known: true }.into(),
        };
    }
    if let Err(failure) = fit(d, ask) {
        return failure.into();
    }
    d.put_job(row_of(ask));
    d.note(Note::Compared(ask.job.clone()));
    d.event(Some(&ask.job), What::Submitted { name: ask.name.clone(), kind: ask.kind.clone() });
    d.advance(&ask.job);
    Answer::Wait(WaitFor::Claim(ask.job.clone()))
}

pub(crate) fn fit(d: &Draft<'_>, ask: &Submit) -> Result<(), Failure> {
    let stages = ask.stages.len();
    if !(2..=STAGES_MAX).contains(&stages) || ask.stages.last().is_none_or(|last| last != "publish") {
        let text = format!("kind {} brings the stages {:?}", ask.kind, ask.stages);
        return Err(Failure::new(cluster::BAD_STAGES, text));
    }
    if d.state.jobs.contains_key(&ask.job) {
        return Err(Failure::new(cluster::NOT_NOW, format!("job {} is there under another token", ask.job)));
    }
    Ok(())
}

/// A job before anything happened to it.
pub(crate) fn row_of(ask: &Submit) -> JobRow {
    JobRow {
        job: ask.job.clone(),
        token: ask.token.clone(),
        name: ask.name.clone(),
        kind: ask.kind.clone(),
        stages: ask.stages.clone(),
        job_uri: ask.job_uri.clone(),
        output_uri: ask.output_uri.clone(),
        spec: ask.spec.clone(),
        options: ask.options.clone(),
        phase: Phase::Claiming(Claiming {}),
        paused: false,
        generation: 0,
        rounds: 0,
        accepts: 0,
        outcome: None,
        submitted_unix_ms: ask.submitted_unix_ms,
        finished_unix_ms: None,
    }
}

pub(crate) fn claim_stored(d: &mut Draft<'_>, id: &JobId) -> Answer {
    d.land(EffectKey::Claim(id.clone()));
    let Some(job) = claiming(d, id) else { return Reply::Done.into() };
    let mut row = job.row.clone();
    d.move_to(&mut row, Phase::Planning(Planning { stage: 0 }));
    d.put_job(row);
    d.wake(WaitFor::Claim(id.clone()), Some(Reply::Submitted { job: id.clone(), known: false }.into()));
    d.advance(id);
    Reply::Done.into()
}

pub(crate) fn claim_taken(d: &mut Draft<'_>, id: &JobId, by: &JobId) -> Answer {
    if id == by {
        return claim_stored(d, id);
    }
    let text = format!("job {by} has claimed the output");
    claim_refused(d, id, Failure::new(publish::OUTPUT_CLAIMED, text))
}

pub(crate) fn claim_refused(d: &mut Draft<'_>, id: &JobId, failure: Failure) -> Answer {
    d.land(EffectKey::Claim(id.clone()));
    let Some(job) = claiming(d, id) else { return Reply::Done.into() };
    d.note(Note::Forsaken(id.clone()));
    d.record(Record::Gone(Key::Job(id.clone())));
    let failure = failure.at_uri(&job.row.output_uri);
    d.wake(WaitFor::Claim(id.clone()), Some(failure.into()));
    Reply::Done.into()
}

fn claiming<'a>(d: &Draft<'a>, id: &JobId) -> Option<&'a Job> {
    d.state.jobs.get(id).filter(|j| matches!(j.row.phase, Phase::Claiming(_)))
}

pub(crate) fn generation_raised(d: &mut Draft<'_>, id: &JobId, generation: u32) -> Answer {
    d.land(EffectKey::Generation(id.clone()));
    let Ok(job) = d.job(id) else { return Reply::Done.into() };
    if generation > job.row.generation {
        d.put_job(JobRow { generation, ..job.row.clone() });
        d.note(Note::GenerationReady(id.clone()));
    }
    d.advance(id);
    Reply::Done.into()
}

/// Rows go from the leaves to the root, so that a ledger cut short holds no orphan.
pub(crate) fn remove_rows(d: &mut Draft<'_>, job: &Job) {
    let mut rows = crate::state::below(job);
    rows.reverse();
    rows.into_iter().for_each(|r| d.record(Record::Gone(r.row())));
    d.record(Record::Gone(Key::Job(job.row.job.clone())));
}

pub(crate) fn forget(d: &mut Draft<'_>, id: &JobId) -> Answer {
    let job = match d.job(id) {
        Ok(job) => job,
        Err(failure) => return failure.into(),
    };
    if !job.row.phase.is_over() {
        let text = format!("job {id} is not over");
        return Failure::new(cluster::NOT_NOW, text).with_hint("Cancel it first, or wait for it.").into();
    }
    d.note(Note::Forsaken(id.clone()));
    remove_rows(d, job);
    Reply::Done.into()
}
