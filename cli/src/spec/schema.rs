//! The formats of specs as JSON Schema (draft 2020-12), each built from its table of keys and the spec's own defaults.

use crate::kinds::{self, Format, Key, Noun, STORE};
use serde_json::{Map, Value, json};
use tarquet_common::spec::Kind;

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
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn leaves(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
        match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => {
                for (k, v) in properties {
                    leaves(v, &format!("{path}.{k}"), out);
                }
            }
            None => drop(out.insert(path.trim_start_matches('.').to_owned())),
        }
    }

    #[test]
    fn every_key_of_a_kind_is_in_its_schema_and_the_other_way_round() {
        for kind in Kind::ALL {
            let format = kinds::of(kind).format();
            let of_store = |side: &&str| STORE.map(|key| format!("{side}.{}", key.path));
            let mut keys: BTreeSet<String> = format.keys.iter().map(|key| key.path.to_owned()).collect();
            keys.extend(format.stores.iter().flat_map(of_store));
            let mut found = BTreeSet::new();
            leaves(&Value::Object(of_kind(kind)), "", &mut found);
            assert_eq!(found, keys, "{kind}");
        }
    }

    #[test]
    fn defaults_are_the_specs_own() {
        for kind in Kind::ALL {
            let schema = of_kind(kind);
            let errors = &schema["properties"]["errors"]["properties"];
            assert_eq!(errors["retries"]["default"], json!(4), "{kind}");
            assert!(schema["properties"]["kind"].get("default").is_none(), "{kind}");
        }
    }

    #[test]
    fn sentences_have_the_kinds_words() {
        let format = Format { keys: &[], stores: &[], required: &[], defaults: Value::Null };
        let key = Key { about: "How many {items} one {item} is.", ..STORE[0] };
        let told = leaf(&key, &format, Kind::ALL[0], Noun { one: "line", many: "lines" });
        assert_eq!(told["description"], json!("How many lines one line is."));
    }

    #[test]
    fn several_kinds_are_any_one_of_them() {
        let both = any_of(vec![section("a"), section("b")]);
        assert_eq!(both["oneOf"][1]["title"], json!("b"));
        assert_eq!((&both["title"], both["$schema"].is_string()), (&json!(TITLE), true));
        assert_eq!(any_of(vec![section("a")])["title"], json!("a"));
    }
}
