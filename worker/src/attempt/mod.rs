//! Attempts: what stands between a lease and a kind's work.
//!
//! An attempt reads its stage's **plan** (the head once per stage, its own block each time), opens what the kind needs,
//! runs the kind on threads of its own, and turns what came out into a receipt. Uploads that were begun are aborted when
//! the attempt does not finish.

mod open;
mod plan;
mod runner;
mod work;

pub(crate) use open::Opener;
pub use plan::{PlanReader, ShardPlan};
pub use runner::{Runner, RunnerSettings, Site};
pub use work::{Artifacts, Work};
