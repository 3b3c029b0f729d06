//! `convert`'s side of planning that needs stores: listing inputs and reading indexes.
//!
//! ```text
//! listing ─▶ inputs (frozen in the job prefix) ─▶ tables (from indexes) ─▶ stages ─▶ plan objects
//! ```

mod filter;
pub mod indexes;
mod inputs;
mod intake;
mod listing;
mod pinned;
mod planning;
mod plans;
mod pure;
mod stages;
mod tables;

pub use filter::{Filter, Ignored};
pub use listing::{Listing, list_inputs};
pub use pinned::pinned_schema;
pub use pure::{ArchiveTable, ConvertPlan, SamplePlan, Shape, plan_convert, plan_sample};
pub use stages::{Context, convert_stage, freeze_stage, index_stage, sample_stage};
pub use tables::{Tables, load_tables};

pub(super) use intake::{intent, preflight};
pub(super) use planning::plan;
