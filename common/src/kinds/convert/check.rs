//! What types cannot say of a `convert` spec. Offline: nothing is reached.

use super::ConvertSpec;
use crate::{
    codes::spec as codes,
    sections::{RowGroup, SchemaMode, SpecError, check_globs, check_inputs, check_outside, parse_uri},
    units::Bytes,
};

/// Most partitions a job may have: names have room for more, a coordinator's memory does not.
const PARTITIONS_MAX: u32 = 1_000_000;

/// Finds the first thing wrong with `spec`.
///
/// # Errors
/// What is wrong, and with which key.
pub fn check(spec: &ConvertSpec) -> Result<(), SpecError> {
    if spec.input.uris.is_empty() {
        return Err(SpecError::about(codes::MISSING_KEY, "input.uris", "no input is named"));
    }
    check_globs("input.uris", &spec.input.uris)?;
    check_globs("input.exclude", &spec.input.exclude)?;
    check_globs("input.members.include", &spec.input.members.include)?;
    check_globs("input.members.exclude", &spec.input.members.exclude)?;
    for uri in &spec.input.uris {
        parse_uri("input.uris", uri)?;
    }
    let index = spec.output.index_uri.as_deref().map(|uri| ("output.index_uri", uri));
    check_outside(spec.output.place(), index.as_slice())?;
    check_inputs(spec.output.place(), &spec.input.uris)?;
    check_schema(spec)?;
    check_numbers(spec)
}

fn check_schema(spec: &ConvertSpec) -> Result<(), SpecError> {
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

fn check_numbers(spec: &ConvertSpec) -> Result<(), SpecError> {
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
    if let RowGroup::Bytes(b) = spec.output.row_group
        && b < Bytes::mib(1)
    {
        return bad("output.row_group", format!("row groups of {b} are too small; write at least 1 MiB"));
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
