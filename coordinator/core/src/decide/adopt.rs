//! A job is rebuilt from what the store says of it.
//!
//! The objects are the truth and the rows are the copy: where the store knows more than the rows, all rows of the job
//! are replaced. No shard with a receipt is done again. What is lost with the rows: charges, suspects, pause and
//! priority of a job that was not known at all, and leases (their workers are adopted when they speak).

use crate::{
    decide::{draft::Draft, plan::put_stage, publish, submit},
    decision::{Answer, Note, Refusal, Reply, Step, WaitFor},
    effect::{Effect, EffectKey},
    event::What,
    objects::{RoundEnd, Snapshot, Verdict},
    phase::{Cancelled, Checking, Claiming, Done, Failed, Hold, Phase, Planning, Running},
    record::Record,
    rows::{JobRow, cover},
    state::{self, Excluded, Job, Shard, ShardState},
};
use std::{collections::BTreeMap, sync::Arc};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::{JobId, ShardId},
    receipt::Receipt,
};

type Place = (u8, u32);

/// What the store says of shards.
struct Facts<'s> {
    rounds: BTreeMap<Place, u32>,
    receipts: BTreeMap<(Place, u32), &'s Arc<Receipt>>,
    excluded: BTreeMap<Place, &'s Failure>,
}

pub(crate) fn adopt(d: &mut Draft<'_>, snapshot: &Snapshot) -> Result<Answer, Refusal> {
    let id = &snapshot.submit.job;
    let known = d.state.jobs.get(id);
    check(d, snapshot, known)?;
    let facts = gather(snapshot);
    if known.is_some_and(|job| !ahead(job, snapshot, &facts)) {
        compared(d, id);
        return Ok(Reply::Adopted { rebuilt: false }.into());
    }
    let held = known.filter(|job| matches!(job.row.phase, Phase::Held(_)));
    if held.is_some_and(|job| !has_news(job, snapshot, &facts)) {
        // Another start, whose number is its own. What the job is held for stands in the rows alone.
        compared(d, id);
        return Ok(Reply::Adopted { rebuilt: false }.into());
    }
    if let Some(job) = known {
        // Whoever waits for something of this job asks the rebuilt one again.
        publish::wake_all(d, job);
        submit::remove_rows(d, job);
    }
    d.note(Note::Forsaken(id.clone()));
    let row = rebuilt_row(d, snapshot, known);
    let all_visible = matches!(row.phase, Phase::Done(_));
    d.put_job(row);
    for plan in &snapshot.plans {
        put_stage(d, id, plan, snapshot.submit.submitted_unix_ms);
        for (number, record) in (0u32..).zip(&plan.shards) {
            let shard = ShardId { job: id.clone(), stage: plan.stage, shard: number };
            put_shard(d, Shard::planned(shard, record.clone(), d.now), &facts, all_visible);
        }
    }
    d.event(Some(id), What::Adopted { receipts: facts.receipts.len(), rebuilt: known.is_some() });
    compared(d, id);
    Ok(Reply::Adopted { rebuilt: true }.into())
}

/// The objects were read again. If they say nothing new, what was met is trouble.
pub(crate) fn compared_again(d: &mut Draft<'_>, snapshot: &Snapshot) {
    let id = &snapshot.submit.job;
    let key = EffectKey::Compare(id.clone());
    let met = d.state.flights.get(&key).and_then(|flight| match &flight.effect {
        Effect::Compare { met, .. } => met.clone(),
        _ => None,
    });
    d.land(key);
    let Some(job) = d.state.jobs.get(id).filter(|job| !job.row.phase.is_over()) else { return };
    let news = ahead(job, snapshot, &gather(snapshot));
    match (adopt(d, snapshot), met) {
        (Ok(_), Some(met)) if !news => {
            let (job, hold, failure) = (id.clone(), met.hold, *met.failure);
            d.then(Step::Hold { job, hold, failure });
        }
        (Err(Refusal::Because(failure)), _) => {
            compared(d, id);
            d.then(Step::Hold { job: id.clone(), hold: Hold::Bug, failure: *failure });
        }
        (Ok(_) | Err(_), _) => {}
    }
}

