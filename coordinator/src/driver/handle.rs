//! How others speak to the driver.

use tarquet_common::clock::Millis;
use tarquet_core::{Ask, Outcome, Refusal, Reply, State};
use tokio::sync::{mpsc, oneshot, watch};

/// Why an ask got no reply.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum NoReply {
    /// The coordinator says no.
    #[error("the coordinator refuses: {0:?}")]
    Refused(Refusal),
    /// What was waited for did not come in time.
    #[error("nothing came in time")]
    Late,
    /// The driver is gone.
    #[error(transparent)]
    Dead(#[from] Dead),
}

/// The driver is gone: it stopped, or broke down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the coordinator has stopped")]
pub(crate) struct Dead;

/// Looks at the state and answers by itself.
pub(super) type Read = Box<dyn FnOnce(&State, Millis) + Send>;

/// One entry of the queue.
pub(super) enum Entry {
    /// An ask, and who waits for its answer.
    Ask(Box<Ask>, Caller),
    /// What became of an effect.
    Outcome(Box<Outcome>),
    /// A look at the durable state.
    Read(Read),
}

/// Who waits for an answer, and how long at most.
pub(super) struct Caller {
    pub(super) reply: oneshot::Sender<Result<Reply, NoReply>>,
    pub(super) wait_ms: Option<Millis>,
}

impl Caller {
    /// Whether anybody still listens.
    pub(super) fn is_gone(&self) -> bool {
        self.reply.is_closed()
    }

    /// Says it; nobody may be listening any more, which is theirs to repair by asking again.
    pub(super) fn tell(self, said: Result<Reply, NoReply>) {
        self.reply.send(said).ok();
    }
}

/// A way to the driver. Clones speak to the same.
#[derive(Clone)]
pub(crate) struct DriverHandle {
    pub(super) queue: mpsc::Sender<Entry>,
    pub(super) version: watch::Receiver<u64>,
}

impl DriverHandle {
    /// Has an ask decided and returns the reply once it is durable, whatever it has to wait for.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Reply, NoReply> {
        self.ask_within(ask, None).await
    }

    /// Has an ask decided. If it has to wait for longer than `wait_ms`, the answer is [`NoReply::Late`], and then
    /// nothing was given away.
    pub(crate) async fn ask_within(&self, ask: Ask, wait_ms: Option<Millis>) -> Result<Reply, NoReply> {
        let (reply, answer) = oneshot::channel();
        let entry = Entry::Ask(Box::new(ask), Caller { reply, wait_ms });
        self.queue.send(entry).await.map_err(|_| Dead)?;
        answer.await.map_err(|_| Dead)?
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
        self.queue.send(Entry::Read(read)).await.map_err(|_| Dead)?;
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
