//! Quarantine files: failure records as Parquet that anyone can query.

use crate::failure_record::{AttemptRecord, FailureRecord};
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch,
        StringArray, StructArray, UInt64Array,
    },
    buffer::OffsetBuffer,
    datatypes::{DataType, Field, Fields, Float64Type, Int64Type, Schema, UInt64Type},
};
use bytes::Bytes;
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::Compression,
    file::properties::WriterProperties,
};
use std::sync::Arc;
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::{Class, Failure},
};

/// The bytes of a quarantine file.
///
/// # Errors
/// `INVARIANT` if the writer refuses our own schema.
pub fn write_quarantine(records: &[FailureRecord]) -> Result<Vec<u8>, Failure> {
    let mut writer = QuarantineWriter::new()?;
    let mut bytes = writer.push(records)?;
    bytes.append(&mut writer.finish()?);
    Ok(bytes)
}

/// Writes a quarantine file piece by piece: as many records as are given together become a row group.
pub struct QuarantineWriter {
    writer: ArrowWriter<Vec<u8>>,
}

impl QuarantineWriter {
    /// A file without records yet.
    ///
    /// # Errors
    /// `INVARIANT` if the writer refuses our own schema; as all below.
    pub fn new() -> Result<Self, Failure> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer =
            ArrowWriter::try_new(Vec::new(), schema(), Some(properties)).map_err(|e| unwritten(&e))?;
        Ok(Self { writer })
    }

    /// The file's next bytes, with these records in them.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn push(&mut self, records: &[FailureRecord]) -> Result<Vec<u8>, Failure> {
        let batch = RecordBatch::try_new(schema(), columns(records)).map_err(|e| unwritten(&e))?;
        self.writer.write(&batch).map_err(|e| unwritten(&e))?;
        self.writer.flush().map_err(|e| unwritten(&e))?;
        self.writer.sync().map_err(|e| unwritten(&e))?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    /// The file's last bytes.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn finish(self) -> Result<Vec<u8>, Failure> {
        self.writer.into_inner().map_err(|e| unwritten(&e))
    }
}

fn unwritten(error: &dyn std::error::Error) -> Failure {
    Failure::new(ourselves::INVARIANT, "failure records cannot be written").caused_by(error)
}

/// The records of a quarantine file, in file order.
///
/// # Errors
/// `QUARANTINE_UNREADABLE` if the bytes are not such a file.
pub fn read_quarantine(bytes: Bytes) -> Result<Vec<FailureRecord>, Failure> {
    let damaged = |error: &dyn std::error::Error| unreadable("is damaged").caused_by(error);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|e| damaged(&e))?;
    let mut records = Vec::new();
    for batch in reader.build().map_err(|e| damaged(&e))? {
        let batch = batch.map_err(|e| damaged(&e))?;
        for row in 0..batch.num_rows() {
            records.push(record(&Row { batch: &batch, row })?);
        }
    }
    Ok(records)
}

/// The file's schema.
fn schema() -> Arc<Schema> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::UInt64, true);
    let causes = Field::new("item", DataType::Utf8, true);
    let attempts = Field::new("item", DataType::Struct(attempt_fields()), true);
    Arc::new(Schema::new(vec![
        text("job"),
        number("seq"),
        text("fingerprint"),
        text("code"),
        text("class"),
        Field::new("retryable", DataType::Boolean, true),
        text("uri"),
        text("etag"),
        text("member"),
        number("member_offset"),
        number("member_size"),
        text("column"),
        text("expected"),
        text("found"),
        text("message"),
        Field::new("causes", DataType::List(Arc::new(causes)), true),
        Field::new("attempts", DataType::List(Arc::new(attempts)), true),
        text("hint"),
        text("reproduce"),
    ]))
}

/// The columns of an attempt.
fn attempt_fields() -> Fields {
    Fields::from(vec![
        Field::new("worker", DataType::Utf8, true),
        Field::new("started", DataType::Int64, true),
        Field::new("seconds", DataType::Float64, true),
        Field::new("error", DataType::Utf8, true),
    ])
}

/// The columns' values, in the schema's order.
fn columns(records: &[FailureRecord]) -> Vec<ArrayRef> {
    fn text<'a>(
        records: &'a [FailureRecord],
        get: impl Fn(&'a FailureRecord) -> Option<&'a str>,
    ) -> ArrayRef {
        Arc::new(records.iter().map(get).collect::<StringArray>())
    }
    let number = |get: fn(&FailureRecord) -> Option<u64>| -> ArrayRef {
        Arc::new(records.iter().map(get).collect::<UInt64Array>())
    };
    let printed = |get: fn(&FailureRecord) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(records.iter().map(get)))
    };
    vec![
        text(records, |r| Some(&r.job)),
        number(|r| Some(r.seq)),
        text(records, |r| Some(&r.fingerprint)),
        printed(|r| r.code.to_string()),
        text(records, |r| Some(r.class.as_str())),
        Arc::new(records.iter().map(|r| Some(r.retryable)).collect::<BooleanArray>()),
        text(records, |r| Some(&r.uri)),
        text(records, |r| r.etag.as_deref()),
        text(records, |r| r.item.as_deref()),
        number(|r| r.item_offset),
        number(|r| r.item_size),
        text(records, |r| r.column.as_deref()),
        text(records, |r| r.expected.as_deref()),
        text(records, |r| r.found.as_deref()),
        text(records, |r| Some(&r.message)),
        causes(records),
        attempts(records),
        text(records, |r| Some(&r.hint)),
        text(records, |r| Some(&r.reproduce)),
    ]
}

