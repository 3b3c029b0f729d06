//! A `convert` spec as the engine sees it, and what types cannot say of it.

use super::ConvertSpec;
use crate::{
    codes::spec as codes,
    sections::{
        Errors, KindSpec, Objects, Place, RowGroup, SchemaMode, SpecError, check_globs, check_inputs,
        check_outside, check_store, parse_uri,
    },
    store::StoreSettings,
    units::Bytes,
};
use serde_json::Value;

/// Most partitions a job may have: names have room for more, a coordinator's memory does not.
const PARTITIONS_MAX: u32 = 1_000_000;

impl KindSpec for ConvertSpec {
    fn version(&self) -> u32 {
        self.version
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn objects(&self) -> Objects<'_> {
        self.input.objects()
    }

    fn place(&self) -> Place<'_> {
        self.output.place()
    }

    fn errors(&self) -> &Errors {
        &self.errors
    }

    fn stores_mut(&mut self) -> Vec<&mut StoreSettings> {
        vec![&mut self.input.store, &mut self.output.store]
    }

    fn uris_mut(&mut self) -> Vec<&mut String> {
        let output = &mut self.output;
        let others =
            [&mut output.job_uri, &mut output.index_uri, &mut self.schema.file].into_iter().flatten();
        self.input.uris.iter_mut().chain(others).chain([&mut output.uri]).collect()
    }

    fn check(&self) -> Result<(), SpecError> {
        check(self)
    }

    fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

fn check(spec: &ConvertSpec) -> Result<(), SpecError> {
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
    check_store("input.store", &spec.input.store)?;
    check_store("output.store", &spec.output.store)?;
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
