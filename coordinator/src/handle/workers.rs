//! For workers.

use super::CoordinatorHandle;
use crate::driver::NoReply;
use async_trait::async_trait;
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Register,
        Registered, Renew,
    },
    seal::{Seal, WorkerSecret},
};
use tarquet_core::{Ask, Refusal, Reply};

/// A worker that asks for longer gets an answer after this, so that the connection shows signs of life.
const WAIT_MS_MAX: u64 = 60_000;

/// The coordinator as one worker sees it: every call comes with the seal of that worker's secret.
#[derive(Clone)]
pub struct ByWorker {
    coordinator: CoordinatorHandle,
    seal: Seal,
}

impl CoordinatorHandle {
    /// The coordinator as the worker sees it that has this secret.
    pub fn as_worker(&self, secret: &WorkerSecret) -> ByWorker {
        ByWorker { coordinator: self.clone(), seal: secret.seal() }
    }
}

impl ByWorker {
    async fn ask(&self, ask: Ask) -> Result<Reply, LeasingError> {
        Ok(self.coordinator.driver.ask(ask).await?)
    }

    fn seal(&self) -> Seal {
        self.seal.clone()
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
impl Leasing for ByWorker {
    async fn register(&self, ask: Register) -> Result<Registered, LeasingError> {
        self.coordinator.shares(&ask).map_err(LeasingError::Refused)?;
        match self.ask(Ask::Register(ask, self.seal())).await? {
            Reply::Registered(terms) => Ok(terms),
            other => Err(odd(&other)),
        }
    }

    async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError> {
        let wait_ms = ask.wait_ms.min(WAIT_MS_MAX);
        let ask = Ask::Acquire(ask, self.seal());
        match self.coordinator.driver.ask_within(ask, Some(wait_ms)).await {
            Ok(Reply::Leased(lease)) => Ok(Some(*lease)),
            Ok(other) => Err(odd(&other)),
            Err(NoReply::Late) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }

    async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError> {
        match self.ask(Ask::Renew(ask, self.seal())).await? {
            Reply::Directive(directive) => Ok(directive),
            other => Err(odd(&other)),
        }
    }

    async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError> {
        match self.ask(Ask::Complete(Box::new(ask), self.seal())).await? {
            Reply::Completed(completed) => Ok(completed),
            other => Err(odd(&other)),
        }
    }

    async fn fail(&self, ask: Fail) -> Result<(), LeasingError> {
        self.ask(Ask::Fail(Box::new(ask), self.seal())).await?;
        Ok(())
    }

    async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError> {
        self.ask(Ask::Goodbye(ask, self.seal())).await?;
        Ok(())
    }
}