/// The chains of causes.
fn causes(records: &[FailureRecord]) -> ArrayRef {
    let values: StringArray = records.iter().flat_map(|r| &r.causes).map(Some).collect();
    let offsets = OffsetBuffer::from_lengths(records.iter().map(|r| r.causes.len()));
    let field = Arc::new(Field::new("item", DataType::Utf8, true));
    Arc::new(ListArray::new(field, offsets, Arc::new(values), None))
}

/// The attempts.
fn attempts(records: &[FailureRecord]) -> ArrayRef {
    let all = || records.iter().flat_map(|r| &r.attempts);
    let values = StructArray::new(
        attempt_fields(),
        vec![
            Arc::new(all().map(|a| Some(&a.worker)).collect::<StringArray>()),
            Arc::new(Int64Array::from_iter_values(all().map(|a| a.started))),
            Arc::new(Float64Array::from_iter_values(all().map(|a| a.seconds))),
            Arc::new(all().map(|a| Some(&a.error)).collect::<StringArray>()),
        ],
        None,
    );
    let offsets = OffsetBuffer::from_lengths(records.iter().map(|r| r.attempts.len()));
    let field = Arc::new(Field::new("item", DataType::Struct(attempt_fields()), true));
    Arc::new(ListArray::new(field, offsets, Arc::new(values), None))
}

/// One row of a file that is being read.
struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl Row<'_> {
    /// A column that must be there.
    fn column(&self, name: &str) -> Result<&ArrayRef, Failure> {
        self.batch.column_by_name(name).ok_or_else(|| unreadable(&format!("has no column {name}")))
    }

    /// A text, if there is one.
    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        let texts = self.column(name)?.as_string_opt::<i32>().ok_or_else(|| not_text(name))?;
        Ok(texts.is_valid(self.row).then(|| texts.value(self.row).to_owned()))
    }

    /// A text that must be there.
    fn some_text(&self, name: &str) -> Result<String, Failure> {
        self.text(name)?.ok_or_else(|| unreadable(&format!("lacks a value of {name}")))
    }

    /// A number, if there is one.
    fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let column = self.column(name)?.as_primitive_opt::<UInt64Type>();
        let numbers = column.ok_or_else(|| unreadable(&format!("holds no numbers in {name}")))?;
        Ok(numbers.is_valid(self.row).then(|| numbers.value(self.row)))
    }

    /// A flag; false if it is missing.
    fn flag(&self, name: &str) -> Result<bool, Failure> {
        let flags = self.column(name)?.as_boolean_opt();
        let flags = flags.ok_or_else(|| unreadable(&format!("holds no flags in {name}")))?;
        Ok(flags.is_valid(self.row) && flags.value(self.row))
    }

    /// The values of a list.
    fn list(&self, name: &str) -> Result<ArrayRef, Failure> {
        let lists = self.column(name)?.as_list_opt::<i32>();
        Ok(lists.ok_or_else(|| unreadable(&format!("holds no lists in {name}")))?.value(self.row))
    }
}

/// The record in a row.
fn record(row: &Row<'_>) -> Result<FailureRecord, Failure> {
    let code = row.some_text("code")?;
    let class = row.some_text("class")?;
    Ok(FailureRecord {
        job: row.some_text("job")?,
        seq: row.number("seq")?.unwrap_or_default(),
        fingerprint: row.some_text("fingerprint")?,
        code: code.parse().map_err(|error| unreadable("names an unknown code").caused_by(&error))?,
        class: [Class::Input, Class::Environment, Class::Denied, Class::Lost, Class::Bug, Class::Usage]
            .into_iter()
            .find(|known| known.as_str() == class)
            .ok_or_else(|| unreadable(&format!("names an unknown class {class}")))?,
        retryable: row.flag("retryable")?,
        uri: row.some_text("uri")?,
        etag: row.text("etag")?,
        item: row.text("member")?,
        item_offset: row.number("member_offset")?,
        item_size: row.number("member_size")?,
        // files of earlier versions do not say it
        column: match row.column("column") {
            Ok(_) => row.text("column")?,
            Err(_) => None,
        },
        expected: row.text("expected")?,
        found: row.text("found")?,
        message: row.some_text("message")?,
        causes: texts(&row.list("causes")?, "causes")?,
        attempts: attempt_records(&row.list("attempts")?)?,
        hint: row.some_text("hint")?,
        reproduce: row.some_text("reproduce")?,
    })
}

