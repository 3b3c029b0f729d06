//! From a file, or standard input, to a spec; mistakes keep the text to point into.

use crate::error::{CliError, SpecProblem};
use std::{io::Read, path::Path};
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::StoreFlags;

    #[test]
    fn what_the_spec_says_wins_over_flags() {
        let text = "version=1\nkind='convert'\n[input]\nuris=['a']\n[output]\nuri='b'\n[input.store]\nregion='here'\n";
        let mut spec = parse("x", text.into()).unwrap();
        StoreFlags { region: Some("there".into()), ..StoreFlags::default() }.complete_spec(&mut spec);
        assert_eq!(spec.objects().store.region.as_deref(), Some("here"));
        assert_eq!(spec.place().store.region.as_deref(), Some("there"));
    }
}
