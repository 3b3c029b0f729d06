//! Rows of elements, and what to make of them.

use crate::budget::Budget;
use arrow::datatypes::TimeUnit;

/// What to make of the numbers of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Make {
    /// What they are.
    Plain,
    /// Moments, in a zone or on the wall clock. `i64::MIN` is NaT.
    Moment(TimeUnit, Option<String>),
    /// Spans. `i64::MIN` is NaT.
    Span(TimeUnit),
    /// Period ordinals. `i64::MIN` is NaT.
    Period,
}

/// Elements of one type standing in rows: element `j` of row `i` begins at `i * stride + offsets[j]`.
pub(crate) struct Rows<'a> {
    /// All rows.
    pub(crate) bytes: &'a [u8],
    /// How many rows.
    pub(crate) rows: usize,
    /// Bytes of a row.
    pub(crate) stride: usize,
    /// Where in a row the wanted elements begin.
    pub(crate) offsets: Vec<usize>,
    /// Who pays for what is made of them.
    pub(crate) budget: &'a Budget,
}

impl<'a> Rows<'a> {
    /// A matrix of `columns` elements of `width` bytes in each row.
    pub(crate) fn matrix(
        bytes: &'a [u8],
        rows: usize,
        columns: usize,
        width: usize,
        budget: &'a Budget,
    ) -> Self {
        let offsets = (0..columns).map(|j| j * width).collect();
        Self { bytes, rows, stride: columns * width, offsets, budget }
    }

    /// Whether all elements of `width` bytes lie within the bytes.
    pub(super) fn holds(&self, width: usize) -> bool {
        self.offsets.iter().all(|offset| offset + width <= self.stride)
            && self.rows.checked_mul(self.stride).is_some_and(|len| len <= self.bytes.len())
    }
}
