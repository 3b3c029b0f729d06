//! Words out of rows: one pass that gathers, turns to native byte order and finds the nulls.
//!
//! Rows are taken in blocks that fit the first-level cache, and all columns of a block before the next:
//! a row is then fetched from memory once, whatever the number of columns.

use super::rows::Rows;
use arrow::{
    array::{ArrayRef, PrimitiveArray},
    buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer},
    datatypes::ArrowPrimitiveType,
};
use half::f16;
use std::sync::Arc;

/// Bytes of rows to work on at a time.
const BLOCK_BYTES: usize = 16 * 1024;

/// A number that stands in a file.
pub(super) trait Word: Copy {
    const WIDTH: usize;
    /// From bytes of exactly its width.
    fn read<const BIG: bool>(bytes: &[u8]) -> Self;
}

macro_rules! word {
    ($($number:ty),*) => {$(
        impl Word for $number {
            const WIDTH: usize = size_of::<Self>();

            #[inline(always)]
            fn read<const BIG: bool>(bytes: &[u8]) -> Self {
                let mut word = [0u8; size_of::<Self>()];
                word.copy_from_slice(bytes);
                if BIG { Self::from_be_bytes(word) } else { Self::from_le_bytes(word) }
            }
        }
    )*};
}
word!(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64, f16);

/// A column's values and, where some are null, which.
pub(super) struct Gathered<N> {
    pub(super) values: Vec<N>,
    pub(super) nulls: Option<NullBuffer>,
}

/// The wanted elements of the rows, column by column.
pub(super) fn gathered<N: Word>(rows: &Rows<'_>, big: bool, null: impl Fn(&N) -> bool) -> Vec<Gathered<N>> {
    if big { gather::<N, true>(rows, null) } else { gather::<N, false>(rows, null) }
}

fn gather<N: Word, const BIG: bool>(rows: &Rows<'_>, null: impl Fn(&N) -> bool) -> Vec<Gathered<N>> {
    let mut columns: Vec<(Vec<N>, Nulls)> =
        rows.offsets.iter().map(|_| (Vec::with_capacity(rows.rows), Nulls::new(rows.rows))).collect();
    if rows.rows > 0 && rows.stride > 0 {
        // a multiple of 64 rows, so that each block begins a word of the null bitmap
        let block_rows = (BLOCK_BYTES / rows.stride).next_multiple_of(64).max(64);
        let bytes = &rows.bytes[..rows.rows * rows.stride];
        for block in bytes.chunks(block_rows * rows.stride) {
            for ((values, nulls), &offset) in columns.iter_mut().zip(&rows.offsets) {
                let from = values.len();
                let row = |row: &[u8]| N::read::<BIG>(&row[offset..offset + N::WIDTH]);
                values.extend(block.chunks_exact(rows.stride).map(row));
                nulls.scan(&values[from..], &null);
            }
        }
    }
    columns
        .into_iter()
        .map(|(values, nulls)| Gathered { nulls: nulls.finish(values.len()), values })
        .collect()
}

/// The null bitmap in the making: a set bit is a null.
struct Nulls {
    words: Vec<u64>,
    any: bool,
}

impl Nulls {
    fn new(rows: usize) -> Self {
        Self { words: Vec::with_capacity(rows.div_ceil(64)), any: false }
    }

    fn scan<N>(&mut self, values: &[N], null: impl Fn(&N) -> bool) {
        for chunk in values.chunks(64) {
            let word = chunk.iter().rev().fold(0u64, |word, value| word << 1 | u64::from(null(value)));
            self.any |= word != 0;
            self.words.push(word);
        }
    }

    fn finish(self, len: usize) -> Option<NullBuffer> {
        self.any.then(|| {
            let valid: Vec<u64> = self.words.into_iter().map(|word| !word).collect();
            NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, len))
        })
    }
}

/// An array of a column as it is.
pub(super) fn array<T: ArrowPrimitiveType>(column: Gathered<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(column.values), column.nulls))
}
