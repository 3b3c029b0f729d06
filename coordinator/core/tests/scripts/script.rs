//! A script drives the core by hand and writes down what follows: `>` what is told, `=` the answer, `*` events, `~`
//! effects, which the store performs at once unless they are kept.

use crate::{
    given::{plan, seal},
    store::{Made, Store},
};
use std::{collections::BTreeMap, path::Path};
use tarquet_common::{
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::{Acquire, Complete, Fail, Goodbye, Lease, Progress, Register, Renew},
    receipt::{Artifact, Counts, Receipt},
    seal::Seal,
    store::StoreSettings,
};
use tarquet_core::{
    Answer, Ask, Cause, Decision, Effect, JobOptions, Outcome, Refusal, Reply, Settings, State, Submit,
    WaitFor, catalog, handle, views,
};

const UNIX: u64 = 1_700_000_000_000;

/// What a caller was told by the end.
pub type Said = Result<Reply, Refusal>;

pub struct Script {
    pub state: State,
    pub store: Store,
    pub now: u64,
    /// Shards of index, sample and convert; convert makes so many partitions a shard.
    pub shards: [u32; 3],
    pub partitions: u32,
    pub submit: Submit,
    /// Effects are not performed while this is set.
    pub keep: bool,
    pub kept: Vec<Effect>,
    pub leases: BTreeMap<String, Lease>,
    /// Who speaks in every worker's name, if it is not the worker.
    pub speaker: Option<&'static str>,
    parked: Vec<(WaitFor, u64, Ask)>,
    answers: BTreeMap<u64, Said>,
    calls: u64,
    requests: u64,
    told: String,
    parts: u64,
}

pub fn job_id(number: u64) -> JobId {
    JobId::from_parts(UNIX + number, 0)
}

pub fn options() -> JobOptions {
    JobOptions::default()
}

impl Script {
    pub fn new(shards: [u32; 3], options: JobOptions) -> Self {
        let submit = Submit {
            token: "token".to_owned(),
            job: job_id(0),
            name: "frames".to_owned(),
            kind: "simulated".to_owned(),
            item: tarquet_common::stage_plan::ItemWords::of("member", "members"),
            stages: ["index", "sample", "convert", "publish"].map(str::to_owned).to_vec(),
            job_uri: "mem://job".to_owned(),
            output_uri: "mem://out".to_owned(),
            store: StoreSettings::default(),
            spec: serde_json::Value::Null.into(),
            options,
            submitted_unix_ms: UNIX,
        };
        let settings = Settings { backoff_base_ms: 1_000, ..Settings::default() };
        let mut script = Self {
            state: State::new(settings),
            store: Store::default(),
            now: 1_000,
            shards,
            partitions: 1,
            submit,
            keep: false,
            kept: Vec::new(),
            leases: BTreeMap::new(),
            speaker: None,
            parked: Vec::new(),
            answers: BTreeMap::new(),
            calls: 0,
            requests: 0,
            told: String::new(),
            parts: 0,
        };
        script.tell(Ask::Start { unix_ms: UNIX });
        script.told.clear();
        script
    }

    /// Submits, registers worker `a` with four slots, and goes through index and sample without a word.
    pub fn at_convert(shards: u32, options: JobOptions) -> Self {
        let mut script = Self::new([0, 0, shards], options);
        script.submit();
        script.register("a");
        script.told.clear();
        script
    }

    /// The transcript so far, which begins anew.
    pub fn transcript(&mut self) -> String {
        std::mem::take(&mut self.told)
    }

    pub fn say(&mut self, line: &str) {
        self.told.push_str(line);
        self.told.push('\n');
    }

    pub fn job(&self) -> JobId {
        self.submit.job.clone()
    }

    pub fn shard(&self, stage: u8, shard: u32) -> ShardId {
        ShardId { job: self.job(), stage, shard }
    }

    /// One ask and all that comes of it; what the caller was told, if anything by then.
    pub fn tell(&mut self, ask: Ask) -> Option<Said> {
        self.calls += 1;
        let call = self.calls;
        self.tell_as(call, ask);
        self.answers.remove(&call)
    }

    fn tell_as(&mut self, call: u64, ask: Ask) {
        let decision = self.decide((&ask).into());
        match decision.answer.clone() {
            Ok(Answer::Wait(on)) => self.parked.push((on, call, ask)),
            Ok(Answer::Reply(reply)) => drop(self.answers.insert(call, Ok(reply))),
            Err(refusal) => drop(self.answers.insert(call, Err(refusal))),
        }
        self.let_out(decision);
    }

    /// The outcome of an effect and all that comes of it.
    pub fn land(&mut self, outcome: &Outcome) {
        let decision = self.decide(outcome.into());
        self.let_out(decision);
    }