/// The texts of a list.
fn texts(values: &ArrayRef, name: &str) -> Result<Vec<String>, Failure> {
    let texts = values.as_string_opt::<i32>().ok_or_else(|| not_text(name))?;
    Ok(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}

/// The attempts of a list.
fn attempt_records(values: &ArrayRef) -> Result<Vec<AttemptRecord>, Failure> {
    let bad = || unreadable("holds attempts of another form");
    let attempts = values.as_struct_opt().ok_or_else(bad)?;
    let column = |name: &str| attempts.column_by_name(name).ok_or_else(bad);
    let (workers, errors) = (texts(column("worker")?, "worker")?, texts(column("error")?, "error")?);
    let started = column("started")?.as_primitive_opt::<Int64Type>().ok_or_else(bad)?;
    let seconds = column("seconds")?.as_primitive_opt::<Float64Type>().ok_or_else(bad)?;
    let attempts = workers.into_iter().zip(errors).zip(started.values()).zip(seconds.values());
    Ok(attempts
        .map(|(((worker, error), started), seconds)| AttemptRecord {
            worker,
            started: *started,
            seconds: *seconds,
            error,
        })
        .collect())
}

/// A file of another form.
fn unreadable(what: &str) -> Failure {
    Failure::new(codes::QUARANTINE_UNREADABLE, format!("the quarantine file {what}"))
}

/// A column that should hold texts.
fn not_text(name: &str) -> Failure {
    unreadable(&format!("holds no texts in {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure_record::{column_of, fingerprint};

    fn record(seq: u64) -> FailureRecord {
        let failure = Failure::new(codes::TYPE_MISMATCH, "column v2: text where double is expected")
            .at_item("v2")
            .expected("double", "text");
        FailureRecord {
            job: "01JD8Q4T3M".into(),
            seq,
            fingerprint: fingerprint(&failure),
            code: failure.code,
            class: failure.class(),
            retryable: false,
            uri: "s3://raw/a.tar.lz4".into(),
            etag: seq.is_multiple_of(2).then(|| "\"abc\"".into()),
            item: Some("x/004112.h5".into()),
            item_offset: Some(u64::MAX),
            item_size: None,
            column: column_of(&failure),
            expected: failure.expected.clone(),
            found: failure.found.clone(),
            message: failure.message.clone(),
            causes: (0..seq).map(|n| format!("cause {n}")).collect(),
            attempts: (0..seq)
                .map(|n| AttemptRecord {
                    worker: format!("w{n}"),
                    started: 1_700_000_000_000,
                    seconds: 0.5,
                    error: "it failed".into(),
                })
                .collect(),
            hint: failure.hint().to_owned(),
            reproduce: "tarquet inspect 's3://raw/a.tar.lz4' --member x/004112.h5".into(),
        }
    }

    #[test]
    fn records_given_together_are_the_file_that_one_batch_is() {
        let records: Vec<FailureRecord> = (0..3000).map(|n| record(n % 5)).collect();
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut at_once = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut at_once, schema(), Some(properties)).unwrap();
        writer.write(&RecordBatch::try_new(schema(), columns(&records)).unwrap()).unwrap();
        writer.close().unwrap();
        assert!(write_quarantine(&records).unwrap() == at_once, "byte for byte");
    }

    #[test]
    fn records_read_back() {
        let records: Vec<FailureRecord> = (0..4).map(record).collect();
        let bytes = write_quarantine(&records).unwrap();
        assert_eq!(read_quarantine(Bytes::from(bytes)).unwrap(), records);
        assert!(read_quarantine(Bytes::from(write_quarantine(&[]).unwrap())).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_does_not_name_columns_yet_reads_back() {
        let records = [record(1)];
        let whole = RecordBatch::try_new(schema(), columns(&records)).unwrap();
        let at = schema().index_of("column").unwrap();
        let kept: Vec<usize> = (0..whole.num_columns()).filter(|&i| i != at).collect();
        let batch = whole.project(&kept).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let read = read_quarantine(Bytes::from(bytes)).unwrap();
        assert_eq!(read, [FailureRecord { column: None, ..record(1) }]);
    }

    #[test]
    fn json_keys_are_the_columns() {
        let json = serde_json::to_value(record(1)).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        let schema = schema();
        let names: Vec<&String> = schema.fields().iter().map(|f| f.name()).collect();
        assert_eq!(keys, names);
    }

    #[test]
    fn other_bytes_are_refused() {
        let mut bytes = write_quarantine(&[record(1)]).unwrap();
        assert_eq!(
            read_quarantine(Bytes::from_static(b"PAR1")).unwrap_err().code,
            codes::QUARANTINE_UNREADABLE
        );
        let length = bytes.len();
        bytes.truncate(length - 9);
        assert_eq!(read_quarantine(Bytes::from(bytes)).unwrap_err().code, codes::QUARANTINE_UNREADABLE);
    }
}
