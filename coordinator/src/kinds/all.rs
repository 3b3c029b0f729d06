//! Each kind, by the word in a spec.

use super::convert;
use crate::{
    planner::{Intent, Kinds, PlanAsk, PlanFailed, Planned},
    stores::OpenStores,
};
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use tarquet_common::{codes::spec as codes, failure::Failure, spec::Spec};

/// All kinds.
pub struct AllKinds {
    stores: Arc<dyn OpenStores>,
    created_by: String,
}

impl AllKinds {
    /// `created_by` is written into every file: identical bytes hold for one build.
    pub fn new(stores: Arc<dyn OpenStores>, created_by: String) -> Self {
        Self { stores, created_by }
    }
}

#[async_trait]
impl Kinds for AllKinds {
    fn intake(&self, spec: &Value) -> Result<Intent, Failure> {
        let spec = read(spec)?;
        tarquet_common::spec::check(&spec).map_err(tarquet_common::spec::SpecError::into_failure)?;
        match &spec {
            Spec::Convert(spec) => convert::intent(spec),
        }
    }

    async fn plan_stage(&self, ask: PlanAsk) -> Result<Planned, PlanFailed> {
        let planned = async {
            let spec = read(&ask.job.spec)?;
            match &spec {
                Spec::Convert(spec) => convert::plan(&*self.stores, spec, &ask, &self.created_by).await,
            }
        };
        planned.await.map_err(|failure| PlanFailed { fatal: is_fatal(&failure), failure })
    }
}

/// Looks whether a job could begin: its inputs are there and its output is empty. Writes nothing.
///
/// # Errors
/// `NO_MATCH`, `OUTPUT_NOT_EMPTY`, what the stores said.
pub async fn preflight(spec: &Spec) -> Result<(), Failure> {
    let stores = tarquet_common::store::Stores::new();
    match spec {
        Spec::Convert(spec) => convert::preflight(&stores, spec).await,
    }
}

fn read(spec: &Value) -> Result<Spec, Failure> {
    serde_json::from_value(spec.clone())
        .map_err(|e| Failure::new(codes::BAD_VALUE, "the spec cannot be used").caused_by(&e))
}

/// What the user asked for cannot be: no repair will help.
fn is_fatal(failure: &Failure) -> bool {
    failure.class() == tarquet_common::failure::Class::Usage
}
