//! An effect with all that it needs to know.

use std::sync::Arc;
use tarquet_common::receipt::Receipt;
use tarquet_core::{Catalog, Effect, JobRow, State, catalog};

/// An effect to be carried out.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// What.
    pub(crate) effect: Effect,
    /// The job it works for.
    pub(crate) job: Arc<JobRow>,
    /// For `PlanStage`: receipts of the stages before it.
    pub(crate) receipts: Vec<Vec<Arc<Receipt>>>,
    /// For `StoreCatalog`: what it says. For `ListOutput`: which keys are the job's own.
    pub(crate) catalog: Option<Catalog>,
}

impl Order {
    /// Takes from the state what the effect needs. `None` if the job is gone: then nobody waits for an outcome.
    pub(crate) fn of(state: &State, effect: Effect) -> Option<Self> {
        let id = effect.key().job().clone();
        let job = Arc::new(state.job(&id)?.clone());
        let receipts = match &effect {
            Effect::PlanStage { stage, .. } => {
                (0..*stage).map(|s| state.receipts(&id, s).cloned().collect()).collect()
            }
            _ => Vec::new(),
        };
        let catalog = match &effect {
            Effect::StoreCatalog { .. } | Effect::ListOutput { .. } | Effect::SweepUploads { .. } => {
                catalog(state, &id)
            }
            _ => None,
        };
        Some(Self { effect, job, receipts, catalog })
    }
}
