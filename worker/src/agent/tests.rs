//! The agent against a coordinator that loses, repeats, stops and falls silent.

use super::*;
use crate::attempt::{Attempt, AttemptContext, StopReason};
use async_trait::async_trait;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::*,
    receipt::{Counts, Receipt},
    seal::WorkerSecret,
    store::StoreSettings,
};

/// What happened, and what shall happen.
#[derive(Default)]
struct Script {
    leases: VecDeque<Lease>,
    granted: HashMap<u64, Option<Lease>>,
    acquires: Vec<u64>,
    completes: Vec<Complete>,
    fails: Vec<Fail>,
    renews: Vec<Renew>,
    registers: u32,
    goodbyes: Vec<String>,
    /// Per verb: so many replies are lost after they had their effect.
    lose: HashMap<&'static str, u32>,
    /// Per verb: so many calls find a coordinator that does not know the worker.
    forget: HashMap<&'static str, u32>,
    directive: Option<Directive>,
    supersede: bool,
    dead: bool,
}

#[derive(Default)]
struct Fake(Mutex<Script>);

impl Fake {
    fn with<T>(&self, f: impl FnOnce(&mut Script) -> T) -> T {
        f(&mut self.0.lock().unwrap())
    }

    /// Loses the reply, after the effect, if the script says so.
    fn reply<T>(&self, verb: &'static str, answer: T) -> Result<T, LeasingError> {
        self.with(|s| {
            if s.dead {
                return Err(LeasingError::Unreachable("dead".to_owned()));
            }
            let forget = s.forget.entry(verb).or_default();
            if *forget > 0 {
                *forget -= 1;
                return Err(LeasingError::UnknownWorker);
            }
            let lose = s.lose.entry(verb).or_default();
            if *lose > 0 {
                *lose -= 1;
                return Err(LeasingError::Unreachable("lost".to_owned()));
            }
            Ok(answer)
        })
    }
}

#[async_trait]
impl Leasing for Fake {
    async fn register(&self, _: Register) -> Result<Registered, LeasingError> {
        self.with(|s| s.registers += 1);
        let terms = Registered {
            generation: 1,
            lease_ttl_ms: 30_000,
            renew_every_ms: 10_000,
            orphan_after_ms: 600_000,
        };
        self.reply("register", terms)
    }

    async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError> {
        let lease = self.with(|s| {
            s.acquires.push(ask.request);
            if s.dead {
                return None;
            }
            let Script { granted, leases, .. } = s;
            granted.entry(ask.request).or_insert_with(|| leases.pop_front()).clone()
        });
        if lease.is_none() {
            tokio::time::sleep(Duration::from_millis(ask.wait_ms)).await;
        }
        self.reply("acquire", lease)
    }

    async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError> {
        let directive = self.with(|s| {
            s.renews.push(ask);
            s.directive.unwrap_or(Directive::Continue)
        });
        self.reply("renew", directive)
    }

    async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError> {
        let superseded = self.with(|s| {
            s.completes.push(ask);
            s.supersede
        });
        self.reply("complete", if superseded { Completed::Superseded } else { Completed::Accepted })
    }

    async fn fail(&self, ask: Fail) -> Result<(), LeasingError> {
        self.with(|s| s.fails.push(ask));
        self.reply("fail", ())
    }

    async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError> {
        self.with(|s| s.goodbyes.push(ask.reason));
        self.reply("goodbye", ())
    }
}

/// What the fake work does.
#[derive(Clone, Copy)]
enum Does {
    Finish,
    Panic,
    WaitForStop,
    Take(Duration),
}

struct Work {
    first: Does,
    runs: Mutex<u32>,
    discarded: Mutex<Vec<AttemptId>>,
    stopped: Mutex<Vec<StopReason>>,
}

impl Work {
    fn new(first: Does) -> Arc<Self> {
        Arc::new(Self {
            first,
            runs: Mutex::default(),
            discarded: Mutex::default(),
            stopped: Mutex::default(),
        })
    }
}

#[async_trait]
impl Attempt for Work {
    async fn run(&self, lease: &Lease, context: AttemptContext) -> Result<Receipt, Failure> {
        let run = {
            let mut runs = self.runs.lock().unwrap();
            *runs += 1;
            *runs
        };
        context.progress.begin_item(7);
        match if run == 1 { self.first } else { Does::Finish } {
            Does::Finish => {}
            Does::Panic => panic!("the ring is bent"),
            Does::Take(long) => tokio::select! {
                () = tokio::time::sleep(long) => {}
                why = context.stop.raised() => return self.stop(why),
            },
            Does::WaitForStop => {
                let why = context.stop.raised().await;
                return self.stop(why);
            }
        }
        context.progress.item_done(10, 5);
        Ok(receipt(lease))
    }

