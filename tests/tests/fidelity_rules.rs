//! Every rule of fidelity has tests, and they are there.
//!
//! | rule | speaks of |
//! |---|---|
//! | 1, 2 | what "the same" means: `pd.concat`, judged by the pandas that wrote it |
//! | 3 | units of datetimes |
//! | 4–8 | the index: default or not, kept or dropped, its names, its kinds, `freq` |
//! | 9, 10 | attributes, pickles, empties, what cannot be held |
//! | 11–17 | values: missing, text, objects, categories, durations, columns' order, frames without columns |
//! | 18, 19 | names that clash, names that are no text |
//! | 20, 21 | drift between members: the sample, joins |
//! | 22, 23 | files: names, empty partitions, where row groups end |
//! | 24 | the three output profiles |
//!
//! Rules that a file can show have fixtures besides, written by the pandas they speak of (`fixtures.rs`), and every fixture
//! is decoded (`worker/decode/tests/fixtures.rs`) and judged end to end (`fidelity.rs`).

use std::{collections::BTreeSet, fs};
use tarquet_kit::environment::repository;

const DECODE: &str = "worker/decode/tests/fixtures.rs";
const HOSTILE: &str = "worker/decode/tests/hostile.rs";
const RULES: &str = "worker/encode/tests/files/rules.rs";
const PAGES: &str = "worker/encode/tests/files/pages.rs";
const READBACK: &str = "worker/encode/tests/files/readback.rs";
const JUDGED: &str = "tests/tests/fidelity.rs";
const PLANNED: &str = "coordinator/src/kinds/convert/shape/tests.rs";

/// The number of the profiles, which have none of their own.
const PROFILES: u64 = 24;

/// What is tested about each rule, beyond its fixtures.
const TESTS: [(u64, &str, &[&str]); 46] = [
    (1, JUDGED, &["pandas_reads_each_fixture_as_it_was", "pandas_concatenates_what_is_joined"]),
    (2, "tests/tests/oracle.rs", &["the_oracle_sees_with_pandas_2", "the_oracle_sees_with_pandas_3"]),
    (3, DECODE, &["every_rule_of_fidelity_in_the_fixed_layout", "every_rule_of_fidelity_in_tables"]),
    (3, RULES, &["timestamps_keep_their_unit_or_become_microseconds"]),
    (4, RULES, &["a_default_index_is_dropped_and_another_one_is_then_set_aside"]),
    (4, DECODE, &["every_rule_of_fidelity_in_tables"]),
    (5, RULES, &["a_default_index_is_dropped_and_another_one_is_then_set_aside"]),
    (5, RULES, &["a_kept_index_stands_behind_the_columns"]),
    (6, RULES, &["a_default_index_is_dropped_and_another_one_is_then_set_aside"]),
    (
        6,
        "tests/tests/processes/schema.rs",
        &["every_file_has_the_whole_schema_also_where_all_members_failed"],
    ),
    (7, RULES, &["level_names_and_clashes"]),
    (8, DECODE, &["every_rule_of_fidelity_in_the_fixed_layout"]),
    (9, DECODE, &["hostile_and_plain_files"]),
    (9, HOSTILE, &["thousands_of_mutants_neither_panic_nor_hang"]),
    (9, "tests/tests/processes/members.rs", &["a_pickle_that_would_run_code_is_set_aside_unrun"]),
    (10, RULES, &["types_that_no_file_can_hold_are_refused_by_name"]),
    (11, PAGES, &["every_type_reads_back_under_every_profile"]),
    (11, DECODE, &["every_rule_of_fidelity_in_tables"]),
    (
        12,
        READBACK,
        &["pandas_2_reads_what_it_would_have_written", "pandas_3_reads_what_it_would_have_written"],
    ),
    (13, RULES, &["what_is_missing_everywhere_fits_anything"]),
    (14, RULES, &["categories_keep_values_order_and_unused_ones", "categories_that_are_not_text_are_values"]),
    (14, READBACK, &["pandas_2_reads_what_it_would_have_written"]),
    (15, PAGES, &["every_type_reads_back_under_every_profile"]),
    (16, DECODE, &["every_rule_of_fidelity_in_tables"]),
    (17, RULES, &["frames_without_columns_are_counted_apart", "unnamed_series_are_called_zero"]),
    (18, RULES, &["names_that_clash_are_raised_and_warned_about"]),
    (19, RULES, &["names_read_back_as_what_they_were"]),
    (
        20,
        PLANNED,
        &["the_sample_has_member_0_and_every_archive_and_is_cheap", "a_scan_takes_every_member_once"],
    ),
    (20, RULES, &["extra_and_missing_columns"]),
    (20, JUDGED, &["pandas_concatenates_what_is_joined"]),
    (20, "tests/tests/processes/schema.rs", &["a_scan_knows_what_a_sample_cannot"]),
    (21, RULES, &["types_widen_in_the_sample", "a_frozen_integer_takes_floats_that_are_integers"]),
    (21, RULES, &["what_is_missing_everywhere_fits_anything"]),
    (21, "worker/encode/tests/files/joining.rs", &["joining_is_associative"]),
    (21, JUDGED, &["pandas_concatenates_what_is_joined"]),
    (22, "tests/tests/oracle.rs", &["the_sample_converts_with_one_member_in_quarantine"]),
    (
        22,
        "tests/tests/processes/schema.rs",
        &["every_file_has_the_whole_schema_also_where_all_members_failed"],
    ),
    (
        22,
        "coordinator/src/kinds/convert/shape/cuts.rs",
        &["more_partitions_than_boundaries_are_fewer_partitions"],
    ),
    (22, PAGES, &["a_file_without_rows_has_the_whole_schema"]),
    (23, PAGES, &["row_groups_end_by_bytes_of_rows", "bytes_do_not_depend_on_batches"]),
    (23, PAGES, &["a_dictionary_is_given_up_at_the_row_that_overflows_it"]),
    (23, "tests/tests/processes/together.rs", &["four_workers_on_s3_write_the_bytes_of_one_process_on_disk"]),
    (PROFILES, PAGES, &["profiles_use_the_encodings_they_promise", "statistics_bound_the_values"]),
    (PROFILES, PAGES, &["every_type_reads_back_under_every_profile"]),
    (PROFILES, READBACK, &["pandas_2_reads_what_it_would_have_written"]),
    (PROFILES, "worker/encode/src/settings.rs", &["profiles_choose_the_codec"]),
];

#[test]
fn every_rule_has_tests_that_are_there() {
    let told: BTreeSet<u64> = TESTS.iter().map(|(rule, ..)| *rule).collect();
    assert_eq!(told, (1..=PROFILES).collect());
    let mut missing = Vec::new();
    for (rule, file, names) in TESTS {
        let text = fs::read_to_string(repository().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        missing.extend(names.iter().filter(|name| !is_test(&text, name)).map(|name| (rule, file, *name)));
    }
    assert!(missing.is_empty(), "not there: {missing:?}");
}

/// Whether a function of this name stands below `#[test]`.
fn is_test(text: &str, name: &str) -> bool {
    let Some(at) = text.find(&format!("fn {name}(")) else { return false };
    let before = text[..at].trim_end_matches("async ").trim_end();
    let attributes =
        before.rsplit('\n').map(str::trim).take_while(|l| l.starts_with("#[") || l.starts_with("///"));
    attributes.into_iter().any(|line| line.contains("#[test]") || line.contains("::test]"))
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let text = "#[test]\nfn real() {}\n\nfn helper() {}\n";
    assert!(is_test(text, "real") && !is_test(text, "helper") && !is_test(text, "nowhere"));
}
