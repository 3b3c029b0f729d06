//! A decision while it is being made.

use crate::{
    cause::{Ask, Cause},
    decision::{Answer, Decision, Note, Refusal, Reply, Step, WaitFor, Wake},
    effect::{Effect, EffectKey, Met},
    event::{Event, What},
    phase::Phase,
    record::{Key, Record},
    rows::{JobRow, LeaseRow},
    state::{Job, Shard, State},
};
use tarquet_common::{
    clock::Millis,
    codes::cluster,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId},
};

/// A decision while it is being made. Every row is written at most once in one draft: what needs two steps
/// goes through [`Draft::then`], so that the second sees the first.
pub(crate) struct Draft<'a> {
    pub(crate) state: &'a State,
    pub(crate) now: Millis,
    /// So much time passed unheard that leases are not judged now.
    pub(crate) stalled: bool,
    out: Decision,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(state: &'a State, now: Millis) -> Self {
        let out = Decision {
            records: Vec::new(),
            notes: Vec::new(),
            effects: Vec::new(),
            answer: Ok(Answer::DONE),
            wake: Vec::new(),
            events: Vec::new(),
            then: Vec::new(),
        };
        Self { state, now: now.max(state.now), stalled: false, out }
    }

    pub(crate) fn finish(mut self, answer: Result<Answer, Refusal>) -> Decision {
        self.out.answer = answer;
        self.out
    }

    /// Takes the time; after a stall all leases get one fresh lifetime before expiry is judged.
    pub(crate) fn clock(&mut self, cause: Cause<'_>) {
        let unix_ms = match cause {
            Cause::Ask(Ask::Start { unix_ms } | Ask::Tick { unix_ms }) => Some(*unix_ms),
            Cause::Ask(_) | Cause::Outcome(_) | Cause::Step(_) => None,
        };
        self.note(Note::Clock { now: self.now, unix_ms });
        let silence = self.now - self.state.now;
        let ttl = self.state.settings.lease_ttl_ms;
        let leases = self.state.deadlines.len();
        if silence > ttl / 3 && leases > 0 && !matches!(cause, Cause::Ask(Ask::Start { .. })) {
            self.stalled = true;
            self.note(Note::FreshLifetime { deadline: self.now.saturating_add(ttl) });
            self.event(None, What::Stalled { for_ms: silence, leases });
        }
    }

    pub(crate) fn unix_ms(&self) -> u64 {
        self.state.unix_at(self.now)
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.out.notes.push(note);
    }

    pub(crate) fn record(&mut self, record: Record) {
        self.out.records.push(record);
    }

    pub(crate) fn put_job(&mut self, row: JobRow) {
        self.record(Record::Job(Box::new(row)));
    }

    pub(crate) fn put_shard(&mut self, shard: &Shard) {
        self.record(Record::Shard(Box::new(shard.row())));
    }

    pub(crate) fn put_lease(&mut self, row: LeaseRow) {
        self.record(Record::Lease(Box::new(row)));
    }

    /// Ends a lease. The shard's row has to be put as well: it alone remembers the attempt from now on.
    pub(crate) fn end_lease(&mut self, shard: &ShardId, attempt: AttemptId) {
        self.record(Record::Gone(Key::Lease(shard.clone(), attempt)));
    }

    pub(crate) fn event(&mut self, job: Option<&JobId>, what: What) {
        let at_unix_ms = self.unix_ms();
        self.out.events.push(Event { at_unix_ms, job: job.cloned(), what });
    }

    pub(crate) fn then(&mut self, step: Step) {
        self.out.then.push(step);
    }

    pub(crate) fn advance(&mut self, job: &JobId) {
        self.then(Step::Advance(job.clone()));
    }

    /// Another coordinator is further with the job than its rows here are: nothing may follow from them any more, until they
    /// are what the objects say.
    pub(crate) fn behind(&mut self, job: &JobId, met: Option<Met>) {
        self.note(Note::Behind(job.clone()));
        self.start(Effect::Compare { job: job.clone(), met });
    }

    /// Starts an effect unless one of its name is in flight.
    pub(crate) fn start(&mut self, effect: Effect) {
        let key = effect.key();
        let started = self.out.effects.iter().any(|e| e.key() == key);
        if !started && !self.state.in_flight(&key) {
            self.start_again(effect);
        }
    }

    /// Starts an effect whose delay is over.
    pub(crate) fn start_again(&mut self, effect: Effect) {
        self.note(Note::Started(Box::new(effect.clone())));
        self.out.effects.push(effect);
    }

    pub(crate) fn land(&mut self, key: EffectKey) {
        self.note(Note::Landed(key));
    }

    /// Wakes callers; their asks are decided again.
    pub(crate) fn wake(&mut self, on: WaitFor) {
        self.out.wake.push(Wake { on, answer: None });
    }

    /// Wakes callers with their answer.
    pub(crate) fn wake_with(&mut self, on: WaitFor, answer: Result<Reply, Refusal>) {
        self.out.wake.push(Wake { on, answer: Some(answer) });
    }

    /// The job that somebody asks about.
    pub(crate) fn job(&self, job: &JobId) -> Result<&'a Job, Refusal> {
        let unknown = || Failure::new(cluster::UNKNOWN_JOB, format!("there is no job {job} here"));
        Ok(self.state.jobs.get(job).ok_or_else(unknown)?)
    }

    /// The shard that somebody asks about, and its job.
    pub(crate) fn shard(&self, shard: &ShardId) -> Result<(&'a Job, &'a Shard), Refusal> {
        let job = self.job(&shard.job)?;
        let unknown = || Failure::new(cluster::UNKNOWN_SHARD, format!("the job has no shard {shard}"));
        Ok((job, job.shard(shard.stage, shard.shard).ok_or_else(unknown)?))
    }

    /// The shard of an outcome or a step, and its job, if both are still there.
    pub(crate) fn find(&self, shard: &ShardId) -> Option<(&'a Job, &'a Shard)> {
        let job = self.state.jobs.get(&shard.job)?;
        Some((job, job.shard(shard.stage, shard.shard)?))
    }

    /// Puts the job in another phase and looks what it needs there.
    pub(crate) fn go(&mut self, job: &Job, phase: Phase) {
        let mut row = job.row.clone();
        self.move_to(&mut row, phase);
        self.put_job(row);
        self.advance(&job.row.job);
    }

    /// Moves a row to another phase and says so. The row still has to be put.
    pub(crate) fn move_to(&mut self, row: &mut JobRow, phase: Phase) {
        let (from, to) = (row.phase.name(), phase.name());
        debug_assert!(from.may_become(to), "{from} may not become {to}");
        let stage = match &phase {
            Phase::Planning(p) => Some(row.stage_name(p.stage).to_owned()),
            Phase::Running(r) => Some(row.stage_name(r.stage).to_owned()),
            _ => None,
        };
        if phase.is_over() {
            row.finished_unix_ms = Some(self.unix_ms());
        }
        row.phase = phase;
        self.event(Some(&row.job), What::Moved { from, to, stage });
    }
}