    async fn discard(&self, lease: &Lease, _: &Receipt) {
        self.discarded.lock().unwrap().push(lease.attempt);
    }
}

impl Work {
    fn stop(&self, why: StopReason) -> Result<Receipt, Failure> {
        self.stopped.lock().unwrap().push(why);
        Err(Failure::new(ourselves::INVARIANT, "never to be reported"))
    }
}

fn lease(n: u32) -> Lease {
    Lease {
        shard: ShardId { job: JobId::from_parts(1, 1), stage: 0, shard: n },
        kind: "fake".to_owned(),
        stage_name: "only".to_owned(),
        steps: Vec::new(),
        round: 1,
        attempt: AttemptId { generation: 1, n },
        job_uri: "/j".to_owned(),
        output_uri: "/o".to_owned(),
        plan_name: "p".to_owned(),
        plan_digest: "d".to_owned(),
        skip: vec![],
        careful: false,
        ttl_ms: 30_000,
        store: StoreSettings::default(),
    }
}

fn receipt(lease: &Lease) -> Receipt {
    Receipt {
        shard: lease.shard.clone(),
        round: lease.round,
        attempt: lease.attempt,
        worker: WorkerId("w".to_owned()),
        artifacts: vec![],
        counts: Counts::default(),
        sides: Vec::new(),
        skipped: vec![],
        output: serde_json::Value::Null,
    }
}

fn settings() -> AgentSettings {
    AgentSettings::new(WorkerId("w".to_owned()), 1, 1 << 20)
}

fn with_leases(n: u32) -> Arc<Fake> {
    let fake = Fake::default();
    fake.with(|s| s.leases = (0..n).map(lease).collect());
    Arc::new(fake)
}

