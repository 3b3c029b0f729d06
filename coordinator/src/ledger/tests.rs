//! What every ledger promises, and what only the one on disk has to bear.

use super::*;
use std::{fs, path::Path};

fn put(key: &str, value: &str) -> Change {
    Change { key: key.into(), value: Some(value.into()) }
}

fn gone(key: &str) -> Change {
    Change { key: key.into(), value: None }
}

fn row(key: &str, value: &str) -> Row {
    (key.into(), value.into())
}

/// The promises of [`Ledger`]. `reopen` gives a ledger on the same rows once the one before is dropped.
fn contract<L: Ledger>(mut reopen: impl FnMut() -> L) {
    let mut ledger = reopen();
    assert_eq!(ledger.load().unwrap(), []);
    ledger.commit(&[]).unwrap();
    ledger.commit(&[put("b", "1"), put("a", "2"), put("c", "3")]).unwrap();
    ledger.commit(&[put("a", "4"), gone("c"), gone("never there")]).unwrap();
    assert_eq!(ledger.load().unwrap(), [row("a", "4"), row("b", "1")]);
    // Within a batch the last word counts.
    ledger.commit(&[put("d", "5"), gone("d"), put("e", "6"), put("e", "7")]).unwrap();
    drop(ledger);

    let mut ledger = reopen();
    assert_eq!(ledger.load().unwrap(), [row("a", "4"), row("b", "1"), row("e", "7")]);
    let large = "x".repeat(3 << 20);
    ledger.commit(&[put("large", &large), put("", "empty key"), put("f", "")]).unwrap();
    drop(ledger);

    let rows = reopen().load().unwrap();
    assert_eq!(rows.len(), 6);
    assert!(rows.contains(&row("large", &large)));
    assert!(rows.contains(&row("", "empty key")));
    assert!(rows.contains(&row("f", "")));
}

#[test]
fn memory_keeps_the_contract() {
    let shared = MemoryLedger::default();
    contract(|| shared.clone());
}

#[test]
fn sled_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract(|| open(dir.path(), 0).unwrap().0);
}

#[test]
fn a_full_memory_changes_nothing() {
    let mut ledger = MemoryLedger::default();
    ledger.commit(&[put("a", "1")]).unwrap();
    ledger.fill();
    let error = ledger.commit(&[put("a", "2")]).unwrap_err();
    assert!(matches!(error, LedgerError::Io { operation: "write", .. }), "{error}");
    assert_eq!(ledger.load().unwrap(), [row("a", "1")]);
}

fn filled(state_dir: &Path) {
    let (mut ledger, found) = open(state_dir, 0).unwrap();
    assert_eq!(found, Opened::New);
    for n in 0..300 {
        ledger.commit(&[put(&format!("key{n:04}"), &"v".repeat(500))]).unwrap();
    }
}

fn filled_over_many_segments(state_dir: &Path) {
    let (mut ledger, _) = open(state_dir, 0).unwrap();
    for n in 0..40 {
        let batch: Vec<_> = (0..50).map(|k| put(&format!("key{n:04}.{k}"), &"v".repeat(2_000))).collect();
        ledger.commit(&batch).unwrap();
    }
}

#[test]
fn a_partial_snapshot_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let snapshot = dir.path().join("ledger").join("snap.00000000000FFFFF");
    fs::write(&snapshot, b"").unwrap();
    let (mut ledger, found) = open(dir.path(), 7).unwrap();
    let aside = dir.path().join("ledger.corrupt-7");
    assert_eq!(found, Opened::WithoutSnapshots(aside.clone()));
    assert!(aside.join("snap.00000000000FFFFF").exists(), "the original is kept");
    assert_eq!(ledger.load().unwrap().len(), 300);
    ledger.commit(&[put("more", "1")]).unwrap();
    drop(ledger);
    let (mut ledger, found) = open(dir.path(), 8).unwrap();
    assert_eq!(found, Opened::Whole);
    assert_eq!(ledger.load().unwrap().len(), 301);
}

#[test]
fn flipped_bits_never_end_the_process_and_may_replace_the_ledger() {
    let mut damaged = 0;
    for seed in 0..12_usize {
        let dir = tempfile::tempdir().unwrap();
        filled_over_many_segments(dir.path());
        let file = dir.path().join("ledger").join("db");
        let mut bytes = fs::read(&file).unwrap();
        let written = bytes.iter().rposition(|b| *b != 0).unwrap();
        let first = written * seed / 12;
        bytes[first..first + written / 24].iter_mut().step_by(97).for_each(|b| *b ^= 0x10);
        fs::write(&file, bytes).unwrap();
        let (mut ledger, found) = open(dir.path(), 1).unwrap();
        if let Opened::Replaced(aside) = found {
            damaged += 1;
            assert!(aside.join("db").exists(), "the damaged ledger is kept");
            assert_eq!(ledger.load().unwrap(), []);
        }
        ledger.commit(&[put("after", "1")]).unwrap();
        assert!(ledger.load().unwrap().contains(&row("after", "1")));
    }
    assert!(damaged > 0, "no flip was noticed: the test proves nothing");
}

#[test]
fn a_second_coordinator_is_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path(), 0).unwrap();
    let error = open(dir.path(), 0).unwrap_err();
    assert!(matches!(error, LedgerError::InUse { .. }), "{error}");
    drop(first);
    open(dir.path(), 0).unwrap();
}

#[test]
fn the_reserve_is_kept_and_given_back() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), 0).unwrap();
    assert!(fs::metadata(dir.path().join("ledger.reserve")).unwrap().len() >= 16 << 20);
    assert!(reserve::release(dir.path()));
    assert!(!reserve::release(dir.path()));
    open(dir.path(), 0).unwrap();
    assert!(dir.path().join("ledger.reserve").exists());
}
