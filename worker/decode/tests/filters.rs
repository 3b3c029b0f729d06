//! Chunks as PyTables' blosc filter writes them, with every codec, shuffle and width.

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use arrow::{
    array::{Array, AsArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use std::path::Path;
use tarquet_decode::{Options, decode};

const ROWS: u64 = 12_000;

/// The value in a row, as `fixtures/blosc.py` has it.
fn value(i: u64) -> u64 {
    if i > 3000 && i < 3500 { i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 13 } else { i / 50 * 3 + i % 5 }
}

#[test]
fn every_codec_shuffle_and_width_of_blosc_decodes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/blosc.h5.gz");
    let frame = decode(support::bytes(&file), &Options::default()).unwrap();
    assert_eq!((frame.rows as u64, frame.columns.len()), (ROWS, 5 * 3 * 4));
    for column in &frame.columns {
        let name = support::label(&column.label);
        let name = name.as_str().unwrap();
        if name.ends_with("S12") {
            let texts = column.values.as_string::<i32>();
            for i in 0..ROWS {
                let expected = (value(i) % 1_000_000_000).to_string();
                assert_eq!(texts.value(i as usize), expected, "{name} row {i}");
            }
            continue;
        }
        let numbers = cast(&column.values, &DataType::Int64).unwrap();
        let numbers = numbers.as_primitive::<Int64Type>();
        for i in 0..ROWS {
            let expected = match column.values.data_type() {
                DataType::Int8 => i64::from(value(i) as i8),
                DataType::Int16 => i64::from(value(i) as i16),
                _ => value(i) as i64,
            };
            assert_eq!(numbers.value(i as usize), expected, "{name} row {i}");
        }
        assert_eq!(numbers.null_count(), 0, "{name}");
    }
}
