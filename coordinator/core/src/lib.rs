//! Pure decisions of the coordinator: no I/O, no clock, no async, no chance.
//!
//! A **[`State`]** is what the coordinator knows. A **[`Cause`]** is what happened: an **[`Ask`]** from outside (a user's wish, a
//! worker's verb, time passing), the **[`Outcome`]** of an effect, or a **[`Step`]** that follows from another decision.
//! **[`decide`]** looks at state and cause and returns a **[`Decision`]**: durable **records**, volatile **notes**, **effects** to
//! start, the **answer** or refusal, callers to **wake**, and **events** that say why. [`State::absorb`] is the only thing that
//! changes a state, and the fold of all records is the state that [`State::load`] gives back.
//!
//! ```text
//!    ask ─────▶ decide ──▶ records ──▶ ledger, durable        (1) nothing leaves before this
//!                ▲  ▲ │       └──────▶ absorb ──▶ state       (2)
//!                │  └─┘ step           effects ─▶ store       (3)
//!                └──── outcome ◀─────────┘ answer ─▶ caller   (4)
//! ```
//!
//! [`handle`] does decide and absorb until nothing more follows and merges the records into one decision,
//! which a driver writes as one transaction before it lets anything out. Should that write fail, the
//! process has to end: its memory is ahead of its ledger.
//!
//! An answer may be to **wait**. The driver parks the call and, when a later decision wakes what it waits
//! for, gives the answer that comes with the wake, or has the same ask decided again: every ask is idempotent.
//!
//! Nothing here knows what a kind does: stages are names, shards are records of a stage plan, receipts
//! are opaque beyond their counts and artifacts. The last stage is always `publish`, which the coordinator
//! does itself through effects.
//!
//! ```text
//! phase      the states of a job, and all legal transitions
//! durable    the order of writes to the store, and why
//! objects    what the store holds of a job
//! rows       what the ledger holds of it; record: as keys and values; upgrade: as earlier releases wrote it; spec_json: shared
//! schedule   the order in which shards are leased
//! retry      what a failure means for its shard
//! decide/    one file per group of causes
//! state/     shards and their states, derived queues and counts; apply
//! views/     what people and scripts are told
//! ```

mod catalog;
mod cause;
mod decide;
mod decision;
mod durable;
mod effect;
mod event;
mod jobs;
mod objects;
mod phase;
mod record;
mod retry;
mod rows;
mod schedule;
mod settings;
mod spec_json;
mod state;
mod upgrade;
pub mod views;

pub use catalog::{Catalog, CatalogEntry, catalog};
pub use cause::{Ask, Cause, Outcome};
pub use decide::{decide, handle};
pub use decision::{Answer, Decision, Ended, Note, Refusal, Reply, Step, WaitFor, Wake};
pub use durable::Durable;
pub use effect::{Effect, EffectKey, Met};
pub use event::{Event, What};
pub use jobs::{JobOptions, JudgeBudget, OnError, PublishMode};
pub use objects::{
    AcceptObject, Reopen, RoundEnd, RoundOf, RoundsObject, Snapshot, StagePlan, Submit, Upload, Verdict,
    WhyReopen,
};
pub use phase::{
    Back, Cancelled, Cataloguing, Checking, Claiming, Deciding, Done, Failed, Held, Hold, Phase, PhaseName,
    Planning, Publishing, Running,
};
pub use record::{CorruptLedger, Key, Record};
pub use rows::{JobRow, LeaseRow, MetaRow, RowState, ShardRow, StageRow};
pub use settings::Settings;
pub use spec_json::SpecJson;
pub use state::State;
