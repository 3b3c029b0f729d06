//! For workers.

use super::CoordinatorHandle;
use crate::driver::{Dead, Told};
use async_trait::async_trait;
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Register,
        Registered, Renew,
    },
};
use tarquet_core::{Command, Refusal, Reply};

/// A worker that asks for longer gets an answer after this, so that the connection shows signs of life.
const WAIT_MS_MAX: u64 = 60_000;

impl CoordinatorHandle {
    async fn verb(&self, command: Command) -> Result<Reply, LeasingError> {
        reply(self.driver.ask(command).await)
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

fn reply(told: Result<Told, Dead>) -> Result<Reply, LeasingError> {
    match told {
        Ok(Told::Reply(reply)) => Ok(reply),
        Ok(Told::Refused(Refusal::UnknownWorker)) => Err(LeasingError::UnknownWorker),
        Ok(Told::Refused(Refusal::Because(failure))) => Err(LeasingError::Refused(*failure)),
        Ok(Told::Nothing) => Err(LeasingError::Unreachable("nothing came in time".to_owned())),
        Err(dead) => Err(LeasingError::Unreachable(dead.to_string())),
    }
}

/// The core answered something else than the command asks for.
fn odd(reply: &Reply) -> LeasingError {
    LeasingError::Refused(Failure::new(ourselves::INVARIANT, format!("an odd reply: {reply:?}")))
}

#[async_trait]
impl Leasing for CoordinatorHandle {
    async fn register(&self, ask: Register) -> Result<Registered, LeasingError> {
        self.shares(&ask).map_err(LeasingError::Refused)?;
        match self.verb(Command::Register(ask)).await? {
            Reply::Registered(terms) => Ok(terms),
            other => Err(odd(&other)),
        }
    }

    async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError> {
        let wait_ms = ask.wait_ms.min(WAIT_MS_MAX);
        match self.driver.ask_within(Command::Acquire(ask), Some(wait_ms)).await {
            Ok(Told::Nothing) => Ok(None),
            told => match reply(told)? {
                Reply::Leased(lease) => Ok(Some(*lease)),
                other => Err(odd(&other)),
            },
        }
    }

    async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError> {
        match self.verb(Command::Renew(ask)).await? {
            Reply::Directive(directive) => Ok(directive),
            other => Err(odd(&other)),
        }
    }

    async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError> {
        match self.verb(Command::Complete(Box::new(ask))).await? {
            Reply::Completed(completed) => Ok(completed),
            other => Err(odd(&other)),
        }
    }

    async fn fail(&self, ask: Fail) -> Result<(), LeasingError> {
        self.verb(Command::Fail(Box::new(ask))).await.map(|_| ())
    }

    async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError> {
        self.verb(Command::Goodbye(ask)).await.map(|_| ())
    }
}
