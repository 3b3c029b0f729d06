//! What types cannot say of a spec. Offline: nothing is reached.

use super::{SchemaMode, Spec, SpecError};
use crate::codes::spec as codes;
use crate::store::Uri;
use crate::units::{Budget, Bytes};

/// Most partitions a job may have: names have room for more, a coordinator's memory does not.
const PARTITIONS_MAX: u32 = 1_000_000;

/// Finds the first thing wrong with `spec`.
pub fn check(spec: &Spec) -> Result<(), SpecError> {
    if spec.version != 1 {
        let text = format!("version {} of the spec format is not known", spec.version);
        return Err(
            SpecError::about(codes::BAD_VALUE, "version", text).with_hint("this build reads version 1")
        );
    }
    check_input(spec)?;
    check_output(spec)?;
    check_schema(spec)?;
    check_numbers(spec)
}

fn check_schema(spec: &Spec) -> Result<(), SpecError> {
    match (spec.schema.mode, &spec.schema.file) {
        (SchemaMode::Pinned, None) => {
            let text = "mode is pinned, and no file is named to take the schema from";
            Err(SpecError::about(codes::MISSING_KEY, "schema.file", text)
                .with_hint("name the schema.json of an earlier job: OUTPUT.tarquet/jobs/ID/schema.json"))
        }
        (SchemaMode::Infer | SchemaMode::Scan, Some(file)) => {
            let text = format!("{file:?} would not be read: mode is not pinned");
            Err(SpecError::about(codes::BAD_VALUE, "schema.file", text)
                .with_hint("set schema.mode to \"pinned\""))
        }
        (SchemaMode::Pinned, Some(file)) => parse_uri("schema.file", file).map(drop),
        (SchemaMode::Infer | SchemaMode::Scan, None) => Ok(()),
    }
}

fn check_input(spec: &Spec) -> Result<(), SpecError> {
    if spec.input.uris.is_empty() {
        return Err(SpecError::about(codes::MISSING_KEY, "input.uris", "no input is named"));
    }
    for (key, globs) in [
        ("input.uris", &spec.input.uris),
        ("input.exclude", &spec.input.exclude),
        ("input.members.include", &spec.input.members.include),
        ("input.members.exclude", &spec.input.members.exclude),
    ] {
        for glob in globs {
            globset::GlobBuilder::new(glob).literal_separator(true).build().map_err(|e| {
                SpecError::about(codes::BAD_GLOB, key, format!("{glob:?} is not a glob: {}", e.kind()))
            })?;
        }
    }
    for uri in &spec.input.uris {
        parse_uri("input.uris", uri)?;
    }
    Ok(())
}

fn parse_uri(key: &str, uri: &str) -> Result<Uri, SpecError> {
    Uri::parse_here(uri).map_err(|e| SpecError::about(codes::BAD_URI, key, e.to_string()))
}

fn check_output(spec: &Spec) -> Result<(), SpecError> {
    let output = &spec.output;
    if output.uri.is_empty() {
        return Err(SpecError::about(codes::MISSING_KEY, "output.uri", "no output is named"));
    }
    let root = parse_uri("output.uri", &output.uri)?;
    let side = match (&output.job_uri, root.sibling(".tarquet")) {
        (Some(uri), _) => parse_uri("output.job_uri", uri)?,
        (None, Some(side)) => side,
        (None, None) => {
            let text = "the output is a whole bucket, so the job's own objects have no place beside it";
            return Err(SpecError::about(codes::BUCKET_ROOT, "output.uri", text));
        }
    };
    if side.is_inside(&root) {
        let text = format!("job_uri {side} is inside the output, which must hold only part files");
        return Err(SpecError::about(codes::OUTPUT_OVERLAP, "output.job_uri", text));
    }
    if let Some(index_uri) = &output.index_uri {
        let index = parse_uri("output.index_uri", index_uri)?;
        if index.is_inside(&root) {
            let text = format!("index_uri {index} is inside the output, which must hold only part files");
            return Err(SpecError::about(codes::OUTPUT_OVERLAP, "output.index_uri", text));
        }
    }
    for uri in &spec.input.uris {
        let input = parse_uri("input.uris", uri)?;
        if reaches(&input, &root) || reaches(&input, &side) {
            let text = format!("the input {uri:?} can match what this job writes to {:?}", output.uri);
            return Err(SpecError::about(codes::OUTPUT_OVERLAP, "output.uri", text)
                .with_hint("choose an output that no input can match"));
        }
    }
    Ok(())
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

fn check_numbers(spec: &Spec) -> Result<(), SpecError> {
    let bad = |key: &str, text: String| Err(SpecError::about(codes::BAD_VALUE, key, text));
    match (spec.output.partitions, spec.output.partition_bytes) {
        (Some(_), Some(_)) => {
            return bad("output.partition_bytes", "partitions and partition_bytes exclude each other".into());
        }
        (Some(n), None) if n == 0 || n > PARTITIONS_MAX => {
            return bad("output.partitions", format!("{n} partitions; write 1 to {PARTITIONS_MAX}"));
        }
        (None, Some(Bytes(0))) => return bad("output.partition_bytes", "0 bytes a partition".into()),
        _ => {}
    }
    if let super::RowGroup::Bytes(b) = spec.output.row_group
        && b < Bytes::mib(1)
    {
        return bad("output.row_group", format!("row groups of {b} are too small; write at least 1 MiB"));
    }
    if let Budget::Percent(p) = spec.errors.max_failed
        && !(0.0..=100.0).contains(&p)
    {
        return bad("errors.max_failed", format!("{p} % is not between 0 and 100"));
    }
    if spec.schema.sample == 0 {
        return bad("schema.sample", "a sample of no member decides nothing".into());
    }
    let limits = &spec.limits;
    if limits.max_member_bytes < Bytes(1024) || limits.max_ratio == 0 || limits.max_members == 0 {
        return bad("limits.max_member_bytes", "a limit is too small for any member to pass".into());
    }
    Ok(())
}
