//! Numbers as other numbers, each value exact or the member fails with the first row that is not.

use crate::arrow_type::ArrowType;
use arrow::{
    array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, PrimitiveArray},
    datatypes::{
        Decimal128Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use half::f16;
use std::{fmt::Display, sync::Arc};
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
};

/// A number between two types: every integer and float of ours is one of these, exactly.
#[derive(Clone, Copy)]
enum Exact {
    /// An integer.
    Int(i128),
    /// A float.
    Float(f64),
}

impl Exact {
    /// The integer it is, if it is one. Floats only up to 2^53, where they are unambiguous, and not the negative
    /// zero, which no integer is.
    fn integer(self) -> Option<i128> {
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        match self {
            Self::Int(n) => Some(n),
            #[expect(clippy::cast_possible_truncation, reason = "integral and at most 2^53")]
            Self::Float(x) => {
                let negative_zero = x == 0.0 && x.is_sign_negative();
                (x.fract() == 0.0 && x.abs() <= LIMIT && !negative_zero).then_some(x as i128)
            }
        }
    }

    /// The 64-bit float it is, if it is one.
    fn float(self) -> Option<f64> {
        match self {
            Self::Float(x) => Some(x),
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "the way back shows whether anything was lost"
            )]
            Self::Int(n) => {
                let x = n as f64;
                (x as i128 == n).then_some(x)
            }
        }
    }
}

/// Converts between integer and float types.
pub(super) fn convert(
    name: &str,
    values: &ArrayRef,
    own: &ArrowType,
    frozen: &ArrowType,
) -> Result<ArrayRef, Failure> {
    let read = |target: Target<'_>| -> Result<ArrayRef, Failure> {
        match own {
            ArrowType::Int8 => target.from::<Int8Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Int16 => target.from::<Int16Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Int32 => target.from::<Int32Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Int64 => target.from::<Int64Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Uint8 => target.from::<UInt8Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Uint16 => target.from::<UInt16Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Uint32 => target.from::<UInt32Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Uint64 => target.from::<UInt64Type>(values, |v| Exact::Int(v.into())),
            ArrowType::Float16 => target.from::<Float16Type>(values, |v| Exact::Float(v.to_f64())),
            ArrowType::Float32 => target.from::<Float32Type>(values, |v| Exact::Float(v.into())),
            ArrowType::Float64 => target.from::<Float64Type>(values, Exact::Float),
            other => Err(no_conversion(name, other, frozen)),
        }
    };
    read(Target { name, own, frozen })
}

/// What is wanted of a column.
#[derive(Clone, Copy)]
struct Target<'a> {
    name: &'a str,
    own: &'a ArrowType,
    frozen: &'a ArrowType,
}

