//! Bytes that other builds and other files rely on: files of each profile, and schemas as plans and people keep them.
//!
//! A file names the version that wrote it, so a new version has new hashes here; nothing else may change them.

use crate::support::{batches, column, every_type, file, freeze, indexed, label};
use arrow::array::{ArrayRef, Int64Array};
use serde_json::{Value, json};
use std::sync::Arc;
use tarquet_common::{
    spec::{Compression, IndexMode, OnExtra, OnMissing, Profile, RowGroup, SchemaMode, Timestamps},
    units::Bytes,
};
use tarquet_decode::frame::Frame;
use tarquet_encode::{FrozenSchema, OutputSettings, SchemaRules};

/// Every type, an index that says something, and names of two kinds.
fn members() -> [Frame; 3] {
    let numbered = |rows: usize, seed: u64| {
        let index: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|i| i * 3 + 1)));
        indexed(every_type(rows, seed), vec![(label("id"), index)])
    };
    [numbered(20_000, 1), numbered(3, 2), numbered(9_000, 3)]
}

fn strict() -> SchemaRules {
    SchemaRules {
        mode: SchemaMode::Scan,
        on_extra_column: OnExtra::Drop,
        on_missing_column: OnMissing::Quarantine,
        widen: false,
        index: IndexMode::Keep,
        timestamps: Timestamps::Keep,
        provenance: true,
    }
}

#[test]
fn files_of_each_profile_keep_their_bytes() {
    let members = members();
    let schema = freeze(&members, &strict());
    let batches = batches(&schema, &members);
    let small = RowGroup::Bytes(Bytes(1 << 20));
    let expected = [
        (Profile::Portable, None, small, "0a8ad494bed86e618df6f1dfbadae336"),
        (Profile::Fast, None, small, "a314a76d6d87fbfdc22ea6a17189ff70"),
        (Profile::Compact, None, small, "3f0b746a51ae82998b66ae9e2c0f9018"),
        (Profile::Portable, None, RowGroup::One, "ac3949274665174285c9c7cf36a24eb1"),
        (Profile::Portable, Some(Compression::None), small, "cb1de568b9bab31c96e892087380679a"),
        (Profile::Portable, Some(Compression::Lz4), small, "be94e51803a2e7e1654de573d1e4f7b2"),
        (Profile::Fast, Some(Compression::Snappy), small, "692842933c60840ba9c2717bd93c5ce8"),
        (Profile::Compact, Some(Compression::Zstd(19)), small, "a7edade448189224b3a3aa32a72a833c"),
    ];
    let found = expected.map(|(profile, compression, row_group, _)| {
        let created_by = "tarquet version golden".to_owned();
        let settings = OutputSettings { profile, compression, row_group, created_by };
        let hash = blake3::hash(&file(&schema, &settings, &batches)).to_hex();
        (profile, compression, row_group, hash[..32].to_owned())
    });
    assert_eq!(found, expected.map(|(p, c, r, hash)| (p, c, r, hash.to_owned())));
}

#[test]
fn a_frozen_schema_keeps_its_json() {
    let stored = include_str!("stored/schema.json");
    let mut members = members();
    let seldom: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    members[1].columns.push(column("seldom", seldom));
    let frozen = freeze(&members, &strict());
    assert_eq!(serde_json::to_string_pretty(&frozen).unwrap() + "\n", stored);
    let read: FrozenSchema = serde_json::from_str(stored).unwrap();
    assert_eq!(read, frozen);
}

#[test]
fn rules_keep_their_words() {
    let word = |rules: SchemaRules, key: &str| serde_json::to_value(rules).unwrap()[key].clone();
    let of = |change: &dyn Fn(&mut SchemaRules)| {
        let mut rules = SchemaRules::default();
        change(&mut rules);
        rules
    };
    let words = [
        ("mode", "infer", of(&|r| r.mode = SchemaMode::Infer)),
        ("mode", "scan", of(&|r| r.mode = SchemaMode::Scan)),
        ("mode", "pinned", of(&|r| r.mode = SchemaMode::Pinned)),
        ("on_extra_column", "quarantine", of(&|r| r.on_extra_column = OnExtra::Quarantine)),
        ("on_extra_column", "drop", of(&|r| r.on_extra_column = OnExtra::Drop)),
        ("on_extra_column", "add", of(&|r| r.on_extra_column = OnExtra::Add)),
        ("on_missing_column", "null", of(&|r| r.on_missing_column = OnMissing::Null)),
        ("on_missing_column", "quarantine", of(&|r| r.on_missing_column = OnMissing::Quarantine)),
        ("index", "auto", of(&|r| r.index = IndexMode::Auto)),
        ("index", "keep", of(&|r| r.index = IndexMode::Keep)),
        ("index", "drop", of(&|r| r.index = IndexMode::Drop)),
        ("timestamps", "keep", of(&|r| r.timestamps = Timestamps::Keep)),
        ("timestamps", "us", of(&|r| r.timestamps = Timestamps::Us)),
    ];
    for (key, text, rules) in words {
        assert_eq!(word(rules.clone(), key), Value::from(text));
        assert_eq!(serde_json::from_value::<SchemaRules>(json!({key: text})).unwrap(), rules);
    }
    assert_eq!(
        serde_json::to_string(&SchemaRules::default()).unwrap(),
        r#"{"mode":"infer","on_extra_column":"quarantine","on_missing_column":"null","widen":true,"index":"auto","timestamps":"keep","provenance":false}"#
    );
}
