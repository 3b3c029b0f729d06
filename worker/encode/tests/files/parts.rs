//! What holds for every writer of parts, whatever it writes, and what the Parquet encoder makes of layouts that no
//! frame has frozen.

use crate::support::{batches, every_type, freeze, part, rules};
use arrow::{
    array::{
        Array, ArrayRef, DictionaryArray, Float64Array, Int8Array, Int32Array, Int64Array, ListArray,
        StringArray,
    },
    compute::{cast, concat_batches},
    datatypes::{DataType, Field, Int32Type, Schema, SchemaRef},
    record_batch::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use bytes::Bytes;
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::Repetition,
    errors::ParquetError,
    file::metadata::SortingColumn,
};
use std::{mem, sync::Arc};
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
    spec::Profile,
};
use tarquet_encode::{
    ColumnStorage, FileLayout, Finished, OutputSettings, ParquetEncoder, PartWriter, SortedBy,
};

/// Every writer of parts keeps these promises. Returns the part's bytes.
fn contract(make: &dyn Fn() -> Box<dyn PartWriter>, batches: &[RecordBatch]) -> Vec<u8> {
    assert!(batches.len() > 3, "too few to take bytes at different times");
    let whole = part(&mut *make(), batches, 1);
    for taken_every in [2, 3, usize::MAX] {
        assert!(part(&mut *make(), batches, taken_every) == whole, "when bytes are taken decides them");
    }
    // A part without rows is a part.
    part(&mut *make(), &[], 1);
    // What waits is counted, and no longer once it is taken.
    let mut writer = make();
    batches.iter().for_each(|batch| writer.push(batch).unwrap());
    writer.finish().unwrap();
    let waiting = writer.memory_bytes();
    writer.drain(&mut |_| Ok(())).unwrap();
    assert!(writer.memory_bytes() < waiting);
    assert!(writer.take_ready().unwrap().is_empty(), "each byte is given once");
    // Another schema is refused; a failure of the taker comes back as it is.
    let strange: ArrayRef = Arc::new(Int8Array::from(vec![1]));
    let strange = RecordBatch::try_from_iter([("strange", strange)]).unwrap();
    assert_eq!(make().push(&strange).unwrap_err().code, ourselves::INVARIANT);
    let mut writer = make();
    writer.push(&batches[0]).unwrap();
    writer.finish().unwrap();
    let full = || Failure::new(codes::VALUE_OUT_OF_RANGE, "no room");
    assert_eq!(writer.drain(&mut |_| Err(full())).unwrap_err(), full());
    whole
}

/// The rows of a Parquet file.
fn read(bytes: Vec<u8>) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn pieces(batch: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    (0..batch.num_rows()).step_by(rows).map(|at| batch.slice(at, rows.min(batch.num_rows() - at))).collect()
}

#[test]
fn frozen_schemas_keep_the_contract() {
    let frames = [every_type(5_000, 1)];
    let schema = freeze(&frames, &rules());
    let batches = pieces(&batches(&schema, &frames)[0], 900);
    let layout = schema.layout();
    for profile in [Profile::Portable, Profile::Fast, Profile::Compact] {
        let settings = OutputSettings { profile, ..OutputSettings::default() };
        contract(&|| Box::new(ParquetEncoder::new(&layout, &settings).unwrap()), &batches);
    }
}

/// Rows of a table that is nobody's frame: keys that are always there, a dictionary that grows and has a missing value
/// of its own, floats.
fn events() -> RecordBatch {
    let keys = Int64Array::from_iter_values((0..5_000).map(|i| i / 2));
    let kinds = StringArray::from(vec![Some("open"), None, Some("shut")]);
    let codes = Int32Array::from_iter((0..5_000).map(|i| (i % 5 != 0).then_some(i % 3)));
    let kinds = DictionaryArray::<Int32Type>::new(codes, Arc::new(kinds));
    let values = Float64Array::from_iter((0..5_000).map(|i| (i % 7 != 0).then_some(f64::from(i) / 8.0)));
    let schema = Schema::new(vec![
        Field::new("key", DataType::Int64, false),
        Field::new("kind", kinds.data_type().clone(), true),
        Field::new("value", DataType::Float64, true),
    ]);
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(keys), Arc::new(kinds), Arc::new(values)]).unwrap()
}

#[test]
fn any_flat_schema_is_written_as_its_layout_says() {
    let events = events();
    let mut layout = FileLayout::of(events.schema());
    layout.columns[2].split = true;
    layout.key_values = vec![("who".into(), "nobody's frame".into())];
    layout.sorting = vec![SortedBy { column: 0, descending: false, nulls_first: true }];
    let settings = OutputSettings { profile: Profile::Compact, ..OutputSettings::default() };
    let make = || -> Box<dyn PartWriter> { Box::new(ParquetEncoder::new(&layout, &settings).unwrap()) };
    let bytes = contract(&make, &pieces(&events, 999));
    assert!(bytes == part(&mut *make(), &pieces(&events, 7), 100), "batches decide nothing");

    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.clone())).unwrap();
    let metadata = builder.metadata();
    let key = metadata.file_metadata().schema_descr().column(0);
    assert_eq!(key.self_type().get_basic_info().repetition(), Repetition::REQUIRED);
    let order = SortingColumn { column_idx: 0, descending: false, nulls_first: true };
    assert_eq!(metadata.row_group(0).sorting_columns(), Some(&vec![order]));
    let said = metadata.file_metadata().key_value_metadata().unwrap();
    assert_eq!((said[0].key.as_str(), said[0].value.as_deref()), ("who", Some("nobody's frame")));
    assert_eq!(builder.schema().metadata()["who"], "nobody's frame");

    let read = read(bytes);
    assert_eq!((read.column(0), read.column(2)), (events.column(0), events.column(2)));
    let texts = |column: &ArrayRef| cast(column, &DataType::Utf8).unwrap();
    assert_eq!(&texts(read.column(1)), &texts(events.column(1)));
}