/// The rows cannot be behind objects that are not there.
pub(crate) fn nothing_stored(d: &mut Draft<'_>, id: &JobId) -> Result<Answer, Refusal> {
    compared(d, id);
    Ok(Answer::DONE)
}

/// Why the job cannot be compared with its objects yet: for who asks what it waits for.
pub(crate) fn unread(d: &mut Draft<'_>, id: &JobId, failure: &Failure) -> Result<Answer, Refusal> {
    d.note(Note::Unread { job: id.clone(), failure: Box::new(failure.clone()) });
    Ok(Answer::DONE)
}

/// The job may go on, and whoever waited for that asks again.
fn compared(d: &mut Draft<'_>, id: &JobId) {
    d.note(Note::Compared(id.clone()));
    d.wake(WaitFor::Compared(id.clone()));
    d.advance(id);
}

/// Plans are contiguous and every receipt has its shard.
fn check(d: &Draft<'_>, snapshot: &Snapshot, known: Option<&Job>) -> Result<(), Refusal> {
    if known.is_none() {
        submit::fit(d, &snapshot.submit)?;
    }
    let bad = |what: String| {
        Err(Failure::new(cluster::UNKNOWN_SHARD, what).at_uri(&snapshot.submit.job_uri).into())
    };
    let leased = snapshot.submit.stages.len().saturating_sub(1);
    let in_order = (0u8..).zip(&snapshot.plans).all(|(n, p)| n == p.stage);
    if !in_order || snapshot.plans.len() > leased {
        return bad("the store holds plans of stages that are not the first ones of this job".to_owned());
    }
    if snapshot.plans.iter().any(|p| u32::try_from(p.shards.len()).is_err()) {
        return bad("the store holds a plan with more shards than can be numbered".to_owned());
    }
    for end in &snapshot.ends {
        let (id, _) = end.round();
        let plan = snapshot.plans.get(usize::from(id.stage));
        if id.job != snapshot.submit.job || plan.is_none_or(|p| id.shard as usize >= p.shards.len()) {
            return bad(format!("the store holds a receipt of {id}, which no plan has"));
        }
    }
    Ok(())
}

fn gather(snapshot: &Snapshot) -> Facts<'_> {
    let mut facts = Facts { rounds: BTreeMap::new(), receipts: BTreeMap::new(), excluded: BTreeMap::new() };
    for reopen in snapshot.rounds.iter().flat_map(|r| &r.shards) {
        let round = facts.rounds.entry((reopen.stage, reopen.shard)).or_default();
        *round = reopen.round.max(*round);
    }
    for end in &snapshot.ends {
        let (id, round) = end.round();
        let place = (id.stage, id.shard);
        // A round that is over without a receipt opens the next, whether the object that opens it is there yet or not.
        let opened = match end {
            RoundEnd::Void(_) => round.saturating_add(1),
            RoundEnd::Receipt(_) | RoundEnd::Excluded { .. } => round,
        };
        let newest = facts.rounds.entry(place).or_default();
        *newest = opened.max(*newest);
        match end {
            RoundEnd::Receipt(receipt) => drop(facts.receipts.insert((place, round), receipt)),
            RoundEnd::Excluded { failure, .. } => drop(facts.excluded.insert(place, failure)),
            RoundEnd::Void(_) => {}
        }
    }
    for accept in &snapshot.accepts {
        let excluded = accept.excluded.iter().map(|(shard, failure)| ((accept.stage, *shard), failure));
        facts.excluded.extend(excluded);
    }
    facts
}

/// The store knows something that the rows do not.
fn ahead(job: &Job, snapshot: &Snapshot, facts: &Facts<'_>) -> bool {
    snapshot.generation > job.row.generation || has_news(job, snapshot, facts)
}

