//! Tests of the module above.

use super::*;
use crate::args::StoreFlags;
use clap::Parser;
use std::collections::BTreeSet;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    job: JobFlags,
}

fn flags(partitions: &str) -> JobFlags {
    let line = ["x", "--input", "in/*.tar.lz4", "--output", "out", "--index", "idx", "--partitions"];
    Line::parse_from(line.into_iter().chain([partitions])).job
}

#[test]
fn flags_make_a_spec_and_fill_in_stores() {
    let store = StoreFlags { endpoint_url: Some("http://x".into()), ..StoreFlags::default() };
    let spec = of_flags(&flags("7"), &store).unwrap();
    assert_eq!(spec.objects().store.endpoint.as_deref(), Some("http://x"));
    let output = serde_json::to_value(&spec).unwrap()["output"].clone();
    assert_eq!((&output["partitions"], &output["index_uri"]), (&json!(7), &json!("idx")));
}

#[test]
fn flags_are_checked_as_a_file_is() {
    let Err(CliError::Failure(failure)) = of_flags(&flags("0"), &StoreFlags::default()) else { panic!() };
    assert_eq!(failure.code, codes::BAD_VALUE);
}

#[test]
fn a_flag_that_is_no_key_of_the_kind_is_refused_by_name() {
    let spec = flags("7").line.spec().unwrap();
    let refused = with(&spec, "--frob", "output.frob.deep", json!(1));
    let Err(CliError::Failure(failure)) = refused else { panic!() };
    assert_eq!(failure.code, codes::BAD_ARGUMENT);
    let kind = spec.kind();
    assert_eq!(failure.message, format!("--frob does not go with a spec of kind {kind}"));
    assert!(failure.causes[0].contains("unknown field `frob`"), "{failure:?}");
}

#[test]
fn what_the_spec_says_wins_over_flags() {
    let text =
        "version=1\nkind='convert'\n[input]\nuris=['a']\n[output]\nuri='b'\n[input.store]\nregion='here'\n";
    let mut spec = parse("x", text.into()).unwrap();
    StoreFlags { region: Some("there".into()), ..StoreFlags::default() }.complete_spec(&mut spec);
    assert_eq!(spec.objects().store.region.as_deref(), Some("here"));
    assert_eq!(spec.place().store.region.as_deref(), Some("there"));
}

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
