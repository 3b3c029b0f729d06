//! What the coordinator counts, in the exposition format of OpenMetrics.
//!
//! **Counters** are told as things happen: events by the driver, calls and connections by the services. **Gauges** are
//! read from the state when somebody asks. Labels take their values from closed sets (names of states, stages, methods,
//! codes), never from what a user or a client wrote. Times are in seconds and sizes in bytes, and names say so.

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tarquet_common::{clock::Millis, failure::Class, ids::ShardId};
use tarquet_core::{Event, PhaseName, State, What, views};

/// What an answer of `/metrics` is.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Names and values of labels, in a fixed order.
type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Gauges<const N: usize> = Family<Labels<N>, Gauge>;

/// Upper bounds of the histogram of commits, in seconds: a disk in memory, an SSD, a network disk, trouble.
const COMMIT_SECONDS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// All metrics of one coordinator.
pub(crate) struct Metrics {
    registry: Registry,
    /// Gauges are cleared and filled while this is held, so that nobody reads half of them.
    asking: Mutex<()>,
    jobs: Gauges<1>,
    shards: Gauges<2>,
    workers: Gauges<1>,
    slots: Gauges<1>,
    attempts: Counters<1>,
    members: Counters<1>,
    rows: Counter,
    bytes: Counters<1>,
    commits: Histogram,
    calls: Counters<2>,
    answers: Counters<2>,
    connections: Gauges<2>,
    opened: Counters<1>,
    ended: Counters<2>,
    refusals: Counters<2>,
    reads: Counters<2>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Everything at zero, started at this time.
    pub(crate) fn new(unix_ms: u64) -> Self {
        let mut registry = Registry::with_prefix("tarquet");
        let build: Gauges<1> = Family::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        registry.register("build_info", "The build that runs; always 1", build);
        let started = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
        started.set(unix_ms as f64 / 1_000.0);
        let when = "When the coordinator started, since the epoch";
        registry.register_with_unit("start_time", when, Unit::Seconds, started);
        let mut metrics = Self {
            registry,
            asking: Mutex::new(()),
            jobs: Family::default(),
            shards: Family::default(),
            workers: Family::default(),
            slots: Family::default(),
            attempts: Family::default(),
            members: Family::default(),
            rows: Counter::default(),
            bytes: Family::default(),
            commits: Histogram::new(COMMIT_SECONDS),
            calls: Family::default(),
            answers: Family::default(),
            connections: Family::default(),
            opened: Family::default(),
            ended: Family::default(),
            refusals: Family::default(),
            reads: Family::default(),
        };
        metrics.register_work();
        metrics.register_ports();
        metrics
    }

    fn register_work(&mut self) {
        let r = &mut self.registry;
        r.register("jobs", "Jobs by state", self.jobs.clone());
        r.register("shards", "Shards of unfinished jobs by stage and state", self.shards.clone());
        r.register("workers", "Workers by state", self.workers.clone());
        r.register("slots", "Slots of live workers by state", self.slots.clone());
        r.register(
            "attempts",
            "Attempts that ended, by verdict: accepted, superseded, or the class of the failure",
            self.attempts.clone(),
        );
        r.register("members", "Members in accepted receipts by outcome", self.members.clone());
        r.register("rows", "Rows in accepted receipts", self.rows.clone());
        r.register_with_unit(
            "store",
            "Bytes that accepted attempts read from and wrote to stores",
            Unit::Bytes,
            self.bytes.clone(),
        );
        r.register_with_unit(
            "ledger_commit",
            "How long commits of the ledger took",
            Unit::Seconds,
            self.commits.clone(),
        );
    }

    fn register_ports(&mut self) {
        let r = &mut self.registry;
        r.register("rpc_requests", "gRPC calls by method and code", self.calls.clone());
        r.register("http_requests", "HTTP requests by route and status", self.answers.clone());
        r.register(
            "connections",
            "Connections by port and state; on a stranger's no call was admitted yet",
            self.connections.clone(),
        );
        r.register("connections_opened", "Connections that came in, by port", self.opened.clone());
        r.register(
            "connections_ended",
            "Connections that the coordinator ended, by port and reason",
            self.ended.clone(),
        );
        r.register("refusals", "Calls that were not let in, by port and reason", self.refusals.clone());
        r.register(
            "file_reads",
            "Changed files of certificates and tokens, by what they are and whether they could be used",
            self.reads.clone(),
        );
    }

