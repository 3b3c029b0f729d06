//! The bytes of a file: whole, and the same however rows are batched.

use crate::support::{batches, column, column_of, every_type, file, frame, freeze};
use arrow::{
    array::{ArrayRef, Float64Array, StringArray, UInt64Array},
    compute::{cast, concat_batches},
    record_batch::RecordBatch,
};
use bytes::Bytes;
use parquet::{
    arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    basic::Encoding,
    file::metadata::PageIndexPolicy,
};
use proptest::prelude::*;
use std::sync::Arc;
use tarquet_common::{
    spec::{Compression, Profile, RowGroup},
    units,
};
use tarquet_decode::frame::Logical;
use tarquet_encode::{OutputSettings, ParquetEncoder, PartWriter, SchemaRules};

/// All settings that decide bytes.
fn all_settings() -> Vec<OutputSettings> {
    let mut all = Vec::new();
    for profile in [Profile::Portable, Profile::Fast, Profile::Compact] {
        for compression in [None, Some(Compression::None)] {
            all.push(OutputSettings { profile, compression, ..OutputSettings::default() });
        }
    }
    all
}

/// The rows of a file, as the reader of another library sees them.
fn read(bytes: &[u8]) -> (RecordBatch, Arc<parquet::file::metadata::ParquetMetaData>) {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::copy_from_slice(bytes), options)
            .unwrap();
    let (schema, metadata) = (builder.schema().clone(), builder.metadata().clone());
    let batches: Vec<RecordBatch> =
        builder.with_batch_size(100_000).build().unwrap().map(Result::unwrap).collect();
    (concat_batches(&schema, &batches).unwrap(), metadata)
}

/// The same values, dictionaries decoded.
fn assert_same_values(written: &RecordBatch, read: &RecordBatch) {
    assert_eq!(written.num_rows(), read.num_rows());
    for (i, field) in written.schema().fields().iter().enumerate() {
        let (a, b) = (written.column(i), read.column(i));
        if let arrow::datatypes::DataType::Dictionary(_, values) = field.data_type() {
            assert_eq!(&cast(a, values).unwrap(), &cast(b, values).unwrap(), "{field}");
        } else {
            assert_eq!(a, b, "{field}");
        }
    }
}

#[test]
fn every_type_reads_back_under_every_profile() {
    let frames = [every_type(50_000, 1), every_type(3, 2), every_type(40_000, 3)];
    let schema = freeze(&frames, &SchemaRules::default());
    let batches = batches(&schema, &frames);
    let whole = concat_batches(batches[0].schema_ref(), &batches).unwrap();
    for settings in all_settings() {
        let bytes = file(&schema, &settings, &batches);
        let (rows, metadata) = read(&bytes);
        assert_same_values(&whole, &rows);
        assert_eq!(metadata.num_row_groups(), 1);
        let page_counts = metadata.offset_index().unwrap()[0].iter().map(|o| o.page_locations.len());
        assert!(page_counts.clone().all(|n| n >= 3), "{:?}", page_counts.collect::<Vec<_>>());
    }
}

#[test]
fn profiles_use_the_encodings_they_promise() {
    let frames = [every_type(40_000, 1)];
    let schema = freeze(&frames, &SchemaRules::default());
    let batches = batches(&schema, &frames);
    let encodings = |profile, column: &str| {
        let settings = OutputSettings { profile, ..OutputSettings::default() };
        let (_, metadata) = read(&file(&schema, &settings, &batches));
        let chunks = metadata.row_group(0).columns();
        let chunk = chunks.iter().find(|c| c.column_path().string() == column).unwrap();
        chunk.encodings().filter(|e| *e != Encoding::RLE).collect::<Vec<_>>()
    };
    use Encoding::{BYTE_STREAM_SPLIT, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, PLAIN, RLE_DICTIONARY};
    assert_eq!(encodings(Profile::Portable, "f64"), [PLAIN]);
    assert_eq!(encodings(Profile::Fast, "f64"), [BYTE_STREAM_SPLIT]);
    for profile in [Profile::Portable, Profile::Fast, Profile::Compact] {
        assert_eq!(encodings(profile, "ts"), [DELTA_BINARY_PACKED]);
        assert_eq!(encodings(profile, "few"), [PLAIN, RLE_DICTIONARY]);
        assert_eq!(encodings(profile, "cat"), [PLAIN, RLE_DICTIONARY]);
    }
    assert_eq!(encodings(Profile::Portable, "many"), [PLAIN]);
    assert_eq!(encodings(Profile::Compact, "many"), [DELTA_LENGTH_BYTE_ARRAY]);
}

#[test]
fn a_dictionary_is_given_up_at_the_row_that_overflows_it() {
    // 30,000 repeated texts, so that coding pays, then ever new ones of 100 bytes.
    let texts = (0..90_000).map(|i| if i < 40_000 { format!("{}", i % 10) } else { format!("{i:0100}") });
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let frames = [frame(vec![column_of("t", texts, Logical::ObjectText)])];
    let schema = freeze(&frames, &SchemaRules::default());
    let all = batches(&schema, &frames);
    let bytes = file(&schema, &OutputSettings::default(), &all);
    let (rows, metadata) = read(&bytes);
    assert_same_values(&all[0], &rows);
    let encodings: Vec<Encoding> = metadata.row_group(0).column(0).encodings().collect();
    assert_eq!(encodings, [Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY]);
    let pieces: Vec<RecordBatch> = (0..90).map(|i| all[0].slice(i * 1000, 1000)).collect();
    assert!(bytes == file(&schema, &OutputSettings::default(), &pieces));
}

