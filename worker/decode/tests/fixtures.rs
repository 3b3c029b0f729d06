//! Every fixture gives exactly what its JSON says.

mod support;

use std::path::Path;
use tarquet_common::codes::format;
use tarquet_decode::{KeyChoice, Options, decode};
use tarquet_kit::environment;

/// Decodes one case and tells what is wrong with the outcome.
fn check(case: &Path) -> Vec<String> {
    let (expected, bytes) = support::load(case);
    let key = expected["key"].as_str().unwrap_or("df").to_owned();
    let options = Options { key: KeyChoice::Named(key), ..Options::default() };
    let outcome = decode(bytes, &options);
    match (outcome, expected.get("expect_failure")) {
        (Ok(frame), None) => support::differences(&frame, &expected),
        (Ok(frame), Some(_)) => vec![format!("converted to {} rows instead of failing", frame.rows)],
        (Err(failure), None) => vec![format!("failed: {failure:?}")],
        (Err(failure), Some(wanted)) => {
            let place = failure.place.item.clone().unwrap_or_default();
            let (expected, found) = (failure.expected.clone(), failure.found.clone());
            let told =
                [failure.message.clone(), place, expected.unwrap_or_default(), found.unwrap_or_default()];
            let told = told.join(" ").to_lowercase();
            let words =
                wanted["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_lowercase());
            words
                .filter(|word| !told.contains(word))
                .map(|word| format!("{word:?} not in: {failure:?}"))
                .collect()
        }
    }
}

fn check_all(dir: &Path, wanted: impl Fn(&str) -> bool) {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for case in support::cases(dir) {
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        if wanted(&name) {
            checked += 1;
            wrong.extend(check(&case).into_iter().map(|problem| format!("{name}: {problem}")));
        }
    }
    assert!(checked > 0, "no case was checked");
    assert!(wrong.is_empty(), "{} problems in {checked} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn fixed_fixtures_of_three_pandas() {
    if let Some(dir) = environment::shared("fixtures/hdf5") {
        check_all(&dir, |name| name.contains("_fx_"));
    }
}

#[test]
fn table_fixtures_of_three_pandas() {
    if let Some(dir) = environment::shared("fixtures/hdf5") {
        check_all(&dir, |name| name.contains("_tb_"));
    }
}

#[test]
fn every_rule_of_fidelity_in_the_fixed_layout() {
    check_all(&support::fidelity(), |name| name.contains("_fx_"));
}

#[test]
fn every_rule_of_fidelity_in_tables() {
    check_all(&support::fidelity(), |name| name.contains("_tb_"));
}

#[test]
fn hostile_and_plain_files() {
    check_all(&support::fidelity(), |name| !name.contains("_tb_") && !name.contains("_fx_"));
}

#[test]
fn several_frames_need_a_key() {
    let bytes = support::bytes(&support::fidelity().join("d05_fx_key_two_p23.h5.gz"));
    let failure = decode(bytes.clone(), &Options::default()).unwrap_err();
    assert_eq!(failure.code, format::SEVERAL_FRAMES);
    assert!(failure.found.as_deref().is_some_and(|found| found.contains("second")), "{failure:?}");
    let options = Options { key: KeyChoice::Named("third".to_owned()), ..Options::default() };
    let failure = decode(bytes, &options).unwrap_err();
    assert_eq!(failure.code, format::WRONG_KEY);
    assert!(failure.hint().contains("hdf5.key"), "{failure:?}");
}
