//! The agent: what makes a process a worker.
//!
//! An **agent** registers, then runs N **slots**. A slot acquires a lease, runs one **attempt**, and ends it
//! with `complete` or `fail`. Beside each attempt a **renewal** keeps the lease alive, carries progress and
//! brings back what the coordinator wants. What an attempt does is not known here: it is
//! an [`Attempt`](crate::attempt::Attempt).
//!
//! Whatever the network does, three rules hold.
//!
//! - Silence is not a verdict. Each verb is repeated under the same names until it is answered. Only after
//!   `orphan_after_ms` without any answer does a worker stop an attempt on its own.
//! - An attempt that was stopped reports no receipt, and one that reported a receipt discards its uploads only
//!   when told that another receipt won. Uploads of unknown fate are left: the coordinator may have accepted them.
//! - A panic ends its attempt, as a failure of class `Bug`, and nothing else.
//!
//! A **drain** (signal, spot notice, or the coordinator's word) stops acquiring, gives attempts a grace to
//! finish, hands the rest back and says goodbye.

mod drain;
mod notices;
mod renewal;
mod run;
mod session;
mod slot;

pub use drain::{Drain, drain_on_signals};
pub use notices::drain_on_notices;
pub use run::run;
pub use session::AgentSettings;

#[cfg(test)]
mod tests;
