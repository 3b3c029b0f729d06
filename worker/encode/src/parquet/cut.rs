//! Where row groups end: by Arrow bytes of the rows, whatever batches they come in.

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{BinaryType, DataType, Schema, Utf8Type},
    record_batch::RecordBatch,
    util::bit_iterator::BitSliceIterator,
};
use tarquet_common::spec::RowGroup;

/// Rows in a row group at most, unless there is to be only one.
pub(crate) const ROW_GROUP_ROWS: usize = 1 << 20;

/// Row groups in a file at most: the format numbers them with 15 bits. The last one takes the rest.
pub(crate) const ROW_GROUPS_MAX: usize = 1 << 15;

/// Bytes of a row's fixed-width values, text counted as if short.
pub(crate) fn row_bytes(schema: &Schema) -> usize {
    const TEXT: usize = 16;
    schema.fields().iter().map(|field| field.data_type().primitive_width().unwrap_or(TEXT)).sum()
}

/// Decides row by row whether the row group is full.
///
/// A row costs the width of each fixed-width value (one bit for a boolean), 32 bits for each text, and the bytes of
/// texts that are not missing. A row group ends with the row that reaches the limit.
pub(crate) struct RowGroupCut {
    bits_max: u64,
    rows_max: usize,
    bits: u64,
    rows: usize,
}

impl RowGroupCut {
    /// An empty row group.
    pub(crate) fn new(row_group: RowGroup) -> Self {
        let (bits_max, rows_max) = match row_group {
            RowGroup::Bytes(bytes) => (bytes.0.saturating_mul(8), ROW_GROUP_ROWS),
            RowGroup::One => (u64::MAX, usize::MAX),
        };
        Self { bits_max, rows_max, bits: 0, rows: 0 }
    }

    /// How many rows of the batch from `from` on belong to this row group, and whether it is full with them.
    pub(crate) fn take(&mut self, batch: &RecordBatch, from: usize) -> (usize, bool) {
        let rest = batch.num_rows() - from;
        let room = self.rows_max - self.rows;
        let most = rest.min(room);
        let bits = |rows: usize| self.bits.saturating_add(cost(batch, from, rows));
        let (rows, full) = if bits(most) < self.bits_max {
            (most, most == room)
        } else {
            // The smallest number of rows that reaches the limit; costs only grow.
            let (mut low, mut high) = (1, most.max(1));
            while low < high {
                let middle = low.midpoint(high);
                if bits(middle) >= self.bits_max { high = middle } else { low = middle + 1 }
            }
            (high, true)
        };
        if full {
            (self.bits, self.rows) = (0, 0);
        } else {
            (self.bits, self.rows) = (bits(rows), self.rows + rows);
        }
        (rows, full)
    }
}

/// What rows `from..from + rows` cost, in bits.
fn cost(batch: &RecordBatch, from: usize, rows: usize) -> u64 {
    batch.columns().iter().map(|column| column_cost(column, from, rows)).fold(0, u64::saturating_add)
}

/// What rows of one column cost, in bits.
fn column_cost(column: &ArrayRef, from: usize, rows: usize) -> u64 {
    const OFFSET: u64 = 32;
    let each = |bits: u64| bits * rows as u64;
    match column.data_type() {
        DataType::Boolean => each(1),
        DataType::Dictionary(..) => each(OFFSET),
        DataType::Utf8 => {
            each(OFFSET) + 8 * text_bytes(column, column.as_bytes::<Utf8Type>().value_offsets(), from, rows)
        }
        DataType::Binary => {
            each(OFFSET) + 8 * text_bytes(column, column.as_bytes::<BinaryType>().value_offsets(), from, rows)
        }
        fixed => each(8 * fixed.primitive_width().unwrap_or(8) as u64),
    }
}

/// Bytes of the texts that are not missing.
fn text_bytes(column: &ArrayRef, offsets: &[i32], from: usize, rows: usize) -> u64 {
    let span = |start: usize, end: usize| u64::from((offsets[end] - offsets[start]).unsigned_abs());
    match column.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => span(from, from + rows),
        Some(nulls) => {
            let bits = nulls.inner();
            BitSliceIterator::new(bits.values(), bits.offset() + from, rows)
                .map(|(start, end)| span(from + start, from + end))
                .sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BooleanArray, Int64Array, StringArray};
    use std::sync::Arc;
    use tarquet_common::units::Bytes;

    fn batch(rows: i64) -> RecordBatch {
        let ints: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
        let bools: ArrayRef = Arc::new(BooleanArray::from_iter((0..rows).map(|i| Some(i % 2 == 0))));
        let texts: ArrayRef = Arc::new(StringArray::from_iter(
            (0..rows).map(|i| (i % 3 != 0).then(|| "x".repeat(i as usize % 7))),
        ));
        RecordBatch::try_from_iter_with_nullable([("i", ints, true), ("b", bools, true), ("t", texts, true)])
            .unwrap()
    }

    /// Ends of row groups when `batch` comes in pieces of `step` rows.
    fn ends(batch: &RecordBatch, row_group: RowGroup, step: usize) -> Vec<usize> {
        let mut cut = RowGroupCut::new(row_group);
        let mut ends = Vec::new();
        let mut at = 0;
        while at < batch.num_rows() {
            let piece = batch.slice(at, step.min(batch.num_rows() - at));
            let mut from = 0;
            while from < piece.num_rows() {
                let (rows, full) = cut.take(&piece, from);
                assert!(rows > 0);
                from += rows;
                if full {
                    ends.push(at + from);
                }
            }
            at += piece.num_rows();
        }
        ends
    }

    #[test]
    fn cuts_do_not_depend_on_batches() {
        let batch = batch(1000);
        let whole = ends(&batch, RowGroup::Bytes(Bytes(333)), 1000);
        assert!(whole.len() > 30, "{whole:?}");
        for step in [1, 7, 64, 999] {
            assert_eq!(ends(&batch, RowGroup::Bytes(Bytes(333)), step), whole);
        }
        // A limit that every row reaches.
        assert_eq!(ends(&batch, RowGroup::Bytes(Bytes(1)), 10).len(), 1000);
        assert!(ends(&batch, RowGroup::One, 10).is_empty());
    }

    #[test]
    fn a_row_costs_what_it_holds() {
        // 64 bits, 1 bit, 32 bits: 97 bits a row without text; rows 1 and 2 hold 1 and 2 bytes.
        let batch = batch(3);
        assert_eq!(cost(&batch, 0, 1), 97);
        assert_eq!(cost(&batch, 1, 2), 2 * 97 + 24);
    }
}
