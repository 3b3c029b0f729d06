//! From what was typed to a spec.

use super::read;
use crate::{args::StoreFlags, error::CliError, kinds::RunFlags};
use serde_json::{Value, json};
use std::path::PathBuf;
use tarquet_common::{
    codes::{ourselves, spec as codes},
    failure::Failure,
    spec::{self, Spec},
};

/// A job given by a spec, or in a line.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct JobFlags {
    /// Job spec: TOML or JSON; - reads standard input
    #[arg(value_name = "SPEC")]
    pub spec: Option<PathBuf>,
    /// The line.
    #[command(flatten)]
    pub line: RunFlags,
}

/// The spec of a command line.
pub(crate) fn of_flags(job: &JobFlags, store: &StoreFlags) -> Result<Spec, CliError> {
    let mut spec = match &job.spec {
        Some(path) => read(path)?,
        None => job.line.spec().ok_or_else(nothing_given)?,
    };
    for (flag, path, value) in job.line.keys() {
        spec = with(&spec, flag, path, value)?;
    }
    store.complete_spec(&mut spec);
    spec::check(&spec).map_err(|e| CliError::from(e.into_failure()))?;
    Ok(spec)
}

fn nothing_given() -> CliError {
    let failure = Failure::new(codes::BAD_ARGUMENT, "no job is given");
    failure.with_hint("Give a SPEC, or --input and --output.").into()
}

/// The spec with a key set. Whether its kind has such a key, it knows best.
fn with(spec: &Spec, flag: &str, path: &str, value: Value) -> Result<Spec, CliError> {
    let mut sections = serde_json::to_value(spec).map_err(|e| {
        Failure::new(ourselves::INVARIANT, "the spec cannot be written as JSON").caused_by(&e)
    })?;
    let place = path.split('.').fold(&mut sections, |section, key| {
        if !section.is_object() {
            *section = json!({});
        }
        &mut section[key]
    });
    *place = value;
    serde_json::from_value(sections).map_err(|e| {
        let text = format!("{flag} does not go with a spec of kind {}", spec.kind());
        Failure::new(codes::BAD_ARGUMENT, text).caused_by(&e).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        job: JobFlags,
    }

    fn flags(partitions: &str) -> JobFlags {
        let line = ["x", "--input", "in/*.tar.lz4", "--output", "out", "--index", "idx", "--partitions"];
        Line::parse_from(line.into_iter().chain([partitions])).job
    }

    #[test]
    fn flags_make_a_spec_and_fill_in_stores() {
        let store = StoreFlags { endpoint_url: Some("http://x".into()), ..StoreFlags::default() };
        let spec = of_flags(&flags("7"), &store).unwrap();
        assert_eq!(spec.objects().store.endpoint.as_deref(), Some("http://x"));
        let output = serde_json::to_value(&spec).unwrap()["output"].clone();
        assert_eq!((&output["partitions"], &output["index_uri"]), (&json!(7), &json!("idx")));
    }

    #[test]
    fn flags_are_checked_as_a_file_is() {
        let Err(CliError::Failure(failure)) = of_flags(&flags("0"), &StoreFlags::default()) else { panic!() };
        assert_eq!(failure.code, codes::BAD_VALUE);
    }

    #[test]
    fn a_flag_that_is_no_key_of_the_kind_is_refused_by_name() {
        let spec = flags("7").line.spec().unwrap();
        let refused = with(&spec, "--frob", "output.frob.deep", json!(1));
        let Err(CliError::Failure(failure)) = refused else { panic!() };
        assert_eq!(failure.code, codes::BAD_ARGUMENT);
        let kind = spec.kind();
        assert_eq!(failure.message, format!("--frob does not go with a spec of kind {kind}"));
        assert!(failure.causes[0].contains("unknown field `frob`"), "{failure:?}");
    }
}