    /// The decision is absorbed, and the rows are what a ledger would give back.
    fn decide(&mut self, cause: Cause<'_>) -> Decision {
        let decision = handle(&mut self.state, cause, self.now);
        let rows = self.state.rows().into_iter().map(|r| (r.key(), r.value().expect("a row has a value")));
        let again = State::load(self.state.settings().clone(), rows).expect("rows load");
        assert_eq!(again.rows(), self.state.rows(), "rows that do not read back");
        for event in &decision.events {
            self.say(&format!("  * {}", event.what));
        }
        decision
    }

    fn let_out(&mut self, decision: Decision) {
        for effect in decision.effects {
            self.perform(effect);
        }
        for wake in decision.wake.into_iter().filter(|w| w.on != WaitFor::Work) {
            let parked = std::mem::take(&mut self.parked);
            let (due, rest): (Vec<_>, Vec<_>) = parked.into_iter().partition(|(on, ..)| *on == wake.on);
            self.parked = rest;
            for (_, call, ask) in due {
                match wake.answer.clone() {
                    Some(said) => drop(self.answers.insert(call, said)),
                    None => self.tell_as(call, ask),
                }
            }
        }
    }

    pub fn perform(&mut self, effect: Effect) {
        if self.keep {
            self.say(&format!("  ~ {} is kept", effect.key().name()));
            return self.kept.push(effect);
        }
        self.perform_once(effect);
    }

    /// Performs an effect even when others are kept.
    pub fn perform_once(&mut self, effect: Effect) {
        self.say(&format!("  ~ {}", effect.key().name()));
        let (shards, partitions, submit) = (self.shards, self.partitions, self.submit.clone());
        let catalog = catalog(&self.state, &submit.job);
        let plan = |stage: u8| Ok(plan(stage, shards[usize::from(stage)], partitions));
        let outcome = self.store.perform(&effect, &submit, plan, catalog, &mut self.parts);
        self.land(&outcome);
    }

    pub fn let_go(&mut self) {
        self.keep = false;
        for effect in std::mem::take(&mut self.kept) {
            self.perform(effect);
        }
    }

    /// Asks under a heading, and writes down what is said.
    pub fn cmd(&mut self, heading: &str, ask: Ask) -> Option<Said> {
        self.say(&format!("> {heading}"));
        let said = self.tell(ask);
        let line = said.as_ref().map_or_else(|| "waits".to_owned(), say);
        self.say(&format!("  = {line}"));
        said
    }

    pub fn submit(&mut self) -> Option<Said> {
        self.cmd("submit", Ask::Submit(Box::new(self.submit.clone())))
    }

    pub fn register(&mut self, worker: &str) {
        self.register_with(worker, 1 << 30, "");
    }

    pub fn register_with(&mut self, worker: &str, slot_bytes: u64, build: &str) -> Option<Said> {
        let ask = Register {
            worker: WorkerId(worker.to_owned()),
            build: build.to_owned(),
            slots: 4,
            slot_bytes,
            shared_probe: None,
        };
        self.cmd(&format!("{worker} registers"), Ask::Register(ask, self.seal(worker)))
    }

    fn seal(&self, worker: &str) -> Seal {
        seal(self.speaker.unwrap_or(worker))
    }

    /// The lease is kept under `name`.
    pub fn acquire(&mut self, worker: &str, name: &str) -> Option<Said> {
        self.requests += 1;
        let ask = Acquire { worker: WorkerId(worker.to_owned()), request: self.requests, wait_ms: 0 };
        let answer = self.cmd(&format!("{worker} acquires {name}"), Ask::Acquire(ask, self.seal(worker)));
        self.parked.retain(|(on, ..)| *on != WaitFor::Work);
        if let Some(Ok(Reply::Leased(lease))) = &answer {
            self.leases.insert(name.to_owned(), lease.as_ref().clone());
        }
        answer
    }

    pub fn renew(&mut self, worker: &str, name: &str, bytes_done: u64) -> Option<Said> {
        self.renew_in(worker, name, bytes_done, "")
    }

    /// With the step that the attempt spends its time in.
    pub fn renew_in(&mut self, worker: &str, name: &str, bytes_done: u64, step: &str) -> Option<Said> {
        let lease = self.leases[name].clone();
        let ask = Renew {
            worker: WorkerId(worker.to_owned()),
            shard: lease.shard,
            round: lease.round,
            attempt: lease.attempt,
            progress: Progress { bytes_done, step: step.to_owned(), ..Progress::default() },
        };
        self.cmd(&format!("{worker} renews {name}"), Ask::Renew(ask, self.seal(worker)))
    }

    pub fn receipt(&mut self, worker: &str, name: &str, quarantined: u64) -> Receipt {
        let lease = self.leases[name].clone();
        let made = Made { shard: lease.shard.clone(), round: lease.round, attempt: lease.attempt };
        let first = lease.shard.shard * self.partitions;
        let count = if lease.shard.stage == 2 { self.partitions } else { 0 };
        let artifacts = (first..first + count).map(|partition| {
            let name = format!("part-{partition:05}.parquet");
            let upload_id = self.store.begin_upload("mem://out", &name, made.clone());
            Artifact {
                partition,
                name,
                upload_id,
                parts: Vec::new(),
                bytes: 1,
                crc64: String::new(),
                rows: 5,
            }
        });
        Receipt {
            artifacts: artifacts.collect(),
            shard: lease.shard,
            round: lease.round,
            attempt: lease.attempt,
            worker: WorkerId(worker.to_owned()),
            counts: Counts { items: 10, failed: quarantined, rows: 5, ..Counts::default() },
            sides: Vec::new(),
            skipped: lease.skip,
            output: serde_json::Value::Null,
        }
    }

