//! What a job asks of the engine, whatever its kind.

use serde::{Deserialize, Serialize};
use tarquet_common::units::Budget;

/// When artifacts become visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishMode {
    /// All or nothing: after every shard has a receipt and the outcome is written.
    #[default]
    Job,
    /// As receipts come.
    Shard,
}

/// What a failed input means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It is set aside and counted against the budget.
    #[default]
    Quarantine,
    /// It fails the job.
    Fail,
}

/// When the budget is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgeBudget {
    /// When all of a stage was tried; earlier where all of what was tried first has failed.
    #[default]
    AtEnd,
    /// At the first excess.
    AtOnce,
}

/// The part of a spec that the engine itself understands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobOptions {
    /// `output.publish`.
    pub publish: PublishMode,
    /// `errors.action`.
    pub on_error: OnError,
    /// `errors.max_failed`.
    pub max_failed: Budget,
    /// `errors.hold`.
    pub judge_budget: JudgeBudget,
    /// `errors.retries`: failures of its surroundings that a shard bears in one round.
    pub retries: u32,
    /// Larger goes first.
    pub priority: i32,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            publish: PublishMode::Job,
            on_error: OnError::Quarantine,
            max_failed: Budget::Count(0),
            judge_budget: JudgeBudget::AtEnd,
            retries: 4,
            priority: 0,
        }
    }
}
