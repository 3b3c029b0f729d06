//! Saying a thing until it is answered.

use std::{
    future::Future,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tarquet_common::{
    chance::backoff_ms,
    codes::cluster,
    failure::Failure,
    ids::WorkerId,
    leasing::{Leasing, LeasingError, Register, Registered},
};
use tokio::time::Instant;

/// What a user tunes about a worker.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// The worker's name; unique among live workers.
    pub worker: WorkerId,
    /// Version and build.
    pub build: String,
    /// Attempts at a time.
    pub slots: u32,
    /// Memory of one slot, in bytes.
    pub slot_bytes: u64,
    /// Content of the probe file under the shared directory.
    pub shared_probe: Option<String>,
    /// How long a free slot lets the coordinator hold its call.
    pub acquire_wait_ms: u64,
    /// How long attempts may go on once the worker is being drained.
    pub drain_grace_ms: u64,
    /// How long to look for a coordinator at first before giving up.
    pub connect_within_ms: u64,
}

impl AgentSettings {
    /// The defaults for a worker of this name.
    pub fn new(worker: WorkerId, slots: u32, slot_bytes: u64) -> Self {
        Self {
            worker,
            build: env!("CARGO_PKG_VERSION").to_owned(),
            slots,
            slot_bytes,
            shared_probe: None,
            acquire_wait_ms: 20_000,
            drain_grace_ms: 60_000,
            connect_within_ms: 60_000,
        }
    }

    fn register(&self) -> Register {
        Register {
            worker: self.worker.clone(),
            build: self.build.clone(),
            slots: self.slots,
            slot_bytes: self.slot_bytes,
            shared_probe: self.shared_probe.clone(),
        }
    }
}

/// The first wait before a thing is said again, and the longest.
const WAIT_MS: (u64, u64) = (100, 5_000);

/// How long to wait before saying it again. Workers which lost their coordinator together do not come back together.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    tries: u32,
    seed: u64,
}

impl Backoff {
    /// `seed` differs between workers and between calls.
    fn new(seed: u64) -> Self {
        Self { tries: 0, seed }
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        self.tries = self.tries.saturating_add(1);
        let seed = self.seed.wrapping_add(self.tries.into());
        Duration::from_millis(backoff_ms(self.tries, seed, WAIT_MS.0, WAIT_MS.1))
    }
}

/// One worker's relation to its coordinator, shared by its slots.
pub(super) struct Session {
    pub(super) leasing: Arc<dyn Leasing>,
    pub(super) settings: AgentSettings,
    terms: RwLock<Registered>,
    requests: AtomicU64,
    calls: AtomicU64,
}

/// Why a verb got no answer that could be used.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The coordinator says no.
    Refused(Failure),
    /// Nothing came for so long that we gave up.
    Silence(String),
}

impl Session {
    /// Registers. Gives up after `connect_within_ms`.
    pub(super) async fn open(leasing: Arc<dyn Leasing>, settings: AgentSettings) -> Result<Self, Failure> {
        let limit = Duration::from_millis(settings.connect_within_ms);
        let mut backoff = Backoff::new(seed_of(&settings, 0));
        let since = Instant::now();
        let terms = loop {
            let why = match leasing.register(settings.register()).await {
                Ok(terms) => break terms,
                Err(LeasingError::Refused(failure)) => return Err(failure),
                Err(LeasingError::Unreachable(why)) => why,
                Err(LeasingError::UnknownWorker) => "it does not know a worker that registers".to_owned(),
            };
            if since.elapsed() >= limit {
                let told = format!("no coordinator answered within {} s", limit.as_secs());
                let mut failure = Failure::new(cluster::COORDINATOR_UNREACHABLE, told);
                failure.causes.push(why);
                return Err(failure);
            }
            tokio::time::sleep(backoff.next()).await;
        };
        Ok(Self {
            leasing,
            settings,
            terms: RwLock::new(terms),
            requests: AtomicU64::new(0),
            calls: AtomicU64::new(1),
        })
    }

    /// The coordinator's settings, as of the last registration.
    pub(super) fn terms(&self) -> Registered {
        self.terms.read().expect("no panic while the lock is held").clone()
    }

    /// A request number nobody used yet.
    pub(super) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Relaxed)
    }

    /// A backoff of its own for one call.
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(seed_of(&self.settings, self.calls.fetch_add(1, Relaxed)))
    }

    /// Registers once more, because the coordinator does not know us.
    pub(super) async fn register_again(&self) -> Result<(), LeasingError> {
        let terms = self.leasing.register(self.settings.register()).await?;
        tracing::info!(generation = terms.generation, "registered again");
        *self.terms.write().expect("no panic while the lock is held") = terms;
        Ok(())
    }

    /// Says `verb` until it is answered, registering again where needed; gives up after `patience` of silence.
    pub(super) async fn until_answered<T, F>(
        &self,
        what: &str,
        patience: Duration,
        mut verb: impl FnMut() -> F,
    ) -> Result<T, Unanswered>
    where
        F: Future<Output = Result<T, LeasingError>>,
    {
        let mut backoff = self.backoff();
        let mut heard = Instant::now();
        loop {
            let mut error = match verb().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error == LeasingError::UnknownWorker {
                match self.register_again().await {
                    Ok(()) => heard = Instant::now(),
                    Err(again) => error = again,
                }
            }
            match error {
                LeasingError::Refused(failure) => return Err(Unanswered::Refused(failure)),
                LeasingError::Unreachable(why) if heard.elapsed() >= patience => {
                    return Err(Unanswered::Silence(why));
                }
                LeasingError::Unreachable(why) => tracing::debug!(what, why, "no answer, repeating"),
                LeasingError::UnknownWorker => {}
            }
            tokio::time::sleep(backoff.next()).await;
        }
    }
}

/// Differs between workers and between calls.
fn seed_of(settings: &AgentSettings, call: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (&settings.worker, call).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_differ_between_workers() {
        let waits = |seed| {
            let mut b = Backoff::new(seed);
            (0..40).map(|_| b.next().as_millis()).collect::<Vec<_>>()
        };
        let (first, most) = (u128::from(WAIT_MS.0), u128::from(WAIT_MS.1));
        let a = waits(1);
        assert!((first / 2..=first).contains(&a[0]), "{a:?}");
        assert!(a.iter().all(|&ms| ms <= most), "{a:?}");
        assert!(a[30..].iter().all(|&ms| ms >= most / 2), "{a:?}");
        assert!(a[30..].iter().any(|&ms| ms != a[30]), "{a:?}");
        assert_ne!(a, waits(2));
    }
}
