//! Arrow types as they stand in plans: a small closed set, readable in JSON, total on garbage.

use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

impl Unit {
    /// How many of this unit make a second.
    pub const fn per_second(self) -> i64 {
        match self {
            Self::S => 1,
            Self::Ms => 1_000,
            Self::Us => 1_000_000,
            Self::Ns => 1_000_000_000,
        }
    }

    /// The unit's short name, as numpy writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S => "s",
            Self::Ms => "ms",
            Self::Us => "us",
            Self::Ns => "ns",
        }
    }
}

impl From<TimeUnit> for Unit {
    fn from(unit: TimeUnit) -> Self {
        match unit {
            TimeUnit::Second => Self::S,
            TimeUnit::Millisecond => Self::Ms,
            TimeUnit::Microsecond => Self::Us,
            TimeUnit::Nanosecond => Self::Ns,
        }
    }
}

impl From<Unit> for TimeUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::S => Self::Second,
            Unit::Ms => Self::Millisecond,
            Unit::Us => Self::Microsecond,
            Unit::Ns => Self::Nanosecond,
        }
    }
}

/// The type of a column's values. Dictionaries appear as the type of their values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrowType {
    /// No value at all has been seen.
    Null,
    /// True or false.
    Bool,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// Unsigned, 8 bits.
    Uint8,
    /// Unsigned, 16 bits.
    Uint16,
    /// Unsigned, 32 bits.
    Uint32,
    /// Unsigned, 64 bits.
    Uint64,
    /// IEEE 754, 16 bits.
    Float16,
    /// IEEE 754, 32 bits.
    Float32,
    /// IEEE 754, 64 bits.
    Float64,
    /// UTF-8 text.
    Utf8,
    /// Bytes.
    Binary,
    /// Days since 1970-01-01.
    Date32,
    /// Time of day.
    Time(Unit),
    /// A moment, with the zone it is shown in.
    Timestamp(Unit, Option<String>),
    /// A span.
    Duration(Unit),
    /// A decimal of so many digits, so many of them behind the point.
    Decimal(u8, i8),
}

impl ArrowType {
    /// The type of an array, `None` where our output cannot hold it.
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool,
            DataType::Int8 => Self::Int8,
            DataType::Int16 => Self::Int16,
            DataType::Int32 => Self::Int32,
            DataType::Int64 => Self::Int64,
            DataType::UInt8 => Self::Uint8,
            DataType::UInt16 => Self::Uint16,
            DataType::UInt32 => Self::Uint32,
            DataType::UInt64 => Self::Uint64,
            DataType::Float16 => Self::Float16,
            DataType::Float32 => Self::Float32,
            DataType::Float64 => Self::Float64,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Utf8,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Self::Binary,
            DataType::Date32 => Self::Date32,
            DataType::Time32(unit) | DataType::Time64(unit) => Self::Time((*unit).into()),
            DataType::Timestamp(unit, zone) => {
                Self::Timestamp((*unit).into(), zone.as_ref().map(ToString::to_string))
            }
            DataType::Duration(unit) => Self::Duration((*unit).into()),
            DataType::Decimal128(precision, scale) => Self::Decimal(*precision, *scale),
            DataType::Dictionary(_, values) => return Self::of(values),
            _ => return None,
        })
    }

    /// The Arrow type we keep such values in.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Uint8 => DataType::UInt8,
            Self::Uint16 => DataType::UInt16,
            Self::Uint32 => DataType::UInt32,
            Self::Uint64 => DataType::UInt64,
            Self::Float16 => DataType::Float16,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Utf8 => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Date32 => DataType::Date32,
            Self::Time(unit @ (Unit::S | Unit::Ms)) => DataType::Time32((*unit).into()),
            Self::Time(unit) => DataType::Time64((*unit).into()),
            Self::Timestamp(unit, zone) => {
                DataType::Timestamp((*unit).into(), zone.as_deref().map(Arc::from))
            }
            Self::Duration(unit) => DataType::Duration((*unit).into()),
            Self::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
        }
    }

    /// Whether it is one of the float types.
    pub const fn is_float(&self) -> bool {
        matches!(self, Self::Float16 | Self::Float32 | Self::Float64)
    }

    /// Bits and signedness of an integer type.
    pub const fn integer(&self) -> Option<(u32, bool)> {
        match self {
            Self::Int8 => Some((8, true)),
            Self::Int16 => Some((16, true)),
            Self::Int32 => Some((32, true)),
            Self::Int64 => Some((64, true)),
            Self::Uint8 => Some((8, false)),
            Self::Uint16 => Some((16, false)),
            Self::Uint32 => Some((32, false)),
            Self::Uint64 => Some((64, false)),
            _ => None,
        }
    }

    /// numpy's name of the type, as pandas puts it into its metadata; "object" where numpy has none.
    pub fn numpy_name(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Int8 => "int8".into(),
            Self::Int16 => "int16".into(),
            Self::Int32 => "int32".into(),
            Self::Int64 => "int64".into(),
            Self::Uint8 => "uint8".into(),
            Self::Uint16 => "uint16".into(),
            Self::Uint32 => "uint32".into(),
            Self::Uint64 => "uint64".into(),
            Self::Float16 => "float16".into(),
            Self::Float32 => "float32".into(),
            Self::Float64 => "float64".into(),
            Self::Timestamp(unit, _) => format!("datetime64[{}]", unit.name()),
            Self::Duration(unit) => format!("timedelta64[{}]", unit.name()),
            Self::Null | Self::Utf8 | Self::Binary | Self::Date32 | Self::Time(_) | Self::Decimal(..) => {
                "object".into()
            }
        }
    }
}

impl fmt::Display for ArrowType {
    /// The words that plans and failures use: `int64`, `double`, `text`, `timestamp[ns, UTC]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Float16 => f.write_str("half"),
            Self::Float32 => f.write_str("float"),
            Self::Float64 => f.write_str("double"),
            Self::Utf8 => f.write_str("text"),
            Self::Binary => f.write_str("bytes"),
            Self::Date32 => f.write_str("date"),
            Self::Time(unit) => write!(f, "time[{}]", unit.name()),
            Self::Timestamp(unit, None) => write!(f, "timestamp[{}]", unit.name()),
            Self::Timestamp(unit, Some(zone)) => write!(f, "timestamp[{}, {zone}]", unit.name()),
            Self::Duration(unit) => write!(f, "duration[{}]", unit.name()),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision}, {scale})"),
            other => f.write_str(&other.numpy_name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_survive_json() {
        for ty in [
            ArrowType::Null,
            ArrowType::Uint64,
            ArrowType::Time(Unit::Us),
            ArrowType::Timestamp(Unit::Ns, Some("Europe/Berlin".into())),
            ArrowType::Duration(Unit::S),
            ArrowType::Decimal(20, 3),
        ] {
            let json = serde_json::to_string(&ty).unwrap();
            assert_eq!(serde_json::from_str::<ArrowType>(&json).unwrap(), ty, "{json}");
            assert_eq!(ArrowType::of(&ty.data_type()).as_ref(), Some(&ty));
        }
    }

    #[test]
    fn garbage_is_refused() {
        assert!(serde_json::from_str::<ArrowType>(r#""complex128""#).is_err());
        assert!(serde_json::from_str::<ArrowType>(r#"{"timestamp":["fortnight",null]}"#).is_err());
        assert_eq!(ArrowType::of(&DataType::Interval(arrow::datatypes::IntervalUnit::DayTime)), None);
    }
}
