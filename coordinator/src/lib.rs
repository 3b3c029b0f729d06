//! The coordinator's shell around the pure decisions of `tarquet-core`.
//!
//! ```text
//! services (gRPC, HTTP) ─┐                       ┌─▶ ledger     sled, or memory
//!                        ├─▶ handle ─▶ driver ───┼─▶ effects    conditional objects, plans, uploads
//! worker in this process ┘        (the one writer)└─▶ planner    what each kind of job brings
//!                                     ▲
//!                                  rebuild       from the objects of jobs, at each start
//! ```
//!
//! [`Coordinator::start`] gives a coordinator in this process; [`serve`] puts it on the network. Nothing here decides
//! what happens to a job: that is the core's.

pub mod access;
mod catch_up;
pub mod claims;
mod driver;
mod effects;
mod handle;
mod inputs;
pub mod kinds;
pub mod ledger;
mod metrics;
pub mod objects;
mod offline;
mod planner;
mod rebuild;
mod services;
mod settings;
mod shared;
mod start;
mod stores;

pub use handle::{CoordinatorHandle, workers::ByWorker};
pub use offline::{FromObjects, from_objects};
pub use planner::{
    Intent, Kinds, Outlook, PlanAsk, PlanFailed, Planned, Planner, SampleSink, StageAsk, StageOutlook,
};
pub use services::{Serving, serve};
pub use settings::{CoordinatorSettings, FilePaths, ListenSettings};
pub use shared::SHARED_PROBE;
pub use start::Coordinator;
pub use stores::OpenStores;

#[cfg(test)]
mod tests {
    mod simulation;
}
