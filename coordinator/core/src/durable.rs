//! The order of writes to the store, and why that order.
//!
//! A crash may fall between any two lines. Read downwards: each line is harmless without the next,
//! and the next is never there without it.
//!
//! ```text
//! job object   what was asked. Alone, it is litter in a prefix nobody points at
//! pointer      finds the job again. To a job without claim: nothing starts, `gc` removes it
//! claim        the output is ours. Without the two above nobody could ever go on or take over
//! generation   numbers attempts. Before the first lease of every start, so no number is used twice
//! plan         what all output is a function of. Before the first lease of the stage
//! round over   no attempt can win a round of a shard any more. Alone, it opens the next one
//! rounds       opens shards again. Before the first lease in the round, or a rebuild would not know it
//! receipt      an attempt has won. Before its worker hears so and before anything else builds on it
//! accept       somebody takes what is missing upon himself. Before anything that needs it
//! outcome      publish or not, once. After every receipt, before the first part of a job is visible
//! part         visible data. Only what a receipt names and, unless `publish = "shard"`, an outcome allows
//! catalog      who reads it sees all. After the last part
//! ```
//!
//! The ledger (our own rows) comes *before* an effect starts where the row is the intent (a phase), and *after*
//! the effect's outcome where the row is a copy of an object (receipt, round, accept, outcome). So a ledger that is lost can be rebuilt
//! from the objects, and one that is kept is never ahead of them.

use serde::{Deserialize, Serialize};

/// A kind of durable object; the order of declaration is the order of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durable {
    /// What was asked: spec, options, kind, stages.
    JobObject,
    /// `--registry` entry that points at the job prefix.
    Pointer,
    /// The output belongs to this job.
    Claim,
    /// One number of attempts.
    Generation,
    /// One stage's plan.
    Plan,
    /// A round of a shard is over without a receipt.
    RoundOver,
    /// Shards in a new round.
    Rounds,
    /// One shard's commit.
    Receipt,
    /// Going on without what failed.
    Accept,
    /// Publish, cancel or fail.
    Outcome,
    /// One object of the dataset.
    Part,
    /// The list of all.
    Catalog,
}