    pub fn complete(&mut self, worker: &str, name: &str, quarantined: u64) -> Option<Said> {
        let receipt = self.receipt(worker, name, quarantined);
        self.hand_in(worker, name, receipt)
    }

    pub fn hand_in(&mut self, worker: &str, name: &str, receipt: Receipt) -> Option<Said> {
        let ask = Complete { worker: WorkerId(worker.to_owned()), receipt };
        self.cmd(&format!("{worker} completes {name}"), Ask::Complete(Box::new(ask), self.seal(worker)))
    }

    pub fn fail(&mut self, worker: &str, name: &str, failure: Failure, killer: Option<u32>) -> Option<Said> {
        let Lease { shard, round, attempt, .. } = self.leases[name].clone();
        let heading = format!("{worker} fails {name}: {}", failure.code);
        let ask = Fail { worker: WorkerId(worker.to_owned()), shard, round, attempt, failure, killer };
        self.cmd(&heading, Ask::Fail(Box::new(ask), self.seal(worker)))
    }

    pub fn goodbye(&mut self, worker: &str) -> Option<Said> {
        let ask = Goodbye { worker: WorkerId(worker.to_owned()), reason: "sigterm".to_owned() };
        self.cmd(&format!("{worker} says goodbye"), Ask::Goodbye(ask, self.seal(worker)))
    }

    /// Time passes, with a tick every second.
    pub fn wait(&mut self, ms: u64) {
        self.say(&format!("> {ms} ms pass"));
        let until = self.now + ms;
        while self.now < until {
            self.now = (self.now + 1_000).min(until);
            self.tell(Ask::Tick { unix_ms: UNIX + self.now });
        }
    }

    /// Nothing is handled for so long.
    pub fn stall(&mut self, ms: u64) {
        self.say(&format!("> nothing is handled for {ms} ms"));
        self.now += ms;
        self.tell(Ask::Tick { unix_ms: UNIX + self.now });
    }

    /// The process dies and comes back with its ledger, or with none.
    pub fn restart(&mut self, ledger: bool) {
        let settings = self.state.settings().clone();
        self.restart_as(ledger, settings);
    }

    pub fn restart_as(&mut self, ledger: bool, settings: Settings) {
        self.say(if ledger { "> restart" } else { "> restart without a ledger" });
        let rows = if ledger { self.state.rows() } else { Vec::new() };
        let rows = rows.into_iter().map(|r| (r.key(), r.value().expect("a row has a value")));
        self.state = State::load(settings, rows).expect("rows load");
        self.parked.clear();
        self.now = 50;
        if let Some(snapshot) = self.store.snapshot(&self.job()) {
            self.tell(Ask::Adopt(Box::new(snapshot)));
        }
        self.tell(Ask::Start { unix_ms: UNIX });
    }

    pub fn status(&self) -> views::JobStatus {
        views::job_status(&self.state, &self.job(), self.now).expect("the job is there")
    }

    pub fn attempt(&self, name: &str) -> AttemptId {
        self.leases[name].attempt
    }
}

fn say(said: &Said) -> String {
    match said {
        Ok(Reply::Leased(l)) => {
            let skip = if l.skip.is_empty() { String::new() } else { format!(", skip {:?}", l.skip) };
            format!("leased {}/{}.{} as {}{skip}", l.shard.stage, l.shard.shard, l.round, l.attempt)
        }
        Ok(Reply::Registered(r)) => format!("registered, generation {}", r.generation),
        Ok(Reply::Submitted { known, .. }) => format!("submitted, known {known}"),
        Ok(reply) => format!("{reply:?}"),
        Err(Refusal::Because(f)) => format!("refused: {} {}", f.code, f.message),
        Err(Refusal::UnknownWorker) => "refused: unknown worker".to_owned(),
    }
}

/// Compares a story with its transcript, which is compiled in: a run touches no disk. with `UPDATE_TRANSCRIPTS` set it becomes the transcript.
pub(crate) fn compare(name: &str, expected: &str, told: &str) {
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/transcripts").join(name);
        std::fs::write(path, told).expect("the transcript can be written");
        return;
    }
    assert!(told == expected, "{name} tells another story:\n{told}");
}

/// What is said to what is simply done.
pub const DONE: Option<Said> = Some(Ok(Reply::Done));

/// Compares with the transcript of that name.
macro_rules! expect {
    ($name:literal, $script:expr) => {
        $crate::script::compare($name, include_str!(concat!("transcripts/", $name)), &$script.transcript())
    };
}
