//! From a file, or standard input, to a spec; mistakes keep the text to point into.

use crate::{
    args::{JobFlags, StoreFlags},
    error::{CliError, SpecProblem},
};
use std::{io::Read, path::Path};
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    kinds::convert::ConvertSpec,
    spec::{self, Spec},
};

/// Largest text that is taken for a spec.
const TEXT_MAX: u64 = 4 << 20;

/// Reads and checks the spec in a file; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Spec, CliError> {
    let text = read_text(path)?;
    parse(&path.display().to_string(), text)
}

/// Checks the text of a spec.
pub(crate) fn parse(file: &str, text: String) -> Result<Spec, CliError> {
    spec::parse(&text).map_err(|e| {
        let at = e.at;
        CliError::Spec(Box::new(SpecProblem { file: file.to_owned(), text, failure: e.into_failure(), at }))
    })
}

fn read_text(path: &Path) -> Result<String, CliError> {
    let unreadable = |e: std::io::Error| {
        let failure = Failure::new(codes::NO_SPEC, format!("{} cannot be read", path.display()));
        CliError::from(failure.caused_by(&e))
    };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(TEXT_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|f| f.take(TEXT_MAX).read_to_string(&mut text))
    };
    read.map_err(unreadable)?;
    Ok(text)
}

/// The spec of a command line: a file, or input and output.
pub(crate) fn of_flags(job: &JobFlags, store: &StoreFlags) -> Result<Spec, CliError> {
    let mut spec = match (&job.spec, &job.output) {
        (Some(path), _) => read(path)?,
        (None, Some(output)) => Spec::Convert(ConvertSpec::new(job.input.clone(), output.clone())),
        (None, None) => return Err(nothing_given()),
    };
    let Spec::Convert(convert) = &mut spec;
    if job.partitions.is_some() {
        convert.output.partitions = job.partitions;
    }
    if job.index.is_some() {
        convert.output.index_uri.clone_from(&job.index);
    }
    store.complete_spec(&mut spec);
    spec::check(&spec).map_err(|e| CliError::from(e.into_failure()))?;
    Ok(spec)
}

fn nothing_given() -> CliError {
    let failure = Failure::new(codes::BAD_ARGUMENT, "no job is given");
    failure.with_hint("Give a SPEC, or --input and --output.").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(partitions: u32) -> JobFlags {
        let index = Some("idx".to_owned());
        let output = Some("out".to_owned());
        JobFlags {
            spec: None,
            input: vec!["in/*.tar.lz4".into()],
            output,
            partitions: Some(partitions),
            index,
        }
    }

    #[test]
    fn flags_make_a_spec_and_fill_in_stores() {
        let store = StoreFlags { endpoint_url: Some("http://x".into()), ..StoreFlags::default() };
        let Spec::Convert(spec) = of_flags(&flags(7), &store).unwrap();
        assert_eq!((spec.output.partitions, spec.output.index_uri.as_deref()), (Some(7), Some("idx")));
        assert_eq!(spec.input.store.endpoint.as_deref(), Some("http://x"));
    }

    #[test]
    fn flags_are_checked_as_a_file_is() {
        let Err(CliError::Failure(failure)) = of_flags(&flags(0), &StoreFlags::default()) else { panic!() };
        assert_eq!(failure.code, codes::BAD_VALUE);
    }

    #[test]
    fn what_the_spec_says_wins_over_flags() {
        let text = "version=1\nkind='convert'\n[input]\nuris=['a']\n[output]\nuri='b'\n[input.store]\nregion='here'\n";
        let mut spec = parse("x", text.into()).unwrap();
        StoreFlags { region: Some("there".into()), ..StoreFlags::default() }.complete_spec(&mut spec);
        assert_eq!(spec.objects().store.region.as_deref(), Some("here"));
        assert_eq!(spec.place().store.region.as_deref(), Some("there"));
    }
}