#[test]
fn layouts_that_cannot_be_written_are_refused() {
    let refused = |layout: &FileLayout| {
        ParquetEncoder::new(layout, &OutputSettings::default()).map(|_| ()).unwrap_err()
    };
    let good = FileLayout::of(events().schema());
    let mut few = good.clone();
    few.columns.pop();
    let mut order = good.clone();
    order.sorting = vec![SortedBy { column: 3, descending: false, nulls_first: false }];
    let mut dictionary = good.clone();
    dictionary.columns[2] = ColumnStorage { dictionary: Some(vec!["a".into()]), split: false };
    for layout in [few, order, dictionary] {
        assert_eq!(refused(&layout).code, ourselves::INVARIANT);
    }
    let of = |data_type| FileLayout::of(Arc::new(Schema::new(vec![Field::new("a", data_type, true)])));
    let coded = |code, value| DataType::Dictionary(Box::new(code), Box::new(value));
    for data_type in [
        DataType::LargeUtf8,
        coded(DataType::Int8, DataType::Utf8),
        coded(DataType::Int32, DataType::Int64),
        DataType::new_list(DataType::Int64, true),
    ] {
        let refused = refused(&of(data_type));
        assert_eq!((refused.code, refused.place.item.as_deref().is_some()), (codes::TYPE_UNSUPPORTED, true));
    }
}

#[test]
fn missing_values_are_refused_where_the_schema_has_none() {
    let events = events();
    let layout = FileLayout::of(events.schema());
    let mut encoder = ParquetEncoder::new(&layout, &OutputSettings::default()).unwrap();
    let mut columns = events.columns().to_vec();
    columns[0] = Arc::new(Int64Array::new_null(events.num_rows()));
    let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
    let fields: Vec<Field> = events.schema().fields().iter().map(nullable).collect();
    let with_missing = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    assert_eq!(encoder.push(&with_missing).unwrap_err().code, ourselves::INVARIANT);
}

fn other_schema() -> Failure {
    Failure::new(ourselves::INVARIANT, "a batch of another schema")
}

/// A line a row: what a writer of CSV does, in short.
struct Lines {
    schema: SchemaRef,
    ready: Vec<u8>,
    rows: u64,
    bytes: u64,
}

impl PartWriter for Lines {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        if *batch.schema() != *self.schema {
            return Err(other_schema());
        }
        let options = FormatOptions::default();
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
            self.ready.extend_from_slice(cells.join(",").as_bytes());
            self.ready.push(b'\n');
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn take_ready(&mut self) -> Result<Vec<Bytes>, Failure> {
        // In pieces, as a writer would that keeps its bytes on disk.
        let rest = self.ready.split_off(self.ready.len().min(1_000));
        let piece = mem::replace(&mut self.ready, rest);
        self.bytes += piece.len() as u64;
        Ok((!piece.is_empty()).then(|| Bytes::from(piece)).into_iter().collect())
    }

    fn memory_bytes(&self) -> u64 {
        self.ready.len() as u64
    }

    fn finish(&mut self) -> Result<Finished, Failure> {
        Ok(Finished { rows: self.rows, bytes: self.bytes + self.ready.len() as u64 })
    }
}

#[test]
fn lines_keep_the_contract() {
    let events = events();
    let make = || -> Box<dyn PartWriter> {
        Box::new(Lines { schema: events.schema(), ready: Vec::new(), rows: 0, bytes: 0 })
    };
    let lines = String::from_utf8(contract(&make, &pieces(&events, 999))).unwrap();
    assert_eq!(lines.lines().count(), events.num_rows());
    assert!(lines.starts_with("0,,\n0,,0.125\n1,shut,0.25\n"), "{}", &lines[..40]);
}

/// Nested columns, by the `parquet` crate's own writer.
struct Nested {
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
    bytes: u64,
}

fn broken(error: &ParquetError) -> Failure {
    Failure::new(ourselves::INVARIANT, "the writer fails in memory").caused_by(error)
}

impl PartWriter for Nested {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        if *batch.schema() != *self.schema {
            return Err(other_schema());
        }
        self.writer.write(batch).map_err(|e| broken(&e))
    }

    fn take_ready(&mut self) -> Result<Vec<Bytes>, Failure> {
        let ready = mem::take(self.writer.inner_mut());
        self.bytes += ready.len() as u64;
        Ok((!ready.is_empty()).then(|| Bytes::from(ready)).into_iter().collect())
    }

    fn memory_bytes(&self) -> u64 {
        (self.writer.memory_size() + self.writer.inner().len()) as u64
    }

    fn finish(&mut self) -> Result<Finished, Failure> {
        let metadata = self.writer.finish().map_err(|e| broken(&e))?;
        let rows = metadata.file_metadata().num_rows().unsigned_abs();
        Ok(Finished { rows, bytes: self.bytes + self.writer.inner().len() as u64 })
    }
}

#[test]
fn nested_columns_keep_the_contract() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..5_000).map(|i| (i % 4 != 0).then(|| (0..i % 6).map(move |j| Some(i * j)))),
    );
    let batch = RecordBatch::try_from_iter([("lists", Arc::new(lists) as ArrayRef)]).unwrap();
    let make = || -> Box<dyn PartWriter> {
        let writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        Box::new(Nested { schema: batch.schema(), writer, bytes: 0 })
    };
    assert_eq!(read(contract(&make, &pieces(&batch, 999))), batch);
}
