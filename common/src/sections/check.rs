//! What types cannot say of a section, for the kinds that have it. Offline: nothing is reached.

use super::{Place, SpecError};
use crate::{
    codes::spec as codes,
    store::{StoreSettings, Uri},
};

/// Every one of `globs`, the value of `key`, has to be a glob.
///
/// # Errors
/// `BAD_GLOB`.
pub fn check_globs(key: &str, globs: &[String]) -> Result<(), SpecError> {
    for glob in globs {
        globset::GlobBuilder::new(glob).literal_separator(true).build().map_err(|e| {
            SpecError::about(codes::BAD_GLOB, key, format!("{glob:?} is not a glob: {}", e.kind()))
        })?;
    }
    Ok(())
}

/// A store that is named brings its endpoint and profile.
///
/// # Errors
/// `BAD_VALUE`.
pub fn check_store(section: &str, store: &StoreSettings) -> Result<(), SpecError> {
    if store.name.is_some() && (store.endpoint.is_some() || store.profile.is_some()) {
        let text = "a store that is named brings its endpoint and profile; name it, or say where it is";
        return Err(SpecError::about(codes::BAD_VALUE, &format!("{section}.name"), text));
    }
    Ok(())
}

/// The URI in `text`, the value of `key`.
///
/// # Errors
/// `BAD_URI`.
pub fn parse_uri(key: &str, text: &str) -> Result<Uri, SpecError> {
    Uri::parse_here(text).map_err(|e| SpecError::about(codes::BAD_URI, key, e.to_string()))
}

/// The place that a spec's output goes to, and that nothing else of it is inside: not the job's own objects, and none of
/// the `others` (key and URI).
///
/// # Errors
/// `MISSING_KEY`, `BAD_URI`, `BUCKET_ROOT`, `OUTPUT_OVERLAP`.
pub fn check_outside(place: Place<'_>, others: &[(&str, &str)]) -> Result<(), SpecError> {
    if place.uri.is_empty() {
        return Err(SpecError::about(codes::MISSING_KEY, "output.uri", "no output is named"));
    }
    let root = parse_uri("output.uri", place.uri)?;
    let side = side_of(&place, &root)?;
    let inside = |key: &str, uri: &Uri| {
        let name = key.rsplit('.').next().unwrap_or(key);
        let text = format!("{name} {uri} is inside the output, which must hold only part files");
        Err(SpecError::about(codes::OUTPUT_OVERLAP, key, text))
    };
    if side.is_inside(&root) {
        return inside("output.job_uri", &side);
    }
    for (key, text) in others {
        let uri = parse_uri(key, text)?;
        if uri.is_inside(&root) {
            return inside(key, &uri);
        }
    }
    Ok(())
}

/// No input may match what the job writes.
///
/// # Errors
/// `BAD_URI`, `OUTPUT_OVERLAP`.
pub fn check_inputs(place: Place<'_>, uris: &[String]) -> Result<(), SpecError> {
    let root = parse_uri("output.uri", place.uri)?;
    let side = side_of(&place, &root)?;
    for uri in uris {
        let input = parse_uri("input.uris", uri)?;
        if reaches(&input, &root) || reaches(&input, &side) {
            let text = format!("the input {uri:?} can match what this job writes to {:?}", place.uri);
            return Err(SpecError::about(codes::OUTPUT_OVERLAP, "output.uri", text)
                .with_hint("choose an output that no input can match"));
        }
    }
    Ok(())
}

/// Where the job's own objects go.
fn side_of(place: &Place<'_>, root: &Uri) -> Result<Uri, SpecError> {
    match (place.job_uri, root.sibling(".tarquet")) {
        (Some(uri), _) => parse_uri("output.job_uri", uri),
        (None, Some(side)) => Ok(side),
        (None, None) => {
            let text = "the output is a whole bucket, so the job's own objects have no place beside it";
            Err(SpecError::about(codes::BUCKET_ROOT, "output.uri", text))
        }
    }
}

/// Whether an input (an object, a folder or a glob) could match an object below `root`.
fn reaches(input: &Uri, root: &Uri) -> bool {
    let (input, root) = (input.resolved(), root.resolved());
    match input.split_glob() {
        (folder, None) => root.is_inside(&folder),
        (base, Some(pattern)) => {
            let Some(below) = root.key_under(&base) else { return base.is_inside(&root) };
            let Ok(glob) = globset::GlobBuilder::new(pattern).literal_separator(true).build() else {
                return true;
            };
            let matcher = glob.compile_matcher();
            let sample =
                |name: &str| if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            ["part-00000.parquet", "a/b/c", "x.tar.lz4", "x.h5"].iter().any(|n| matcher.is_match(sample(n)))
        }
    }
}