/// Runs an agent until `done` says so, then drains it.
async fn work(fake: &Arc<Fake>, work: &Arc<Work>, done: impl Fn(&Script) -> bool) -> Result<(), Failure> {
    let drain = Drain::default();
    let agent = tokio::spawn(run(fake.clone(), work.clone(), settings(), drain.clone()));
    for _ in 0..100_000 {
        if fake.with(|s| done(s)) || agent.is_finished() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(fake.with(|s| done(s)) || agent.is_finished(), "it never came to that");
    drain.ask("test");
    agent.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn leases_are_worked_off_and_the_worker_says_goodbye() {
    let (fake, does) = (with_leases(3), Work::new(Does::Finish));
    work(&fake, &does, |s| s.completes.len() == 3).await.unwrap();
    fake.with(|s| {
        assert_eq!(s.goodbyes, ["test"]);
        assert!(s.fails.is_empty());
        let mut shards: Vec<_> = s.completes.iter().map(|c| c.receipt.shard.shard).collect();
        shards.sort_unstable();
        assert_eq!(shards, [0, 1, 2]);
    });
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_asked_for_under_the_same_name() {
    let (fake, does) = (with_leases(1), Work::new(Does::Finish));
    fake.with(|s| {
        s.lose = ["register", "acquire", "complete", "goodbye"].into_iter().map(|v| (v, 2)).collect();
    });
    work(&fake, &does, |s| s.completes.len() == 3).await.unwrap();
    fake.with(|s| {
        assert_eq!(s.registers, 3);
        assert_eq!(s.acquires[..3], [0, 0, 0]);
        assert!(s.completes.iter().all(|c| *c == s.completes[0]));
        assert_eq!(s.goodbyes.len(), 3);
    });
    assert_eq!(*does.runs.lock().unwrap(), 1, "a repeat is no second attempt");
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_its_attempt_and_nothing_else() {
    let (fake, does) = (with_leases(2), Work::new(Does::Panic));
    work(&fake, &does, |s| s.completes.len() == 1).await.unwrap();
    fake.with(|s| {
        assert_eq!(s.fails[0].failure.code, ourselves::PANICKED);
        assert_eq!(s.fails[0].failure.causes, ["the ring is bent"]);
        assert_eq!(s.fails[0].killer, Some(7));
        assert_eq!(s.completes[0].receipt.shard.shard, 1);
    });
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_told_to_stop_reports_nothing() {
    let (fake, does) = (with_leases(2), Work::new(Does::WaitForStop));
    fake.with(|s| s.directive = Some(Directive::Stop));
    work(&fake, &does, |s| s.completes.len() == 1).await.unwrap();
    assert_eq!(*does.stopped.lock().unwrap(), [StopReason::Told]);
    fake.with(|s| assert!(s.fails.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn uploads_are_discarded_on_the_coordinators_word_only() {
    let (fake, does) = (with_leases(1), Work::new(Does::Finish));
    fake.with(|s| s.supersede = true);
    work(&fake, &does, |s| s.completes.len() == 1).await.unwrap();
    assert_eq!(*does.discarded.lock().unwrap(), [lease(0).attempt]);

    let (fake, does) = (with_leases(1), Work::new(Does::Finish));
    fake.with(|s| s.lose = HashMap::from([("complete", u32::MAX)]));
    work(&fake, &does, |s| s.acquires.len() > 1).await.unwrap();
    assert!(does.discarded.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn silence_stops_an_attempt_only_after_the_orphan_time() {
    let (fake, does) = (with_leases(1), Work::new(Does::WaitForStop));
    let started = tokio::time::Instant::now();
    fake.with(|s| s.lose = HashMap::from([("renew", u32::MAX)]));
    work(&fake, &does, |s| !s.fails.is_empty()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(600), "{:?}", started.elapsed());
    assert_eq!(*does.stopped.lock().unwrap(), [StopReason::Orphaned]);
    fake.with(|s| assert_eq!(s.fails[0].failure.code, cluster::ORPHANED));
}

#[tokio::test(start_paused = true)]
async fn renewals_carry_progress() {
    let (fake, does) = (with_leases(1), Work::new(Does::Take(Duration::from_secs(65))));
    work(&fake, &does, |s| s.completes.len() == 1).await.unwrap();
    fake.with(|s| {
        assert!((5..=7).contains(&s.renews.len()), "{}", s.renews.len());
        assert_eq!(s.renews[0].progress.at_item, Some(7));
        assert_eq!(s.renews[0].attempt, lease(0).attempt);
    });
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_forgot_is_told_again() {
    let (fake, does) = (with_leases(1), Work::new(Does::Take(Duration::from_secs(25))));
    fake.with(|s| s.forget = ["acquire", "renew", "complete"].into_iter().map(|v| (v, 1)).collect());
    work(&fake, &does, |s| s.completes.len() == 2).await.unwrap();
    fake.with(|s| assert_eq!(s.registers, 4));
}

#[tokio::test(start_paused = true)]
async fn a_drain_gives_a_grace_and_then_hands_back() {
    let (fake, does) = (with_leases(2), Work::new(Does::WaitForStop));
    fake.with(|s| s.directive = Some(Directive::Drain));
    let started = tokio::time::Instant::now();
    work(&fake, &does, |s| !s.goodbyes.is_empty()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(60));
    fake.with(|s| {
        assert_eq!(s.fails.len(), 1, "the second lease was not taken");
        assert_eq!(s.fails[0].failure.code, cluster::DRAINED);
        assert_eq!(s.goodbyes, ["drain"]);
    });
}

/// Coordinator and worker are told to leave in the same moment.
#[tokio::test(start_paused = true)]
async fn a_worker_that_leaves_does_not_wait_for_a_coordinator_that_has_left() {
    for does in [Does::Finish, Does::Panic, Does::WaitForStop] {
        let (fake, does) = (with_leases(1), Work::new(does));
        fake.with(|s| {
            s.lose = HashMap::from([("complete", u32::MAX), ("fail", u32::MAX), ("goodbye", u32::MAX)])
        });
        let drain = Drain::default();
        let agent = tokio::spawn(run(fake.clone(), does.clone(), settings(), drain.clone()));
        while *does.runs.lock().unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let asked = tokio::time::Instant::now();
        drain.ask("sigterm");
        agent.await.unwrap().unwrap();
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(90), "{took:?}: 60 s of grace, and a moment to be heard");
        fake.with(|s| assert!(s.completes.len() + s.fails.len() > 1, "it was tried more than once"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_coordinator_is_said_so() {
    let (fake, does) = (with_leases(0), Work::new(Does::Finish));
    fake.with(|s| s.dead = true);
    let failure = run(fake, does, settings(), Drain::default()).await.unwrap_err();
    assert_eq!(failure.code, cluster::COORDINATOR_UNREACHABLE);
    assert_eq!(failure.causes, ["dead"]);
}

fn secret() -> WorkerSecret {
    WorkerSecret::draw().unwrap()
}

#[tokio::test]
async fn a_url_that_is_none_is_refused() {
    assert_eq!(
        crate::transport::GrpcLeasing::new(&"http://a b".into(), secret()).unwrap_err().code,
        cluster::BAD_COORDINATOR_URL
    );
    assert!(crate::transport::GrpcLeasing::new(&"127.0.0.1:7481".into(), secret()).is_ok());
}
