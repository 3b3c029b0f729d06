//! Members as Arrow columns, and back.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, Int64Builder, RecordBatch, StringBuilder, UInt16Builder,
    UInt32Builder,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt16Type, UInt32Type};
use std::sync::Arc;
use tarquet_common::archive::{Check, Member, MemberKind, ZipStorage};

/// The schema of `members.parquet`.
pub(super) fn schema() -> SchemaRef {
    let column = |name: &str, data_type: DataType, nullable: bool| Field::new(name, data_type, nullable);
    Arc::new(Schema::new(vec![
        column("name", DataType::Binary, false),
        column("offset", DataType::Int64, false),
        column("size", DataType::Int64, false),
        column("type", DataType::Utf8, false),
        column("crc32c", DataType::UInt32, true),
        column("crc32", DataType::UInt32, true),
        column("stored_size", DataType::Int64, true),
        column("method", DataType::UInt16, true),
    ]))
}

/// Members on their way to a row group.
#[derive(Debug, Default)]
pub(super) struct Columns {
    name: BinaryBuilder,
    offset: Int64Builder,
    size: Int64Builder,
    kind: StringBuilder,
    crc32c: UInt32Builder,
    crc32: UInt32Builder,
    stored_size: Int64Builder,
    method: UInt16Builder,
    rows: usize,
    name_bytes: usize,
}

impl Columns {
    pub(super) fn push(&mut self, member: &Member) {
        self.name.append_value(&member.name);
        self.offset.append_value(member.offset.cast_signed());
        self.size.append_value(member.size.cast_signed());
        self.kind.append_value(member.kind.as_str());
        let (crc32c, crc32) = match member.check {
            Check::Crc32c(crc) => (Some(crc), None),
            Check::Crc32(crc) => (None, Some(crc)),
            Check::Unknown => (None, None),
        };
        self.crc32c.append_option(crc32c);
        self.crc32.append_option(crc32);
        self.stored_size.append_option(member.zip.map(|z| z.stored_size.cast_signed()));
        self.method.append_option(member.zip.map(|z| z.method));
        self.rows += 1;
        self.name_bytes += member.name.len();
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn name_bytes(&self) -> usize {
        self.name_bytes
    }

    /// What was pushed, as a batch; begins anew.
    pub(super) fn take(&mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.name.finish()),
            Arc::new(self.offset.finish()),
            Arc::new(self.size.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.crc32c.finish()),
            Arc::new(self.crc32.finish()),
            Arc::new(self.stored_size.finish()),
            Arc::new(self.method.finish()),
        ];
        self.rows = 0;
        self.name_bytes = 0;
        RecordBatch::try_new(schema(), columns).expect("columns of equal length and of the schema's types")
    }
}

/// Members of a batch, or `None` when the batch is not of our schema or holds impossible values.
pub(super) fn members_of(batch: &RecordBatch) -> Option<Vec<Member>> {
    if batch.schema().fields() != schema().fields() {
        return None;
    }
    let name = batch.column(0).as_binary_opt::<i32>()?;
    let offset = batch.column(1).as_primitive_opt::<Int64Type>()?;
    let size = batch.column(2).as_primitive_opt::<Int64Type>()?;
    let kind = batch.column(3).as_string_opt::<i32>()?;
    let crc32c = batch.column(4).as_primitive_opt::<UInt32Type>()?;
    let crc32 = batch.column(5).as_primitive_opt::<UInt32Type>()?;
    let stored_size = batch.column(6).as_primitive_opt::<Int64Type>()?;
    let method = batch.column(7).as_primitive_opt::<UInt16Type>()?;
    let zip = |row: usize| {
        let there = stored_size.is_valid(row) && method.is_valid(row);
        there.then(|| ZipStorage {
            stored_size: stored_size.value(row).cast_unsigned(),
            method: method.value(row),
        })
    };
    let check = |row: usize| match (crc32c.is_valid(row), crc32.is_valid(row)) {
        (true, _) => Check::Crc32c(crc32c.value(row)),
        (_, true) => Check::Crc32(crc32.value(row)),
        _ => Check::Unknown,
    };
    let member = |row: usize| {
        Some(Member {
            name: name.value(row).to_vec(),
            offset: u64::try_from(offset.value(row)).ok()?,
            size: u64::try_from(size.value(row)).ok()?,
            kind: MemberKind::from_word(kind.value(row))?,
            check: check(row),
            zip: zip(row),
        })
    };
    (0..batch.num_rows()).map(member).collect()
}
