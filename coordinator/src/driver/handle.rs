//! How others speak to the driver.

use super::ask::{Ask, Caller, Dead, Told};
use tarquet_common::clock::Millis;
use tarquet_core::{Command, State};
use tokio::sync::{mpsc, oneshot, watch};

/// A way to the driver. Clones speak to the same.
#[derive(Clone)]
pub(crate) struct DriverHandle {
    pub(super) queue: mpsc::Sender<Ask>,
    pub(super) version: watch::Receiver<u64>,
}

impl DriverHandle {
    /// Has a command decided and returns the answer once it is durable, whatever it has to wait for.
    pub(crate) async fn ask(&self, command: Command) -> Result<Told, Dead> {
        self.ask_within(command, None).await
    }

    /// Has a command decided. If it has to wait for longer than `wait_ms`, the answer is [`Told::Nothing`], and then
    /// nothing was given away.
    pub(crate) async fn ask_within(&self, command: Command, wait_ms: Option<Millis>) -> Result<Told, Dead> {
        let (reply, answer) = oneshot::channel();
        let ask = Ask::Command(Box::new(command), Some(Caller { reply, wait_ms }));
        self.queue.send(ask).await.map_err(|_| Dead)?;
        answer.await.map_err(|_| Dead)
    }

    /// Looks at the durable state. `now` is the monotonic clock.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State, Millis) -> T + Send + 'static,
    ) -> Result<T, Dead> {
        let (reply, answer) = oneshot::channel();
        let read = Box::new(move |state: &State, now| {
            reply.send(look(state, now)).ok();
        });
        self.queue.send(Ask::Read(read)).await.map_err(|_| Dead)?;
        answer.await.map_err(|_| Dead)
    }

    /// Changes whenever the state did.
    pub(crate) fn version(&self) -> watch::Receiver<u64> {
        self.version.clone()
    }

    /// Whether the driver is at work.
    pub(crate) fn is_alive(&self) -> bool {
        !self.queue.is_closed()
    }
}
