//! The single writer.
//!
//! One task owns the state and the ledger. It takes what is in its queue as one **batch**: decides each entry in
//! turn, makes the records of all of them durable with one commit, and only then starts effects and lets answers out.
//! While a commit is under way the next batch gathers, so a busy ledger is written in large groups and an idle one at
//! once.
//!
//! ```text
//! queue ─▶ decide … decide ─▶ commit ─▶ effects, answers, reads
//!    ▲                          │            │
//!    └── outcomes of effects ◀──┼────────────┘
//!                               └─ cannot be written: the process stops, and nothing of the batch was told
//! ```
//!
//! A call that has to wait is **parked** until what it waits for happens. Reads are served between batches, so nobody
//! sees what is not durable.

mod desk;
mod handle;
mod parked;
mod run;

pub(crate) use handle::{Dead, DriverHandle, NoReply};
pub(crate) use run::{Parts, spawn};
