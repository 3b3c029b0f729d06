//! What the driver is asked.

use tarquet_common::clock::Millis;
use tarquet_core::{Answer, Command, Refusal, Reply, State};
use tokio::sync::oneshot;

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// Yes.
    Reply(Reply),
    /// No.
    Refused(Refusal),
    /// What was waited for did not come in time.
    Nothing,
}

/// The driver is gone: it stopped, or broke down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the coordinator has stopped")]
pub(crate) struct Dead;

/// Looks at the state and answers by itself.
pub(super) type Read = Box<dyn FnOnce(&State, Millis) + Send>;

/// One entry of the queue.
pub(super) enum Ask {
    /// A command, and who waits for its answer.
    Command(Box<Command>, Option<Caller>),
    /// A look at the durable state.
    Read(Read),
}

/// Who waits for an answer, and how long at most.
pub(super) struct Caller {
    pub(super) reply: oneshot::Sender<Told>,
    pub(super) wait_ms: Option<Millis>,
}

impl Caller {
    /// Whether anybody still listens.
    pub(super) fn is_gone(&self) -> bool {
        self.reply.is_closed()
    }

    /// Says it; nobody may be listening any more, which is theirs to repair by asking again.
    pub(super) fn tell(self, told: Told) {
        self.reply.send(told).ok();
    }
}

impl Told {
    /// An answer that is one; `Wait` is none.
    pub(super) fn of(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Reply(reply) => Some(Self::Reply(reply)),
            Answer::Refused(refusal) => Some(Self::Refused(refusal)),
            Answer::Wait(_) => None,
        }
    }
}
