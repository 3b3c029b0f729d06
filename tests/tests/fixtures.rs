//! The fixtures of fidelity are whole: every rule that a file can show has files, each with its JSON.

use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};
use tarquet_kit::environment::repository;

/// Rules that speak of what is written, or of settings: no input file of their own shows them.
const WITHOUT_FILES: [u64; 3] = [1, 22, 23];
const RULES: u64 = 23;
const TOTAL_BYTES_MAX: u64 = 3_000_000;

fn directory() -> PathBuf {
    repository().join("tests/fixtures/fidelity")
}

fn expectations() -> Vec<(String, Value)> {
    let entries = fs::read_dir(directory()).unwrap().map(|e| e.unwrap().path());
    let jsons = entries.filter(|p| p.extension().is_some_and(|e| e == "json"));
    jsons
        .map(|p| {
            let name = p.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_slice(&fs::read(p).unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn every_rule_has_files() {
    let ruled: BTreeSet<u64> = expectations().iter().map(|(_, e)| e["rule"].as_u64().unwrap()).collect();
    let missing: Vec<u64> =
        (1..=RULES).filter(|r| !ruled.contains(r) && !WITHOUT_FILES.contains(r)).collect();
    assert!(missing.is_empty(), "rules {missing:?} are without a fixture");
}

#[test]
fn names_say_the_rule_and_each_file_has_its_json() {
    let mut told = BTreeSet::new();
    for (name, expectation) in expectations() {
        let rule = expectation["rule"].as_u64().unwrap();
        let prefix = if rule == 0 { "d05_".to_owned() } else { format!("r{rule:02}_") };
        assert!(name.starts_with(&prefix), "{name} speaks of rule {rule}");
        let file = expectation["file"].as_str().unwrap();
        assert!(directory().join(file).is_file(), "{name} tells of {file}, which is not there");
        told.insert(file.to_owned());
    }
    let entries = fs::read_dir(directory()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let untold: Vec<String> =
        entries.filter(|n| (n.ends_with(".h5") || n.ends_with(".h5.gz")) && !told.contains(n)).collect();
    assert_eq!(untold, Vec::<String>::new(), "files that no JSON tells of");
}

#[test]
fn each_json_says_what_must_come_out() {
    for (name, e) in expectations() {
        let fails = e.get("expect_failure").is_some_and(|f| f["words"].is_array());
        let rows = e.get("rows").and_then(Value::as_u64);
        assert!(fails != rows.is_some(), "{name} must either fail or hold rows");
        for column in e["columns"].as_array().into_iter().flatten() {
            let values = column["values"].as_array().unwrap().len() as u64;
            assert_eq!(Some(values), rows, "{name}: column {}", column["name"]);
        }
    }
}

#[test]
fn they_stay_small() {
    let sizes = fs::read_dir(directory()).unwrap().map(|e| e.unwrap().metadata().unwrap().len());
    let total: u64 = sizes.sum();
    assert!(total < TOTAL_BYTES_MAX, "the fixtures take {total} bytes");
}