    /// The text of the exposition.
    pub(crate) fn expose(&self, now: &Snapshot) -> String {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        for gauges in [&self.jobs, &self.workers, &self.slots] {
            gauges.clear();
        }
        self.shards.clear();
        for (gauges, found) in
            [(&self.jobs, &now.jobs), (&self.workers, &now.workers), (&self.slots, &now.slots)]
        {
            for (state, count) in found {
                gauges.get_or_create(&[("state", state.clone())]).set(*count);
            }
        }
        for ((stage, state), count) in &now.shards {
            let labels = [("stage", stage.clone()), ("state", (*state).to_owned())];
            self.shards.get_or_create(&labels).set(*count);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }

    /// Something happened to a job or a worker.
    pub(crate) fn saw(&self, event: &Event, state: &State) {
        match &event.what {
            What::Receipt { stage, shard, .. } => {
                self.attempt("accepted");
                let of = event.job.clone().map(|job| ShardId { job, stage: *stage, shard: *shard });
                if let Some(receipt) = of.and_then(|shard| state.receipt(&shard)) {
                    let counts = &receipt.counts;
                    self.outcome("converted", counts.items.saturating_sub(counts.failed));
                    self.outcome("quarantined", counts.failed);
                    self.rows.inc_by(counts.rows);
                    self.moved("read", counts.bytes_in);
                    self.moved("written", counts.bytes_out);
                }
            }
            What::Superseded { .. } => self.attempt("superseded"),
            What::Requeued { code, .. } | What::Stopped { code, .. } => {
                self.attempt(code.info().class.as_str())
            }
            What::Expired { .. } => self.attempt(Class::Lost.as_str()),
            _ => {}
        }
    }

    fn attempt(&self, verdict: &str) {
        self.attempts.get_or_create(&[("verdict", verdict.to_owned())]).inc();
    }

    fn outcome(&self, outcome: &str, members: u64) {
        self.members.get_or_create(&[("outcome", outcome.to_owned())]).inc_by(members);
    }

    fn moved(&self, direction: &str, bytes: u64) {
        self.bytes.get_or_create(&[("direction", direction.to_owned())]).inc_by(bytes);
    }

    /// A commit of the ledger took this long.
    pub(crate) fn committed(&self, took: Duration) {
        self.commits.observe(took.as_secs_f64());
    }

    /// A gRPC call was answered. `method` is of the table of methods.
    pub(crate) fn called(&self, method: &str, code: &str) {
        self.calls.get_or_create(&[("method", method.to_owned()), ("code", code.to_owned())]).inc();
    }

    /// An HTTP request was answered. `route` is of the table of routes.
    pub(crate) fn answered(&self, route: &str, status: u16) {
        self.answers.get_or_create(&[("route", route.to_owned()), ("status", status.to_string())]).inc();
    }

    /// A connection came in.
    pub(crate) fn opened(&self, port: &'static str) {
        self.opened.get_or_create(&[("port", port.to_owned())]).inc();
    }

    /// How many connections a port has.
    pub(crate) fn connected(&self, port: &'static str, strangers: usize, known: usize) {
        for (state, count) in [("stranger", strangers), ("known", known)] {
            let labels = [("port", port.to_owned()), ("state", state.to_owned())];
            self.connections.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// The coordinator ended a connection.
    pub(crate) fn ended(&self, port: &'static str, reason: &'static str) {
        self.ended.get_or_create(&[("port", port.to_owned()), ("reason", reason.to_owned())]).inc();
    }

    /// A call was not let in.
    pub(crate) fn refused(&self, port: &'static str, reason: &'static str) {
        self.refusals.get_or_create(&[("port", port.to_owned()), ("reason", reason.to_owned())]).inc();
    }

    /// Files had changed and were read again.
    pub(crate) fn read(&self, what: &'static str, usable: bool) {
        let result = if usable { "used" } else { "unusable" };
        self.reads.get_or_create(&[("what", what.to_owned()), ("result", result.to_owned())]).inc();
    }
}

/// Every state of a job, so that a series does not come and go.
const PHASES: [PhaseName; 11] = [
    PhaseName::Claiming,
    PhaseName::Planning,
    PhaseName::Running,
    PhaseName::Held,
    PhaseName::Deciding,
    PhaseName::Checking,
    PhaseName::Publishing,
    PhaseName::Cataloguing,
    PhaseName::Done,
    PhaseName::Cancelled,
    PhaseName::Failed,
];

/// Gauges at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    jobs: BTreeMap<String, i64>,
    shards: BTreeMap<(String, &'static str), i64>,
    workers: BTreeMap<String, i64>,
    slots: BTreeMap<String, i64>,
}

impl Snapshot {
    /// Looks at everything.
    pub(crate) fn of(state: &State, now: Millis) -> Self {
        let mut found = Self::default();
        let names = PHASES.iter().map(ToString::to_string).chain(["paused".to_owned()]);
        found.jobs = names.map(|n| (n, 0)).collect();
        found.workers = ["live", "draining", "silent"].map(|w| (w.to_owned(), 0)).into();
        found.slots = ["busy", "free"].map(|s| (s.to_owned(), 0)).into();
        for row in state.job_ids().filter_map(|id| state.job(id)) {
            *found.jobs.entry(views::word(row)).or_default() += 1;
            if row.finished_unix_ms.is_none() {
                views::stages_of(state, &row.job).iter().for_each(|stage| found.stage(stage));
            }
        }
        let (workers, _) = views::workers(state, None, usize::MAX, now);
        for worker in workers {
            if worker.state != "silent" {
                let busy = i64::try_from(worker.leases.len()).unwrap_or(i64::MAX);
                *found.slots.entry("busy".to_owned()).or_default() += busy;
                *found.slots.entry("free".to_owned()).or_default() += (i64::from(worker.slots) - busy).max(0);
            }
            *found.workers.entry(worker.state).or_default() += 1;
        }
        found
    }

    fn stage(&mut self, stage: &views::StageStatus) {
        let counts = [
            ("done", stage.done),
            ("running", stage.running),
            ("waiting", stage.waiting),
            ("stopped", stage.stopped),
            ("excluded", stage.excluded),
        ];
        for (state, count) in counts {
            *self.shards.entry((stage.name.clone(), state)).or_default() += i64::from(count);
        }
    }
}
