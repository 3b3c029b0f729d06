//! Numbers whose bits stand otherwise than in memory: integers that do not fill their bytes, bfloat16, PyTables' times.

use super::{
    gather::{Gathered, Word, array, gathered},
    rows::Rows,
};
use crate::door::DType;
use arrow::{
    array::ArrayRef,
    datatypes::{
        ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
        UInt16Type, UInt32Type, UInt64Type,
    },
};

/// One array per offset, or `None` if the type is none of these.
pub(super) fn columns(rows: &Rows<'_>, dtype: &DType) -> Option<Vec<ArrayRef>> {
    Some(match *dtype {
        DType::Packed { size, signed, big, offset, precision } => {
            let bits = Bits { signed, offset, precision };
            match (size, signed) {
                (1, true) => each::<u8, Int8Type>(rows, big, |word| bits.of(word.into()) as i8),
                (2, true) => each::<u16, Int16Type>(rows, big, |word| bits.of(word.into()) as i16),
                (4, true) => each::<u32, Int32Type>(rows, big, |word| bits.of(word.into()) as i32),
                (8, true) => each::<u64, Int64Type>(rows, big, |word| bits.of(word)),
                (1, false) => each::<u8, UInt8Type>(rows, big, |word| bits.of(word.into()) as u8),
                (2, false) => each::<u16, UInt16Type>(rows, big, |word| bits.of(word.into()) as u16),
                (4, false) => each::<u32, UInt32Type>(rows, big, |word| bits.of(word.into()) as u32),
                (8, false) => each::<u64, UInt64Type>(rows, big, |word| bits.of(word) as u64),
                _ => return None,
            }
        }
        DType::BFloat { big } => {
            let single = |word: u16| f32::from_bits(u32::from(word) << 16);
            let columns = gathered::<u16>(rows, big, |&word| single(word).is_nan());
            columns.into_iter().map(|column| made::<u16, Float32Type>(column, single)).collect()
        }
        DType::Time64 { big } => each::<i64, Float64Type>(rows, big, |word| {
            let (seconds, micros) = ((word >> 32) as i32, word as i32);
            // as PyTables adds them up
            f64::from(seconds) + 1e-6 * f64::from(micros)
        }),
        _ => return None,
    })
}

/// Which bits of a word are an integer.
struct Bits {
    signed: bool,
    offset: u16,
    precision: u16,
}

impl Bits {
    /// The integer, its sign carried up to the word's end.
    fn of(&self, word: u64) -> i64 {
        let up = 64 - u32::from(self.precision);
        let top = (word >> self.offset) << up;
        if self.signed { (top as i64) >> up } else { (top >> up) as i64 }
    }
}

fn each<W: Word, T: ArrowPrimitiveType>(
    rows: &Rows<'_>,
    big: bool,
    make: impl Fn(W) -> T::Native,
) -> Vec<ArrayRef> {
    gathered::<W>(rows, big, |_| false).into_iter().map(|column| made::<W, T>(column, &make)).collect()
}

fn made<W: Word, T: ArrowPrimitiveType>(column: Gathered<W>, make: impl Fn(W) -> T::Native) -> ArrayRef {
    let Gathered { values, nulls } = column;
    array::<T>(Gathered { values: values.into_iter().map(make).collect(), nulls })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{budget::Budget, options::Limits};
    use arrow::array::AsArray;

    #[test]
    fn only_the_bits_that_count_are_read_and_the_sign_is_carried() {
        let budget = &Budget::new(&Limits::default());
        // 12 bits from bit 3 up, with noise in the others
        let words: [u16; 3] = [5 << 3 | 0x8007, 0xfff << 3 | 1, 0x800 << 3];
        for big in [false, true] {
            let bytes: Vec<u8> =
                words.iter().flat_map(|w| if big { w.to_be_bytes() } else { w.to_le_bytes() }).collect();
            let rows = Rows::matrix(&bytes, 3, 1, 2, budget);
            let of = |signed| {
                columns(&rows, &DType::Packed { size: 2, signed, big, offset: 3, precision: 12 }).unwrap()
            };
            assert_eq!(of(true)[0].as_primitive::<Int16Type>().values(), &[5, -1, -2048]);
            assert_eq!(of(false)[0].as_primitive::<UInt16Type>().values(), &[5, 4095, 2048]);
        }
    }
}