impl Target<'_> {
    /// Converts values that `exact` reads.
    fn from<S>(
        self,
        values: &ArrayRef,
        exact: impl Fn(S::Native) -> Exact + Copy,
    ) -> Result<ArrayRef, Failure>
    where
        S: ArrowPrimitiveType,
        S::Native: Display,
    {
        let source = values.as_primitive::<S>();
        fn int<N: TryFrom<i128>>(e: Exact) -> Option<N> {
            e.integer().and_then(|n| N::try_from(n).ok())
        }
        match self.frozen {
            ArrowType::Int8 => self.each::<S, Int8Type>(source, |v| int(exact(v))),
            ArrowType::Int16 => self.each::<S, Int16Type>(source, |v| int(exact(v))),
            ArrowType::Int32 => self.each::<S, Int32Type>(source, |v| int(exact(v))),
            ArrowType::Int64 => self.each::<S, Int64Type>(source, |v| int(exact(v))),
            ArrowType::Uint8 => self.each::<S, UInt8Type>(source, |v| int(exact(v))),
            ArrowType::Uint16 => self.each::<S, UInt16Type>(source, |v| int(exact(v))),
            ArrowType::Uint32 => self.each::<S, UInt32Type>(source, |v| int(exact(v))),
            ArrowType::Uint64 => self.each::<S, UInt64Type>(source, |v| int(exact(v))),
            ArrowType::Float16 => self.each::<S, Float16Type>(source, |v| half(exact(v).float()?)),
            ArrowType::Float32 => self.each::<S, Float32Type>(source, |v| single(exact(v).float()?)),
            ArrowType::Float64 => self.each::<S, Float64Type>(source, |v| exact(v).float()),
            other => Err(no_conversion(self.name, self.own, other)),
        }
    }

    /// Converts every value, or names the first that does not go.
    fn each<S, T>(
        self,
        source: &PrimitiveArray<S>,
        to: impl Fn(S::Native) -> Option<T::Native>,
    ) -> Result<ArrayRef, Failure>
    where
        S: ArrowPrimitiveType,
        S::Native: Display,
        T: ArrowPrimitiveType,
    {
        match source.try_unary::<_, T, ()>(|v| to(v).ok_or(())) {
            Ok(converted) => Ok(Arc::new(converted)),
            Err(()) => {
                let first =
                    (0..source.len()).find(|row| source.is_valid(*row) && to(source.value(*row)).is_none());
                let row = first.expect("try_unary found one");
                Err(self.inexact(row, &source.value(row)))
            }
        }
    }

    /// A value that the frozen type cannot hold.
    fn inexact(self, row: usize, value: &dyn Display) -> Failure {
        let Self { name, own, frozen } = self;
        let message = format!("column {name}: {value} in row {row} cannot be {frozen} exactly");
        Failure::new(codes::VALUE_NOT_EXACT, message)
            .at_item(name)
            .expected(frozen, format!("{own} with {value}, first in row {row}"))
    }
}

/// The 32-bit float that is this value, if there is one.
#[expect(clippy::cast_possible_truncation, reason = "the way back shows whether anything was lost")]
fn single(x: f64) -> Option<f32> {
    let narrow = x as f32;
    (f64::from(narrow) == x || x.is_nan()).then_some(narrow)
}

/// The 16-bit float that is this value, if there is one.
fn half(x: f64) -> Option<f16> {
    let narrow = f16::from_f64(x);
    (narrow.to_f64() == x || x.is_nan()).then_some(narrow)
}

/// Two types that no rule connects got this far.
fn no_conversion(name: &str, own: &ArrowType, frozen: &ArrowType) -> Failure {
    Failure::new(ourselves::INVARIANT, format!("no conversion of column {name} from {own} to {frozen}"))
        .at_item(name)
}

/// Gives decimals another scale.
pub(super) fn rescale(
    name: &str,
    values: &ArrayRef,
    from: i8,
    precision: u8,
    to: i8,
) -> Result<ArrayRef, Failure> {
    let source = values.as_primitive::<Decimal128Type>();
    let shift = u32::from((i16::from(to) - i16::from(from)).unsigned_abs());
    let factor = 10_i128.checked_pow(shift);
    let limit = 10_i128.checked_pow(u32::from(precision));
    let rescaled = |v: i128| -> Option<i128> {
        let factor = factor?;
        let moved =
            if to >= from { v.checked_mul(factor)? } else { (v % factor == 0).then_some(v / factor)? };
        limit.is_none_or(|limit| moved.abs() < limit).then_some(moved)
    };
    let converted: Decimal128Array = source.try_unary(|v| rescaled(v).ok_or(())).map_err(|()| {
        let row = (0..source.len())
            .find(|row| source.is_valid(*row) && rescaled(source.value(*row)).is_none())
            .expect("try_unary found one");
        let shown = source.value_as_string(row);
        let frozen = ArrowType::Decimal(precision, to);
        let message = format!("column {name}: {shown} in row {row} cannot be {frozen} exactly");
        Failure::new(codes::VALUE_NOT_EXACT, message).at_item(name).expected(frozen, shown)
    })?;
    converted.with_precision_and_scale(precision, to).map(|array| Arc::new(array) as ArrayRef).map_err(
        |error| Failure::new(ourselves::INVARIANT, "a frozen decimal type is no decimal").caused_by(&error),
    )
}
