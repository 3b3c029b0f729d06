//! The coordinator in this process, as workers see it. `jobs` is how people do.

mod jobs;

use crate::{
    driver::{DriverHandle, NoReply},
    metrics::Metrics,
    planner::Kinds,
    rebuild::Registry,
    settings::FilePaths,
    stores::OpenStores,
};
use async_trait::async_trait;
use std::sync::Arc;
use tarquet_common::{
    clock::Clock,
    codes::{cluster, ourselves},
    failure::Failure,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Register,
        Registered, Renew,
    },
};
use tarquet_core::{Ask, Cancelled, Done, Failed, Phase, Refusal, Reply};

/// A worker that asks for longer gets an answer after this, so that the connection shows signs of life.
const WAIT_MS_MAX: u64 = 60_000;

/// A running coordinator, as workers ([`Leasing`]) and people
/// ([`Jobs`](tarquet_client::Jobs)) see it. Clones speak to the same.
#[derive(Clone)]
pub struct CoordinatorHandle {
    pub(crate) driver: DriverHandle,
    pub(crate) kinds: Arc<dyn Kinds>,
    pub(crate) stores: Arc<dyn OpenStores>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) paths: FilePaths,
    pub(crate) take_over: bool,
    /// Content of the probe file in the shared directory, which workers must present.
    pub(crate) shared_probe: Option<String>,
    pub(crate) metrics: Arc<Metrics>,
}

impl CoordinatorHandle {
    /// Whether it is at work: it has not stopped, and would answer.
    pub fn is_alive(&self) -> bool {
        self.driver.is_alive()
    }

    /// Whether nothing is left to tidy up after jobs that are over: uploads are aborted, and outputs that were not published
    /// are given back.
    pub async fn is_tidy(&self) -> bool {
        let tidy = self.driver.read(|state, _| {
            state.job_ids().filter_map(|id| state.job(id)).all(|row| match &row.phase {
                Phase::Done(Done { swept })
                | Phase::Cancelled(Cancelled { swept, .. })
                | Phase::Failed(Failed { swept, .. }) => *swept,
                _ => true,
            })
        });
        tidy.await.unwrap_or(true)
    }

    /// With `--shared`, inputs and outputs may be paths, so a worker that sees another directory must not work.
    fn shares(&self, ask: &Register) -> Result<(), Failure> {
        let Some(probe) = &self.shared_probe else { return Ok(()) };
        if ask.shared_probe.as_ref() == Some(probe) {
            return Ok(());
        }
        let found = if ask.shared_probe.is_some() { "another probe file" } else { "no probe file" };
        let told = format!("worker {} does not see the coordinator's shared directory", ask.worker);
        Err(Failure::new(cluster::SHARED_DIRECTORY_DIFFERS, told).expected("its probe file", found))
    }
}

impl From<NoReply> for LeasingError {
    fn from(why: NoReply) -> Self {
        match why {
            NoReply::Refused(Refusal::UnknownWorker) => Self::UnknownWorker,
            NoReply::Refused(Refusal::Because(failure)) => Self::Refused(*failure),
            NoReply::Late | NoReply::Dead(_) => Self::Unreachable(why.to_string()),
        }
    }
}

/// The core answered something else than was asked for.
fn odd(reply: &Reply) -> LeasingError {
    LeasingError::Refused(Failure::new(ourselves::INVARIANT, format!("an odd reply: {reply:?}")))
}

#[async_trait]
impl Leasing for CoordinatorHandle {
    async fn register(&self, ask: Register) -> Result<Registered, LeasingError> {
        self.shares(&ask).map_err(LeasingError::Refused)?;
        match self.driver.ask(Ask::Register(ask)).await? {
            Reply::Registered(terms) => Ok(terms),
            other => Err(odd(&other)),
        }
    }

    async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError> {
        let wait_ms = ask.wait_ms.min(WAIT_MS_MAX);
        match self.driver.ask_within(Ask::Acquire(ask), Some(wait_ms)).await {
            Ok(Reply::Leased(lease)) => Ok(Some(*lease)),
            Ok(other) => Err(odd(&other)),
            Err(NoReply::Late) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }

    async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError> {
        match self.driver.ask(Ask::Renew(ask)).await? {
            Reply::Directive(directive) => Ok(directive),
            other => Err(odd(&other)),
        }
    }

    async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError> {
        match self.driver.ask(Ask::Complete(Box::new(ask))).await? {
            Reply::Completed(completed) => Ok(completed),
            other => Err(odd(&other)),
        }
    }

    async fn fail(&self, ask: Fail) -> Result<(), LeasingError> {
        self.driver.ask(Ask::Fail(Box::new(ask))).await?;
        Ok(())
    }

    async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError> {
        self.driver.ask(Ask::Goodbye(ask)).await?;
        Ok(())
    }
}
