//! The specs of `examples/` are right, and together they show every key there is.

use crate::common::tarquet;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};

fn examples() -> Vec<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let dirs = [dir.clone(), dir.join("specs")];
    let files = dirs.iter().flat_map(|d| fs::read_dir(d).expect("it is there"));
    let paths = files.map(|f| f.expect("it can be listed").path());
    paths.filter(|p| p.extension().is_some_and(|e| e == "toml" || e == "json")).collect()
}

#[test]
fn every_example_is_a_right_spec() {
    let examples = examples();
    assert!(examples.len() >= 5, "{examples:?}");
    for file in examples {
        let checked = tarquet(&["spec", "check"]).arg(&file).output().expect("the command starts");
        assert!(checked.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&checked.stderr));
    }
}

/// Paths of all keys of a schema.
fn keys(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
    match schema.get("properties").and_then(Value::as_object) {
        Some(below) => below.iter().for_each(|(k, v)| keys(v, &format!("{path}.{k}"), out)),
        None => drop(out.insert(path.trim_start_matches('.').to_owned())),
    }
}

/// Paths of the keys that an example sets, or shows in a comment `# key = value`. A line of a spec tells them: sections in
/// brackets, one key a line, inline tables in braces.
fn shown(text: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut out = BTreeSet::new();
    for line in text.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split_once(']')) {
            name.0.clone_into(&mut section);
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim();
        let full = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        match value.trim().strip_prefix('{') {
            Some(inside) => {
                let inner = inside.split(',').filter_map(|part| part.split_once('='));
                out.extend(inner.map(|(k, _)| format!("{full}.{}", k.trim())));
            }
            None => drop(out.insert(full)),
        }
    }
    out
}

#[test]
fn every_key_is_shown_by_an_example() {
    let output = tarquet(&["spec", "schema"]).output().expect("the command starts");
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut all = BTreeSet::new();
    keys(&schema, "", &mut all);
    assert!(all.len() > 40, "{all:?}");
    let texts = examples().into_iter().map(|f| fs::read_to_string(f).expect("it is text"));
    let shown: BTreeSet<String> = texts.flat_map(|t| shown(&t)).collect();
    let missing: Vec<_> = all.difference(&shown).collect();
    assert!(missing.is_empty(), "no example shows {missing:?}");
}
