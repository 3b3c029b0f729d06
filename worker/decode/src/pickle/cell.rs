//! What a pickled value comes to.

use arrow::datatypes::TimeUnit;
use std::borrow::Cow;

/// A scalar, as a column of objects or an attribute may hold it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'p> {
    /// None, NaT, NA.
    Null,
    /// True, False.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// A float.
    Float(f64),
    /// Text; not yet checked to be UTF-8.
    Text(Cow<'p, [u8]>),
    /// Bytes.
    Bytes(Cow<'p, [u8]>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// A moment: units since 1970-01-01 UTC, or on the wall clock without a zone.
    Moment { value: i64, unit: TimeUnit, zone: Option<String> },
    /// A span.
    Span { value: i64, unit: TimeUnit },
    /// `unscaled` · 10^−`scale`.
    Decimal { unscaled: i128, scale: i8 },
    /// A period: ordinal and frequency.
    Period { ordinal: i64, freq: String },
    /// A container, by its Python name.
    Nested(&'static str),
}

impl Cell<'_> {
    /// A cell that borrows nothing.
    pub(super) fn owned<'a>(self) -> Cell<'a> {
        match self {
            Cell::Null => Cell::Null,
            Cell::Bool(b) => Cell::Bool(b),
            Cell::Int(n) => Cell::Int(n),
            Cell::Float(x) => Cell::Float(x),
            Cell::Text(t) => Cell::Text(Cow::Owned(t.into_owned())),
            Cell::Bytes(b) => Cell::Bytes(Cow::Owned(b.into_owned())),
            Cell::Date(d) => Cell::Date(d),
            Cell::Time(t) => Cell::Time(t),
            Cell::Moment { value, unit, zone } => Cell::Moment { value, unit, zone },
            Cell::Span { value, unit } => Cell::Span { value, unit },
            Cell::Decimal { unscaled, scale } => Cell::Decimal { unscaled, scale },
            Cell::Period { ordinal, freq } => Cell::Period { ordinal, freq },
            Cell::Nested(name) => Cell::Nested(name),
        }
    }
}
