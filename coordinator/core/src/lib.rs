//! Pure decisions of the coordinator: no I/O, no clock, no async, no chance.
//!
//! A **[`State`]** is what the coordinator knows. A **[`Command`]** is what happened: a user's wish, a
//! worker's verb, the outcome of an effect, or time passing. **[`decide`]** looks at both and returns a
//! **[`Decision`]**: durable **records**, volatile **notes**, **effects** to start, the **answer**, callers to
//! **wake**, and **events** that say why. [`State::absorb`] is the only thing that changes a state, and the
//! fold of all records is the state that [`State::load`] gives back.
//!
//! ```text
//!   command ──▶ decide ──▶ records ──▶ ledger, durable        (1) nothing leaves before this
//!                 ▲           └──────▶ absorb ──▶ state       (2)
//!                 │                    effects ─▶ store       (3) outcomes come back as commands
//!                 └── outcome ◀─────────┘ answer ─▶ caller    (4)
//! ```
//!
//! [`handle`] does decide and absorb until nothing more follows and merges the records into one decision,
//! which a driver writes as one transaction before it lets anything out. Should that write fail, the
//! process has to end: its memory is ahead of its ledger.
//!
//! An answer may be to **wait**. The driver parks the call and, when a later decision wakes what it waits
//! for, gives the answer that comes with the wake, or asks the same command again: every command is idempotent.
//!
//! Nothing here knows what a kind does: stages are names, shards are records of a stage plan, receipts
//! are opaque beyond their counts and artifacts. The last stage is always `publish`, which the coordinator
//! does itself through effects.
//!
//! ```text
//! phase      the states of a job, and all legal transitions
//! durable    the order of writes to the store, and why
//! schedule   which shard goes to whom (ordered keys)
//! retry      what a failure means for its shard
//! decide/    one file per group of commands
//! state/     rows, derived queues and counts; apply
//! views/     what people and scripts are told
//! ```

mod catalog;
mod command;
mod decide;
mod decision;
mod durable;
mod effect;
mod event;
mod jobs;
mod phase;
mod record;
mod retry;
mod rows;
mod schedule;
mod settings;
mod state;
pub mod views;

pub use catalog::{Catalog, CatalogEntry, catalog};
pub use command::{Command, Ended, Snapshot, StagePlan, Submit};
pub use decide::{decide, handle};
pub use decision::{Answer, Decision, Note, Refusal, Reply, WaitFor, Wake};
pub use durable::Durable;
pub use effect::{AcceptObject, Effect, EffectKey, Reopen, RoundsObject, Upload, VoidArtifacts, WhyReopen};
pub use event::{Event, What};
pub use jobs::{JobOptions, OnError, PublishMode};
pub use phase::{
    Back, Cancelled, Cataloguing, Checking, Claiming, Deciding, Done, Failed, Held, Hold, Phase, PhaseName,
    Planning, Publishing, Running, Verdict,
};
pub use record::{CorruptLedger, Key, Record};
pub use rows::{JobRow, LeaseRow, MetaRow, ShardRow, ShardState, StageRow};
pub use settings::Settings;
pub use state::State;