/// It knows of more than another start.
fn has_news(job: &Job, snapshot: &Snapshot, facts: &Facts<'_>) -> bool {
    let row = &job.row;
    let claimed = snapshot.claimed && matches!(row.phase, Phase::Claiming(_));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let later = |(place, round): (&Place, &u32)| job.shard(place.0, place.1).is_none_or(|s| *round > s.round);
    let gone = |place: &Place| {
        let shard = job.shard(place.0, place.1);
        shard.is_none_or(|s| !matches!(s.state, ShardState::Excluded(_)))
    };
    let newer = |(&(place, round), receipt): (&(Place, u32), &&Arc<Receipt>)| {
        job.shard(place.0, place.1).is_none_or(|s| {
            let known = s.receipt().filter(|r| r.round == round);
            round > s.round || (round == s.round && known.is_none_or(|k| k.attempt != receipt.attempt))
        })
    };
    claimed
        || snapshot.plans.len() > job.stages.len()
        || count(snapshot.rounds.len()) > row.rounds
        || count(snapshot.accepts.len()) > row.accepts
        || accepted(snapshot) != row.accepted
        || (snapshot.outcome.is_some() && row.outcome != snapshot.outcome)
        || (snapshot.catalog && !row.phase.is_over())
        || facts.rounds.iter().any(later)
        || facts.excluded.keys().any(gone)
        || facts.receipts.iter().any(newer)
}

fn accepted(snapshot: &Snapshot) -> BTreeMap<u8, u64> {
    snapshot.accepts.iter().fold(BTreeMap::new(), cover)
}

fn rebuilt_row(d: &Draft<'_>, snapshot: &Snapshot, known: Option<&Job>) -> JobRow {
    let mut row = JobRow::submitted(&snapshot.submit);
    if let Some(job) = known {
        row.paused = job.row.paused;
        row.options = job.row.options.clone();
    }
    row.generation = snapshot.generation.max(known.map_or(0, |j| j.row.generation));
    row.rounds = snapshot.rounds.iter().map(|r| r.number).max().unwrap_or(0);
    row.accepts = snapshot.accepts.iter().map(|a| a.number).max().unwrap_or(0);
    row.accepted = accepted(snapshot);
    row.outcome = snapshot.outcome.clone();
    row.phase = phase_of(snapshot);
    if row.phase.is_over() {
        row.finished_unix_ms = Some(d.unix_ms());
    }
    row
}

fn phase_of(snapshot: &Snapshot) -> Phase {
    match (&snapshot.outcome, snapshot.plans.last()) {
        (Some(Verdict::Cancel { reason }), _) => {
            Phase::Cancelled(Cancelled { reason: reason.clone(), swept: false })
        }
        (Some(Verdict::Fail { failure }), _) => {
            Phase::Failed(Failed { failure: failure.clone(), swept: false })
        }
        (Some(Verdict::Publish), _) if snapshot.catalog => Phase::Done(Done { swept: false }),
        (Some(Verdict::Publish), _) => Phase::Checking(Checking {}),
        (None, Some(plan)) => Phase::Running(Running { stage: plan.stage }),
        (None, None) if snapshot.claimed => Phase::Planning(Planning { stage: 0 }),
        (None, None) => Phase::Claiming(Claiming {}),
    }
}

fn put_shard(d: &mut Draft<'_>, mut shard: Shard, facts: &Facts<'_>, published: bool) {
    let place = shard.place();
    shard.round = facts.rounds.get(&place).copied().unwrap_or(0);
    if let Some(receipt) = facts.receipts.get(&(place, shard.round)) {
        let receipt = Arc::clone(receipt);
        shard.history.newest = Some(receipt.attempt);
        shard.history.attempts = 1;
        let done = state::Done { receipt: Arc::clone(&receipt), published, took_ms: 0 };
        shard.state = ShardState::Done(done);
        d.put_shard(&shard);
        d.record(Record::Receipt(receipt));
        return;
    }
    if let Some(failure) = facts.excluded.get(&place) {
        shard.state = ShardState::Excluded(Excluded { failure: Box::new((*failure).clone()) });
    }
    d.put_shard(&shard);
}
