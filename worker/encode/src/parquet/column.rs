//! The columns of a file: which writer each one gets.

use super::{
    bools::BoolColumn,
    categories::CategoryColumn,
    chunk::{ChunkBuilder, ColumnWriter},
    layout::ColumnStorage,
    primitive::PrimitiveColumn,
    stored::Wide,
    text::{TextColumn, TextEncoding},
};
use arrow::{
    array::{Array, ArrayRef},
    datatypes::{
        DataType, Date32Type, Decimal128Type, DurationMicrosecondType, DurationMillisecondType,
        DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
        Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time64MicrosecondType, Time64NanosecondType,
        TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, UInt8Type,
        UInt16Type, UInt32Type, UInt64Type,
    },
};
use parquet::{
    basic::{Compression, Encoding},
    schema::types::ColumnDescPtr,
};
use tarquet_common::{codes::schema as codes, failure::Failure, spec::Profile};

/// What decides a column's pages besides its values.
pub(crate) struct ColumnSetup<'a> {
    /// Its Arrow type.
    pub(crate) data_type: &'a DataType,
    /// What the type does not say.
    pub(crate) storage: &'a ColumnStorage,
    /// Its place in the Parquet schema.
    pub(crate) descr: ColumnDescPtr,
    /// Rows in its pages at most.
    pub(crate) page_rows: usize,
    /// What its pages are compressed with.
    pub(crate) codec: Compression,
}

/// The writer of a column.
///
/// # Errors
/// `TYPE_UNSUPPORTED` for an Arrow type that is none of ours.
pub(crate) fn column_writer(
    setup: &ColumnSetup<'_>,
    profile: Profile,
) -> Result<Box<dyn ColumnWriter>, Failure> {
    const INT: Encoding = Encoding::DELTA_BINARY_PACKED;
    const PLAIN: Encoding = Encoding::PLAIN;
    macro_rules! primitive {
        ($arrow:ty => $stored:ty, $encoding:expr) => {
            Ok(Box::new(PrimitiveColumn::<$arrow, $stored>::new(builder(setup), $encoding, setup.page_rows)))
        };
    }
    let float = if splits(setup, profile) { Encoding::BYTE_STREAM_SPLIT } else { PLAIN };
    match setup.data_type {
        DataType::Boolean => Ok(Box::new(BoolColumn::new(builder(setup), setup.page_rows))),
        DataType::Int8 => primitive!(Int8Type => i32, INT),
        DataType::Int16 => primitive!(Int16Type => i32, INT),
        DataType::Int32 => primitive!(Int32Type => i32, INT),
        DataType::Int64 => primitive!(Int64Type => i64, INT),
        DataType::UInt8 => primitive!(UInt8Type => u32, INT),
        DataType::UInt16 => primitive!(UInt16Type => u32, INT),
        DataType::UInt32 => primitive!(UInt32Type => u32, INT),
        DataType::UInt64 => primitive!(UInt64Type => u64, INT),
        DataType::Float16 => primitive!(Float16Type => half::f16, PLAIN),
        DataType::Float32 => primitive!(Float32Type => f32, float),
        DataType::Float64 => primitive!(Float64Type => f64, float),
        DataType::Date32 => primitive!(Date32Type => i32, INT),
        DataType::Time32(TimeUnit::Millisecond) => primitive!(Time32MillisecondType => i32, INT),
        DataType::Time64(TimeUnit::Microsecond) => primitive!(Time64MicrosecondType => i64, INT),
        DataType::Time64(TimeUnit::Nanosecond) => primitive!(Time64NanosecondType => i64, INT),
        DataType::Timestamp(TimeUnit::Millisecond, _) => primitive!(TimestampMillisecondType => i64, INT),
        DataType::Timestamp(TimeUnit::Microsecond, _) => primitive!(TimestampMicrosecondType => i64, INT),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => primitive!(TimestampNanosecondType => i64, INT),
        DataType::Duration(TimeUnit::Second) => primitive!(DurationSecondType => i64, INT),
        DataType::Duration(TimeUnit::Millisecond) => primitive!(DurationMillisecondType => i64, INT),
        DataType::Duration(TimeUnit::Microsecond) => primitive!(DurationMicrosecondType => i64, INT),
        DataType::Duration(TimeUnit::Nanosecond) => primitive!(DurationNanosecondType => i64, INT),
        DataType::Decimal128(1..=9, _) => primitive!(Decimal128Type => i32, INT),
        DataType::Decimal128(10..=18, _) => primitive!(Decimal128Type => i64, INT),
        DataType::Decimal128(..) => wide_decimal(setup),
        DataType::Utf8 | DataType::Binary => Ok(text(setup, profile)),
        DataType::Dictionary(code, value) if (&**code, &**value) == (&DataType::Int32, &DataType::Utf8) => {
            match &setup.storage.dictionary {
                Some(values) => Ok(Box::new(CategoryColumn::new(builder(setup), values, setup.page_rows))),
                None => Ok(text(setup, profile)),
            }
        }
        other => {
            let message = format!("column {} cannot be written", setup.descr.name());
            let failure = Failure::new(codes::TYPE_UNSUPPORTED, message).at_item(setup.descr.name());
            Err(failure.expected("a type that frozen schemas hold", other))
        }
    }
}

/// An empty chunk of the column.
fn builder<S: super::stats::Stat>(setup: &ColumnSetup<'_>) -> ChunkBuilder<S> {
    ChunkBuilder::new(setup.descr.clone(), setup.codec)
}

/// Whether the profile byte-splits the column's floats.
fn splits(setup: &ColumnSetup<'_>, profile: Profile) -> bool {
    match profile {
        Profile::Portable => false,
        Profile::Fast => true,
        Profile::Compact => setup.storage.split,
    }
}

/// A column of text or bytes.
fn text(setup: &ColumnSetup<'_>, profile: Profile) -> Box<dyn ColumnWriter> {
    let encoding = match profile {
        Profile::Portable | Profile::Fast => TextEncoding::Plain,
        Profile::Compact => TextEncoding::DeltaLength,
    };
    let is_text = *setup.data_type != DataType::Binary;
    Box::new(TextColumn::new(builder(setup), encoding, is_text, setup.page_rows))
}

/// A decimal of 19 to 38 digits, in as few bytes as its precision needs.
fn wide_decimal(setup: &ColumnSetup<'_>) -> Result<Box<dyn ColumnWriter>, Failure> {
    macro_rules! wide {
        ($($width:literal),*) => {
            match setup.descr.type_length() {
                $($width => Ok(Box::new(PrimitiveColumn::<Decimal128Type, Wide<$width>>::new(
                    builder(setup),
                    Encoding::PLAIN,
                    setup.page_rows,
                ))),)*
                other => Err(Failure::new(codes::TYPE_UNSUPPORTED, format!("a decimal of {other} bytes"))
                    .at_item(setup.descr.name())),
            }
        };
    }
    wide!(9, 10, 11, 12, 13, 14, 15, 16)
}

/// A slice of an array, which costs nothing.
pub(crate) fn slice(values: &ArrayRef, from: usize, count: usize) -> ArrayRef {
    if from == 0 && count == values.len() { values.clone() } else { values.slice(from, count) }
}
