//! The spec's format as JSON Schema (draft 2020-12), built from the table of keys and the spec's own defaults.

use super::keys::{KEYS, Key, STORE};
use serde_json::{Map, Value, json};
use tarquet_common::{kinds::convert::ConvertSpec, spec::Spec};

/// Keys that have no default.
const REQUIRED: [(&str, &[&str]); 3] =
    [("", &["version", "kind", "input", "output"]), ("input", &["uris"]), ("output", &["uri"])];

/// The schema.
pub(crate) fn json_schema() -> Value {
    let mut root = section("A Tarquet job spec");
    let defaults =
        serde_json::to_value(Spec::Convert(ConvertSpec::new(Vec::new(), String::new()))).unwrap_or_default();
    for key in KEYS {
        insert(&mut root, key.path, leaf(key, &defaults));
    }
    for side in ["input.store", "output.store"] {
        for key in &STORE {
            insert(&mut root, &format!("{side}.{}", key.path), leaf(key, &defaults));
        }
    }
    for (path, keys) in REQUIRED {
        at(&mut root, path).insert("required".into(), json!(keys));
    }
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    Value::Object(root)
}

fn section(title: &str) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("title".into(), json!(title));
    map.insert("type".into(), json!("object"));
    map.insert("additionalProperties".into(), json!(false));
    map.insert("properties".into(), json!({}));
    map
}

fn leaf(key: &Key, defaults: &Value) -> Value {
    let mut schema = key.takes.schema();
    schema["description"] = json!(key.about);
    let required = REQUIRED.iter().any(|(section, keys)| match key.path.rsplit_once('.') {
        Some((s, k)) => *section == s && keys.contains(&k),
        None => section.is_empty() && keys.contains(&key.path),
    });
    let default = key.path.split('.').try_fold(defaults, |v, part| v.get(part));
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
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tarquet_common::{
        spec::{Compression, SpecError},
        store::StoreSettings,
        units::Bytes,
    };

    /// A spec in which every key is written out.
    fn full() -> Value {
        let store = StoreSettings {
            endpoint: Some("http://x".into()),
            region: Some("r".into()),
            profile: Some("p".into()),
            anonymous: true,
            requester_pays: true,
            sse_kms_key: Some("k".into()),
            storage_class: Some("c".into()),
        };
        let mut spec = ConvertSpec::new(vec!["in".into()], "out".into());
        spec.name = Some("n".into());
        spec.schema.file = Some("s".into());
        spec.input.store = store.clone();
        spec.output.store = store;
        spec.output.partitions = Some(1);
        spec.output.partition_bytes = Some(Bytes::mib(1));
        spec.output.compression = Some(Compression::Zstd(3));
        spec.output.job_uri = Some("j".into());
        spec.output.index_uri = Some("i".into());
        serde_json::to_value(Spec::Convert(spec)).unwrap()
    }

    fn leaves(value: &Value, path: &str, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (k, v) in map {
                    leaves(v, &format!("{path}.{k}"), out);
                }
            }
            _ => drop(out.insert(path.trim_start_matches('.').to_owned())),
        }
    }

    fn schema_leaves(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
        match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => {
                for (k, v) in properties {
                    schema_leaves(v, &format!("{path}.{k}"), out);
                }
            }
            None => drop(out.insert(path.trim_start_matches('.').to_owned())),
        }
    }

    #[test]
    fn every_key_of_a_spec_is_in_the_schema_and_the_other_way_round() {
        let (mut spec, mut schema) = (BTreeSet::new(), BTreeSet::new());
        leaves(&full(), "", &mut spec);
        schema_leaves(&json_schema(), "", &mut schema);
        assert_eq!(spec, schema);
    }

    #[test]
    fn every_word_of_the_schema_is_understood_and_no_other() {
        for key in KEYS {
            let words = match key.takes {
                crate::spec::keys::Takes::Words(words) => words,
                _ => continue,
            };
            let with = |word: &str| -> Result<Spec, SpecError> {
                let mut spec = full();
                spec["output"].as_object_mut().unwrap().remove("partition_bytes");
                if word != "pinned" {
                    spec["schema"].as_object_mut().unwrap().remove("file");
                }
                let (section, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
                let parent = section.split('.').filter(|p| !p.is_empty()).fold(&mut spec, |v, p| &mut v[p]);
                parent[name] = json!(word);
                // A file is named under `pinned` and nowhere else.
                if spec["schema"]["mode"] != "pinned" {
                    spec["schema"].as_object_mut().unwrap().remove("file");
                }
                tarquet_common::spec::parse(&spec.to_string())
            };
            for word in words {
                assert!(with(word).is_ok(), "{} = {word}", key.path);
            }
            assert!(with("no-such-word").is_err(), "{}", key.path);
        }
    }

    #[test]
    fn defaults_are_the_specs_own() {
        let schema = json_schema();
        assert_eq!(schema["properties"]["errors"]["properties"]["retries"]["default"], json!(4));
        assert_eq!(schema["properties"]["output"]["properties"]["profile"]["default"], json!("portable"));
        assert!(schema["properties"]["output"]["properties"]["uri"].get("default").is_none());
    }
}
