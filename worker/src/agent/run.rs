//! A worker's life: register, work, drain, goodbye.

use super::{
    drain::Drain,
    session::{AgentSettings, Session},
    slot::Slot,
};
use crate::attempt::{Attempt, Stop, StopReason};
use std::{sync::Arc, time::Duration};
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    leasing::{Goodbye, Leasing},
};
use tokio::task::JoinSet;

/// How long a worker that leaves tries to say so.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(5);

/// Runs a worker until it is drained.
///
/// # Errors
/// When the coordinator does not answer within `connect_within_ms` at first, or refuses the worker.
pub async fn run(
    leasing: Arc<dyn Leasing>,
    attempt: Arc<dyn Attempt>,
    settings: AgentSettings,
    drain: Drain,
) -> Result<(), Failure> {
    let session = Arc::new(Session::open(leasing, settings).await?);
    tracing::info!(worker = %session.settings.worker, slots = session.settings.slots, "registered");
    let hurry = Stop::default();
    let slot = Slot { session: session.clone(), attempt, drain: drain.clone(), hurry: hurry.clone() };
    let mut slots = JoinSet::new();
    for _ in 0..session.settings.slots.max(1) {
        slots.spawn(slot.clone().run());
    }
    let refused =
        work(&mut slots, &drain, &hurry, Duration::from_millis(session.settings.drain_grace_ms)).await;
    let reason = drain.reason().unwrap_or_else(|| "refused".to_owned());
    goodbye(&session, reason).await;
    refused.map_or(Ok(()), Err)
}

/// Waits for all slots; when a drain is asked, for the grace and then for them to hand back. Returns why the
/// worker was refused, if it was: one refused slot means that all will be.
async fn work(
    slots: &mut JoinSet<Result<(), Failure>>,
    drain: &Drain,
    hurry: &Stop,
    grace: Duration,
) -> Option<Failure> {
    let deadline = async {
        drain.asked().await;
        tokio::time::sleep(grace).await;
        hurry.raise(StopReason::Drained);
        std::future::pending::<()>().await;
    };
    tokio::pin!(deadline);
    let mut refused = None;
    loop {
        let joined = tokio::select! {
            joined = slots.join_next() => joined,
            () = &mut deadline => continue,
        };
        match joined {
            None => return refused,
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(failure))) => {
                refused.get_or_insert(failure);
                drain.ask("refused");
            }
            Some(Err(died)) => {
                let mut failure = Failure::new(ourselves::INVARIANT, "a slot of the worker died");
                failure.causes.push(died.to_string());
                refused.get_or_insert(failure);
                drain.ask("a slot died");
            }
        }
    }
}

async fn goodbye(session: &Session, reason: String) {
    let ask = Goodbye { worker: session.settings.worker.clone(), reason };
    let verb = || session.leasing.goodbye(ask.clone());
    match tokio::time::timeout(
        2 * GOODBYE_PATIENCE,
        session.until_answered("goodbye", GOODBYE_PATIENCE, verb),
    )
    .await
    {
        Ok(Ok(())) => tracing::info!(worker = %ask.worker, "left"),
        other => tracing::info!(worker = %ask.worker, ?other, "left without being heard"),
    }
}