#[test]
fn a_file_without_rows_has_the_whole_schema() {
    let frames = [every_type(10, 1)];
    let schema = freeze(&frames, &SchemaRules::default());
    let bytes = file(&schema, &OutputSettings::default(), &[]);
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    assert_eq!(builder.metadata().num_row_groups(), 0);
    assert_eq!(builder.schema().fields().len(), frames[0].columns.len());
    assert_eq!(
        builder.schema().field_with_name("ts").unwrap().data_type(),
        frames[0].columns[13].values.data_type()
    );
}

#[test]
fn statistics_bound_the_values() {
    let long = "é".repeat(100);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("b"), None, Some(&long), Some("a")]));
    let numbers: ArrayRef = Arc::new(UInt64Array::from(vec![Some(u64::MAX), Some(3), None, Some(7)]));
    let frames = [frame(vec![column_of("t", texts, Logical::ObjectText), column("u", numbers)])];
    let schema = freeze(&frames, &SchemaRules::default());
    let (_, metadata) = read(&file(&schema, &OutputSettings::default(), &batches(&schema, &frames)));
    let text = metadata.row_group(0).column(0).statistics().unwrap();
    assert_eq!((text.min_bytes_opt().unwrap(), text.min_is_exact()), (&b"a"[..], true));
    let max = text.max_bytes_opt().unwrap();
    assert!(!text.max_is_exact() && max > long.as_bytes() && max.len() <= 64);
    assert_eq!(text.null_count_opt(), Some(1));
    let numbers = metadata.row_group(0).column(1).statistics().unwrap();
    assert_eq!(numbers.min_bytes_opt().unwrap(), 3_u64.to_le_bytes());
    assert_eq!(numbers.max_bytes_opt().unwrap(), u64::MAX.to_le_bytes());
}

#[test]
fn row_groups_end_by_bytes_of_rows() {
    let frames = [every_type(20_000, 1)];
    let schema = freeze(&frames, &SchemaRules::default());
    let all = batches(&schema, &frames);
    let row_group = RowGroup::Bytes(units::Bytes(1 << 20));
    let settings = OutputSettings { row_group, ..OutputSettings::default() };
    let (rows, metadata) = read(&file(&schema, &settings, &all));
    assert_same_values(&all[0], &rows);
    assert!(metadata.num_row_groups() >= 3, "{}", metadata.num_row_groups());
    let one = OutputSettings { row_group: RowGroup::One, ..OutputSettings::default() };
    assert_eq!(read(&file(&schema, &one, &all)).1.num_row_groups(), 1);
}

#[test]
fn memory_holds_encoded_rows_not_arrow_data() {
    let same: ArrayRef = Arc::new(Float64Array::from_iter_values((0..100_000).map(|i| f64::from(i % 10))));
    let frames = [frame(vec![column("a", same.clone()), column("b", same)])];
    let schema = freeze(&frames, &SchemaRules::default());
    let all = batches(&schema, &frames);
    let settings = OutputSettings { row_group: RowGroup::One, ..OutputSettings::default() };
    let mut encoder = ParquetEncoder::new(&schema.layout(), &settings).unwrap();
    for _ in 0..30 {
        encoder.push(&all[0]).unwrap();
    }
    let arrow: u64 = 30 * 100_000 * 16;
    assert!(encoder.memory_bytes() > 0 && encoder.memory_bytes() < arrow / 8, "{}", encoder.memory_bytes());
    assert_eq!(encoder.take_ready().unwrap().concat(), b"PAR1", "nothing leaves before the row group ends");
    encoder.finish().unwrap();
    let waiting: usize = encoder.take_ready().unwrap().iter().map(Bytes::len).sum();
    assert!(waiting > 0 && encoder.memory_bytes() < waiting as u64 + (2 << 20));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn bytes_do_not_depend_on_batches(
        seed in any::<u64>(),
        rows in 0_usize..45_000,
        cuts in prop::collection::vec(0.0_f64..1.0, 0..12),
        which in 0_usize..6,
        group_kib in 1_u64..4000,
    ) {
        let frames = [every_type(rows, seed)];
        let schema = freeze(&frames, &SchemaRules::default());
        let whole = batches(&schema, &frames);
        let mut settings = all_settings().swap_remove(which);
        settings.row_group = RowGroup::Bytes(units::Bytes(group_kib << 10));
        let mut ends: Vec<usize> = cuts.iter().map(|c| (c * rows as f64) as usize).collect();
        ends.push(rows);
        ends.sort_unstable();
        let mut from = 0;
        let pieces: Vec<RecordBatch> = ends
            .into_iter()
            .map(|end| {
                let piece = whole[0].slice(from, end - from);
                from = end;
                piece
            })
            .collect();
        prop_assert!(file(&schema, &settings, &whole) == file(&schema, &settings, &pieces));
    }
}
