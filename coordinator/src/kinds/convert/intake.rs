//! What a spec asks for, before anything is planned.

use super::{Filter, list_inputs, pinned_schema};
use crate::{planner::Intent, stores::OpenStores};
use tarquet_common::{
    codes::{plan as plan_codes, spec as codes},
    failure::Failure,
    kinds::convert::{ConvertSpec, STAGES},
    spec::{self, Kind, Spec},
    store::Uri,
};
use tarquet_core::{JobOptions, OnError, PublishMode};

/// What a spec asks for. Paths become absolute: what is kept means the same wherever it is read.
///
/// # Errors
/// `BAD_URI`.
pub(in crate::kinds) fn intent(given: &ConvertSpec) -> Result<Intent, Failure> {
    let spec = absolute(given)?;
    let mut places = Vec::new();
    for input in &spec.input.uris {
        places.push(uri(input)?.split_glob().0);
    }
    places.push(uri(&spec.output.index_uri())?);
    if let Some(file) = &spec.schema.file {
        places.push(uri(file)?);
    }
    Ok(Intent {
        name: spec.name.as_deref().unwrap_or_else(|| spec.output.place().last_segment()).to_owned(),
        kind: Kind::Convert.as_str().to_owned(),
        stages: STAGES.map(|words| words.name.to_owned()).to_vec(),
        output: uri(&spec.output.uri)?,
        store: spec.output.store.clone(),
        home: uri(&spec.output.place().home())?,
        places,
        options: JobOptions {
            publish: match spec.output.publish {
                spec::Publish::Job => PublishMode::Job,
                spec::Publish::Shard => PublishMode::Shard,
            },
            on_error: match spec.errors.action {
                spec::ErrorAction::Quarantine => OnError::Quarantine,
                spec::ErrorAction::Fail => OnError::Fail,
            },
            max_failed: spec.errors.max_failed,
            retries: spec.errors.retries,
            ..JobOptions::default()
        },
        spec: serde_json::to_value(Spec::Convert(spec)).expect("a spec is plain data"),
    })
}

/// Looks whether the job could begin, and writes nothing.
///
/// # Errors
/// `NO_MATCH`, `OUTPUT_NOT_EMPTY`, `PINNED_UNUSABLE`, what the stores said.
pub(in crate::kinds) async fn preflight(stores: &dyn OpenStores, spec: &ConvertSpec) -> Result<(), Failure> {
    Filter::new(&spec.input.members)?;
    list_inputs(stores, spec).await?;
    pinned_schema(stores, spec).await?;
    let output = stores.open(&uri(&spec.output.uri)?, &spec.output.store).await.map_err(Failure::from)?;
    let there = output.list("", None, 1).await.map_err(Failure::from)?;
    let Some(first) = there.objects.first() else { return Ok(()) };
    let text = format!("the output {} is not empty: it holds {}", spec.output.uri, first.key);
    Err(Failure::new(plan_codes::OUTPUT_NOT_EMPTY, text).at_uri(&spec.output.uri))
}

fn absolute(spec: &ConvertSpec) -> Result<ConvertSpec, Failure> {
    let mut spec = spec.clone();
    for input in &mut spec.input.uris {
        *input = uri(input)?.to_string();
    }
    let output = &mut spec.output;
    let others = [&mut output.job_uri, &mut output.index_uri, &mut spec.schema.file].into_iter().flatten();
    for text in others.chain([&mut output.uri]) {
        *text = uri(text)?.to_string();
    }
    Ok(spec)
}

fn uri(text: &str) -> Result<Uri, Failure> {
    Uri::parse_here(text).map_err(|e| Failure::new(codes::BAD_URI, e.to_string()).at_uri(text))
}
