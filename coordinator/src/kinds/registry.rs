//! The only place that names kinds, and the doors to them all.

use super::convert;
use crate::{
    planner::{Intent, Kinds, Outlook, PlanAsk, PlanFailed, Planned, Planner, SampleSink, StageAsk},
    stores::{OpenStores, output_is_free, parse_uri},
};
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use tarquet_common::{
    codes::{plan as plan_codes, spec as codes},
    failure::{Class, Failure},
    spec::{self, Kind, Place, Spec, SpecError},
    store::{StoreError, Stores},
};

/// The planner of a kind.
pub fn of(kind: Kind) -> &'static dyn Planner {
    match kind {
        Kind::Convert => &convert::Convert,
    }
}

/// All kinds, to the engine.
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
        let mut spec = read(spec)?;
        spec::check(&spec).map_err(SpecError::into_failure)?;
        for store in spec.stores_mut() {
            self.stores.check(store).map_err(not_listed)?;
        }
        of(spec.kind()).intake(&spec)
    }

    async fn plan_stage(&self, ask: PlanAsk) -> Result<Planned, PlanFailed> {
        // It was read when the job was submitted: a build that cannot is another build's successor, and no reason to end
        // a job for good.
        let spec = read(&ask.job.spec).map_err(|failure| PlanFailed { fatal: false, failure })?;
        let planned = async {
            let ask = StageAsk {
                spec: &spec,
                stage: ask.job.stages.get(usize::from(ask.stage)).map_or("", String::as_str),
                receipts: &ask.receipts,
                stores: &*self.stores,
                job_store: &*ask.job_store,
                created_by: &self.created_by,
            };
            of(spec.kind()).plan_stage(ask).await
        };
        // What the user asked for cannot be: no repair will help.
        planned.await.map_err(|failure| PlanFailed { fatal: failure.class() == Class::Usage, failure })
    }
}

/// Looks whether a job could begin: its inputs are there and its output is empty. Writes nothing.
///
/// # Errors
/// `NO_MATCH`, `OUTPUT_NOT_EMPTY`, what the kind and the stores said.
pub async fn preflight(stores: &Stores, spec: &Spec) -> Result<(), Failure> {
    of(spec.kind()).preflight(stores, spec).await?;
    output_is_empty(stores, spec.place()).await
}

/// What a job would do; bodies of a few items, as far as they were read anyway, go to `sample`. Writes nothing.
///
/// # Errors
/// `NO_MATCH`, what the kind and the stores said.
pub async fn outlook(stores: &Stores, spec: &Spec, sample: SampleSink<'_>) -> Result<Outlook, Failure> {
    of(spec.kind()).outlook(stores, spec, sample).await
}

async fn output_is_empty(stores: &Stores, place: Place<'_>) -> Result<(), Failure> {
    let output = stores.open(&parse_uri(place.uri)?, place.store).await?;
    output_is_free(&*output).await.map_err(|mut failure| {
        if let Some(found) = failure.found.take_if(|_| failure.code == plan_codes::OUTPUT_NOT_EMPTY) {
            failure.message = format!("the output {} is not empty: it holds {found}", place.uri);
            failure.expected = None;
        }
        failure.at_uri(place.uri)
    })
}

/// A store that a spec asks for in vain: the spec is wrong, not our configuration.
fn not_listed(error: StoreError) -> Failure {
    match error {
        StoreError::NotConfigured { asked } => {
            Failure::new(codes::STORE_NOT_LISTED, format!("{asked} is not configured here"))
        }
        other => other.into(),
    }
}

/// A spec as it is kept, typed again.
fn read(spec: &Value) -> Result<Spec, Failure> {
    serde_json::from_value(spec.clone())
        .map_err(|e| Failure::new(codes::BAD_VALUE, "the spec cannot be used").caused_by(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kinds() -> AllKinds {
        AllKinds::new(Arc::new(Stores::new()), "a test".to_owned())
    }

    #[test]
    fn a_spec_that_does_not_read_is_a_failure_with_a_name() {
        for spec in [json!(null), json!({}), json!({"kind": "konvert"}), json!({"kind": "convert"})] {
            assert_eq!(kinds().intake(&spec).unwrap_err().code, codes::BAD_VALUE, "{spec}");
        }
    }

    #[test]
    fn an_intent_is_absolute_and_names_every_place() {
        let spec = json!({
            "version": 1, "kind": "convert", "input": {"uris": ["in/*.tar", "s3://bucket/x/a.tar"]},
            "output": {"uri": "out", "index_uri": "idx", "publish": "shard"},
            "errors": {"action": "fail", "retries": 9}
        });
        let intent = kinds().intake(&spec).unwrap();
        let here = std::env::current_dir().unwrap();
        let here = |name: &str| here.join(name).to_str().unwrap().to_owned();
        let path = |uri: &tarquet_common::store::Uri| {
            uri.path().map_or(uri.to_string(), |p| p.to_str().unwrap().trim_end_matches('/').to_owned())
        };
        assert_eq!(
            (intent.name.as_str(), intent.kind.as_str(), &*intent.item.one),
            ("out", "convert", "member")
        );
        assert_eq!((path(&intent.output), path(&intent.home)), (here("out"), here("out.tarquet")));
        let places: Vec<String> = intent.places.iter().map(path).collect();
        assert_eq!(places, [here("in"), "s3://bucket/x/a.tar".to_owned(), here("idx")]);
        assert_eq!(intent.options.retries, 9);
        assert_eq!(intent.stages.last().map(String::as_str), Some("publish"));
        let again = kinds().intake(&intent.spec).unwrap();
        assert_eq!(again.spec, intent.spec, "what is kept is what is read");
    }
}
