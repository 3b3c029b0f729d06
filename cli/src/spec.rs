//! Specs on the command line: reading a file or flags into one, and describing the formats.

use crate::{
    args::StoreFlags,
    error::{CliError, SpecProblem},
    kinds::{self, Format, Key, Noun, RunFlags, STORE},
};
use serde_json::{Map, Value, json};
use std::{
    io::Read,
    path::{Path, PathBuf},
};
use tarquet_common::{
    codes::{ourselves, spec as codes},
    failure::Failure,
    spec::{self, Kind, Spec},
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

/// The schema of all specs: that of the only kind, or any one of several.
pub(crate) fn json_schema() -> Value {
    any_of(Kind::ALL.iter().map(|kind| of_kind(*kind)).collect())
}

fn any_of(mut schemas: Vec<Map<String, Value>>) -> Value {
    let mut schema = match schemas.len() {
        1 => schemas.remove(0),
        _ => Map::from_iter([("title".to_owned(), json!(TITLE)), ("oneOf".to_owned(), json!(schemas))]),
    };
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    Value::Object(schema)
}

/// What a spec is called in it.
const TITLE: &str = "A Tarquet job spec";

/// The schema of one kind.
fn of_kind(kind: Kind) -> Map<String, Value> {
    let face = kinds::of(kind);
    let (format, item) = (face.format(), face.words().item);
    let mut root = section(TITLE);
    for key in format.keys {
        insert(&mut root, key.path, leaf(key, &format, kind, item));
    }
    for side in format.stores {
        for key in &STORE {
            insert(&mut root, &format!("{side}.{}", key.path), leaf(key, &format, kind, item));
        }
    }
    for (path, keys) in format.required {
        at(&mut root, path).insert("required".into(), json!(keys));
    }
    root
}

fn section(title: &str) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("title".into(), json!(title));
    map.insert("type".into(), json!("object"));
    map.insert("additionalProperties".into(), json!(false));
    map.insert("properties".into(), json!({}));
    map
}

fn leaf(key: &Key, format: &Format, kind: Kind, item: Noun) -> Value {
    let mut schema = key.takes.schema(kind);
    schema["description"] = json!(key.about.replace("{items}", item.many).replace("{item}", item.one));
    let (section, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
    let required = format.required.iter().any(|(of, keys)| *of == section && keys.contains(&name));
    let default = key.path.split('.').try_fold(&format.defaults, |v, part| v.get(part));
    if let (Some(default), false) = (default, required) {
        schema["default"] = default.clone();
    }
    schema
}

/// The section at a path, made on the way.
fn at<'a>(root: &'a mut Map<String, Value>, path: &str) -> &'a mut Map<String, Value> {
    path.split('.').filter(|p| !p.is_empty()).fold(root, |section_map, part| {
        let properties = section_map.entry("properties").or_insert_with(|| json!({}));
        let child = properties
            .as_object_mut()
            .expect("properties is always written as an object")
            .entry(part)
            .or_insert_with(|| Value::Object(section(part)));
        child.as_object_mut().expect("sections are written as objects")
    })
}

fn insert(root: &mut Map<String, Value>, path: &str, schema: Value) {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let properties = at(root, parent).entry("properties").or_insert_with(|| json!({}));
    properties
        .as_object_mut()
        .expect("properties is always written as an object")
        .insert(name.into(), schema);
}

#[cfg(test)]
mod tests;
