//! Each code of the group has a member that produces it.

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use tarquet_common::codes::{Code, format};
use tarquet_decode::{KeyChoice, Limits, Options, decode, describe, peek};

fn fixture(name: &str) -> Vec<u8> {
    let dir = support::fidelity();
    let (plain, packed) = (dir.join(format!("{name}.h5")), dir.join(format!("{name}.h5.gz")));
    support::bytes(if plain.exists() { &plain } else { &packed })
}

/// The fixture with one run of bytes replaced by another of the same length, wherever it stands.
fn with(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = fixture(name);
    let found: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!found.is_empty(), "{name} does not hold the bytes");
    for at in found {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// The fixture with one byte set.
fn set(name: &str, at: usize, byte: u8) -> Vec<u8> {
    let mut bytes = fixture(name);
    bytes[at] = byte;
    bytes
}

/// A zlib stream in the fixture, damaged in its middle.
fn damaged_zlib(name: &str) -> Vec<u8> {
    let mut bytes = fixture(name);
    let start = (0..bytes.len() - 2)
        .rev()
        .find(|&at| bytes[at] == 0x78 && (bytes[at + 1] == 0x9c || bytes[at + 1] == 0x5e));
    let start = start.expect("a zlib stream stands in the fixture");
    for byte in &mut bytes[start + 8..start + 24] {
        *byte ^= 0xa5;
    }
    bytes
}

#[test]
fn each_code_has_a_member_that_produces_it() {
    let auto = Options::default();
    let named = |key: &str| Options { key: KeyChoice::Named(key.to_owned()), ..Options::default() };
    let few_rows = Options { limits: Limits { rows: 1, ..Limits::default() }, ..Options::default() };
    let mut truncated = fixture("r04_fx_default_p23");
    truncated.truncate(truncated.len() - 1);
    let cases: Vec<(Code, Vec<u8>, Options)> = vec![
        (format::NOT_HDF5, b"not HDF5 at all".to_vec(), auto.clone()),
        (format::HDF5_TRUNCATED, truncated, auto.clone()),
        (format::HDF5_DAMAGED, with("r04_fx_default_p23", b"SNOD", b"SNAP"), auto.clone()),
        (format::HDF5_UNSUPPORTED, set("r04_fx_default_p23", 8, 9), auto.clone()),
        (format::FILTER_UNKNOWN, fixture("d05_fx_comp_blosc2_p23"), auto.clone()),
        (format::FILTER_FAILED, damaged_zlib("d05_fx_comp_zlib_p23"), auto.clone()),
        (format::OVER_LIMIT, fixture("r04_fx_default_p23"), few_rows),
        (format::NO_FRAME, fixture("d05_key_none_p23"), auto.clone()),
        (format::WRONG_KEY, fixture("r04_fx_default_p23"), named("other")),
        (format::SEVERAL_FRAMES, fixture("d05_fx_key_two_p23"), auto.clone()),
        (format::PANDAS_LAYOUT, with("r04_fx_default_p23", b"nblocks", b"nblockz"), auto.clone()),
        (format::PICKLE_DAMAGED, fixture("r09_evil_values_no_stop_p23"), auto.clone()),
        (format::PICKLE_GLOBAL, fixture("r09_evil_values_system_p23"), auto.clone()),
        (format::TYPE_UNSUPPORTED, fixture("r10_fx_complex128_p23"), auto.clone()),
        (format::MIXED_OBJECTS, fixture("r13_fx_obj_mixed_int_text_p23"), auto.clone()),
        (format::NESTED_CELLS, fixture("r13_fx_obj_list_p23"), auto.clone()),
        (format::TEXT_UNDECODABLE, fixture("r10_fx_lone_surrogate_p23"), auto.clone()),
        (
            format::ZONE_UNKNOWN,
            with("r09_fx_zone_helsinki_p23", b"Europe/Helsinki", b"Europe/Hels nki"),
            auto.clone(),
        ),
        (format::VALUE_RANGE, fixture("r13_fx_obj_huge_int_p23"), auto.clone()),
        (format::PLAIN_SHAPES, fixture("d05_plain_unequal_p23"), auto.clone()),
        (format::EXTERNAL_STORAGE, fixture("d05_plain_link_external_p23"), auto.clone()),
        (format::LINK_UNUSABLE, fixture("d05_plain_link_dangling_p23"), auto.clone()),
    ];
    for (code, bytes, options) in &cases {
        match decode(bytes.clone(), options) {
            Ok(frame) => panic!("{code}: converted to {} rows", frame.rows),
            Err(failure) => {
                assert_eq!(failure.code, *code, "{failure:?}");
                assert!(failure.place.item.is_some(), "{failure:?}");
            }
        }
    }
    for row in format::CODES {
        let code = Code::from_number(row.number).unwrap();
        assert!(cases.iter().any(|(c, _, _)| *c == code), "{code} is never produced");
    }
}

#[test]
fn the_sentence_names_the_column_that_is_the_matter() {
    let dir = support::fidelity();
    let named: Vec<_> = support::cases(&dir)
        .into_iter()
        .filter(|case| case.file_stem().unwrap().to_string_lossy().contains("_named_"))
        .map(|case| support::load(&case))
        .filter(|(expected, _)| expected["rule"] == 13)
        .collect();
    assert!(named.len() >= 10, "{} cases", named.len());
    for (expected, bytes) in named {
        let word = expected["expect_failure"]["words"][0].as_str().unwrap();
        let failure = decode(bytes.clone(), &Options::default()).unwrap_err();
        assert!(failure.message.contains(word), "{word}: {failure:?}");
        assert!(failure.place.item.as_deref().is_some_and(|item| item.contains(word)), "{failure:?}");
        // the same by whoever only looks
        let looked = describe(bytes, &Limits::default()).unwrap();
        match &looked[0].frame {
            Err(seen) => assert_eq!(seen.message, failure.message),
            // numbers are not read for a header
            Ok(_) => assert_eq!(failure.code, format::TEXT_UNDECODABLE, "{failure:?}"),
        }
    }
}

#[test]
fn several_tables_are_told_by_the_keys_that_name_them() {
    let failure = decode(fixture("d05_plain_two_tables_p23"), &Options::default()).unwrap_err();
    assert_eq!(failure.code, format::SEVERAL_FRAMES);
    assert_eq!(failure.hint(), "Set `input.hdf5.key` to one of /t1, /t2.");
}

#[test]
fn headers_have_names_types_and_rows_but_no_values() {
    for name in [
        "r08_fx_datetime_zone_p23",
        "r14_tb_cat_ordered_unused_p23",
        "r13_fx_obj_text_p31",
        "r07_tb_multi_named_p31",
    ] {
        let (whole, header) = (
            decode(fixture(name), &Options::default()).unwrap(),
            peek(fixture(name), &Options::default()).unwrap(),
        );
        assert_eq!(header.rows, whole.rows, "{name}");
        assert_eq!(header.columns.len(), whole.columns.len(), "{name}");
        for (ours, full) in header.columns.iter().zip(&whole.columns) {
            assert_eq!(ours.label, full.label, "{name}");
            assert_eq!(ours.logical, full.logical, "{name}");
            assert_eq!(ours.values.data_type(), full.values.data_type(), "{name}");
            assert_eq!(ours.values.len(), 0, "{name}");
        }
        for (ours, full) in header.index.iter().zip(&whole.index) {
            assert_eq!((&ours.name, &*ours.values), (&full.name, &*full.values), "{name}");
        }
    }
}

#[test]
fn describing_lists_every_frame_even_where_decoding_needs_a_key() {
    let described = describe(fixture("d05_fx_key_two_p23"), &Limits::default()).unwrap();
    let mut keys: Vec<&str> = described.iter().map(|one| one.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["first", "second"]);
    assert!(described.iter().all(|one| one.frame.is_ok()), "{described:?}");
    let plain = describe(fixture("d05_plain_vectors_p23"), &Limits::default()).unwrap();
    assert_eq!(plain.len(), 1);
}

#[test]
fn nothing_that_a_pickle_names_is_ever_run() {
    for case in support::cases(&support::fidelity()) {
        if case.file_stem().unwrap().to_string_lossy().contains("_evil_") {
            let _outcome = decode(support::load(&case).1, &Options::default());
        }
    }
    assert!(!std::path::Path::new("tarquet_was_here").exists(), "a pickle was executed");
}
