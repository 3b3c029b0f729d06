//! Values as Parquet stores them: how they become bytes, and what their range is.

use super::{
    delta,
    split::split_bytes,
    stats::{Stat, WideDecimal},
};
use arrow::datatypes::ToByteSlice;
use half::f16;
use parquet::basic::Encoding;

/// A value of a page in memory.
pub(crate) trait Stored: Copy + Send + 'static {
    /// What statistics are made of.
    type Stat: Stat;
    /// Smallest and largest; `None` if no value has an order (NaN).
    fn range(values: &[Self]) -> Option<(Self::Stat, Self::Stat)>;
    /// Appends the values in an encoding that fits them.
    fn encode(values: &[Self], encoding: Encoding, out: &mut Vec<u8>);
}

/// An Arrow value as it is stored.
pub(crate) trait Widen<P>: Copy {
    /// The stored value.
    fn widen(self) -> P;
}

/// Implements [`Widen`] where nothing or only the width changes.
macro_rules! widen {
    ($($from:ty => $to:ty),*) => {
        $(impl Widen<$to> for $from {
            #[inline]
            fn widen(self) -> $to {
                self.into()
            }
        })*
    };
}
widen!(i8 => i32, i16 => i32, i32 => i32, i64 => i64, u8 => u32, u16 => u32, u32 => u32, u64 => u64);
widen!(f16 => f16, f32 => f32, f64 => f64);

/// Values are stored as they lie in memory.
const _: () = assert!(cfg!(target_endian = "little"), "Parquet and Arrow buffers are little-endian");

/// Implements [`Stored`] for an integer with the delta encoder of its width.
macro_rules! stored_integer {
    ($ty:ty, $delta:path, $signed:expr) => {
        impl Stored for $ty {
            type Stat = Self;
            fn range(values: &[Self]) -> Option<(Self, Self)> {
                let first = *values.first()?;
                Some(values.iter().fold((first, first), |(low, high), v| (low.min(*v), high.max(*v))))
            }
            fn encode(values: &[Self], encoding: Encoding, out: &mut Vec<u8>) {
                match encoding {
                    Encoding::DELTA_BINARY_PACKED => $delta(values, $signed, out),
                    _ => out.extend_from_slice(values.to_byte_slice()),
                }
            }
        }
    };
}
stored_integer!(i32, delta::encode_i32, |v| v);
stored_integer!(i64, delta::encode_i64, |v| v);
stored_integer!(u32, delta::encode_i32, u32::cast_signed);
stored_integer!(u64, delta::encode_i64, u64::cast_signed);

/// Implements [`Stored`] for a float. NaN has no order and is passed over; zeros count with both signs, because
/// readers compare them as equal.
macro_rules! stored_float {
    ($ty:ty, $zero:expr, $infinity:expr, $negative:expr) => {
        impl Stored for $ty {
            type Stat = Self;
            fn range(values: &[Self]) -> Option<(Self, Self)> {
                // Comparisons with NaN are false, so it never gets in. Eight lanes keep the processor's busy.
                let (mut lows, mut highs) = ([$infinity; 8], [$negative; 8]);
                for eight in values.chunks(8) {
                    for ((v, low), high) in eight.iter().zip(&mut lows).zip(&mut highs) {
                        *low = if *v < *low { *v } else { *low };
                        *high = if *v > *high { *v } else { *high };
                    }
                }
                let low = lows.into_iter().fold($infinity, |a, b| if b < a { b } else { a });
                let high = highs.into_iter().fold($negative, |a, b| if b > a { b } else { a });
                // Nothing but NaN, or nothing at all, leaves both where they began.
                if low > high {
                    return None;
                }
                let low = if low == $zero { -$zero } else { low };
                let high = if high == $zero { $zero } else { high };
                Some((low, high))
            }
            fn encode(values: &[Self], encoding: Encoding, out: &mut Vec<u8>) {
                match encoding {
                    Encoding::BYTE_STREAM_SPLIT => {
                        split_bytes(values.to_byte_slice(), size_of::<Self>(), out)
                    }
                    _ => out.extend_from_slice(values.to_byte_slice()),
                }
            }
        }
    };
}
stored_float!(f16, f16::ZERO, f16::INFINITY, f16::NEG_INFINITY);
stored_float!(f32, 0.0, Self::INFINITY, Self::NEG_INFINITY);
stored_float!(f64, 0.0, Self::INFINITY, Self::NEG_INFINITY);

/// A decimal of more than 18 digits in `WIDTH` big-endian bytes.
#[derive(Clone, Copy)]
pub(crate) struct Wide<const WIDTH: usize>(i128);

impl<const WIDTH: usize> Widen<Wide<WIDTH>> for i128 {
    #[inline]
    fn widen(self) -> Wide<WIDTH> {
        Wide(self)
    }
}

impl<const WIDTH: usize> Stored for Wide<WIDTH> {
    type Stat = WideDecimal;
    fn range(values: &[Self]) -> Option<(WideDecimal, WideDecimal)> {
        let stat = |value| WideDecimal { value, width: WIDTH };
        let first = values.first()?.0;
        let (low, high) = values.iter().fold((first, first), |(low, high), v| (low.min(v.0), high.max(v.0)));
        Some((stat(low), stat(high)))
    }
    fn encode(values: &[Self], _: Encoding, out: &mut Vec<u8>) {
        for value in values {
            out.extend_from_slice(&value.0.to_be_bytes()[16 - WIDTH..]);
        }
    }
}

/// A decimal of up to 9 digits: the precision says that it fits.
impl Widen<i32> for i128 {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 9 digits")]
    fn widen(self) -> i32 {
        self as i32
    }
}

/// A decimal of up to 18 digits: the precision says that it fits.
impl Widen<i64> for i128 {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 18 digits")]
    fn widen(self) -> i64 {
        self as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_ranges_pass_over_nan_and_count_zero_with_both_signs() {
        let range = |values: &[f64]| f64::range(values).map(|(low, high)| (low.to_bits(), high.to_bits()));
        let bits = |low: f64, high: f64| Some((low.to_bits(), high.to_bits()));
        assert_eq!(range(&[1.0, f64::NAN, -2.0]), bits(-2.0, 1.0));
        assert_eq!(range(&[f64::NAN, f64::NAN]), None);
        assert_eq!(range(&[]), None);
        assert_eq!(range(&[0.0]), bits(-0.0, 0.0));
        assert_eq!(range(&[-0.0, -1.0]), bits(-1.0, 0.0));
        assert_eq!(range(&[f64::INFINITY]), bits(f64::INFINITY, f64::INFINITY));
        assert_eq!(range(&[f64::NEG_INFINITY, f64::NAN]), bits(f64::NEG_INFINITY, f64::NEG_INFINITY));
    }
}
