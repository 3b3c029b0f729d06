//! The rules of the house, as facts: who imports whom, which file is the door of which library, how
//! large a file may be, which words never stand in the tree, and that every code has a test.
//!
//! A **rule** is a function from the files of the tree to **findings**. Each rule is shown to fail on
//! a small tree that breaks it, beside its own code. An exception stands in the rule's allow-list with
//! its reason, and an exception that nobody needs any longer is a finding too.

mod rules;
mod rust;
mod tree;

use rules::{Rule, codes, doors, imports, shape, words};
use tree::Tree;

fn hold(rule: Rule) {
    let findings = rule(&Tree::of_the_repository());
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{} findings:\n{}", told.len(), told.join("\n"));
}

#[test]
fn the_tree_is_read() {
    let tree = Tree::of_the_repository();
    for path in ["Cargo.toml", "common/src/codes/mod.rs", "coordinator/core/src/lib.rs"] {
        assert!(tree.get(path).is_some(), "{path} is missing: the tree was not read");
    }
}

#[test]
fn crates_import_in_one_direction() {
    hold(imports::crates);
}

#[test]
fn the_core_is_pure() {
    hold(imports::pure_core);
}

#[test]
fn kinds_know_no_machinery() {
    hold(imports::kinds);
}

#[test]
fn the_coordinator_names_a_kind_only_in_its_registry() {
    hold(imports::coordinator_names_no_kind);
}

#[test]
fn each_library_has_one_door() {
    hold(doors::doors);
}

#[test]
fn files_are_small() {
    hold(shape::length);
}

#[test]
fn roots_of_modules_hold_no_logic() {
    hold(shape::roots);
}

#[test]
fn exceptions_say_why() {
    hold(shape::allows);
}

#[test]
fn nothing_unwraps_outside_tests() {
    hold(shape::unwraps);
}

#[test]
fn nothing_is_left_unfinished() {
    hold(words::unfinished);
}

#[test]
fn no_place_or_person_of_the_making_is_named() {
    hold(words::machine);
}

#[test]
fn nothing_strays_at_the_root() {
    hold(words::root);
}

#[test]
fn every_code_has_a_test() {
    hold(codes::tested);
}
