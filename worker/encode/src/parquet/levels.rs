//! Definition levels of one page: which rows have a value.

use super::hybrid;
use arrow::{array::BooleanBufferBuilder, buffer::NullBuffer};

/// Which rows of the page so far have a value. Bits are kept only once a row has none.
#[derive(Default)]
pub(crate) struct Levels {
    rows: usize,
    nulls: usize,
    valid: Option<BooleanBufferBuilder>,
}

impl Levels {
    /// Rows so far.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Rows without a value.
    pub(crate) fn nulls(&self) -> usize {
        self.nulls
    }

    /// Adds rows `from..from + count` of an array with this validity.
    pub(crate) fn extend(&mut self, validity: Option<&NullBuffer>, from: usize, count: usize) {
        match validity.map(|nulls| nulls.slice(from, count)).filter(|nulls| nulls.null_count() > 0) {
            None => self.push_valid(count),
            Some(nulls) => {
                self.nulls += nulls.null_count();
                self.bits().append_buffer(nulls.inner());
                self.rows += count;
            }
        }
    }

    /// Adds rows with values.
    pub(crate) fn push_valid(&mut self, count: usize) {
        if let Some(bits) = &mut self.valid {
            bits.append_n(count, true);
        }
        self.rows += count;
    }

    /// Adds one row without a value.
    pub(crate) fn push_null(&mut self) {
        self.bits().append(false);
        self.rows += 1;
        self.nulls += 1;
    }

    /// The bits, one for each row so far.
    fn bits(&mut self) -> &mut BooleanBufferBuilder {
        let rows = self.rows;
        self.valid.get_or_insert_with(|| {
            let mut bits = BooleanBufferBuilder::new(rows.max(1024));
            bits.append_n(rows, true);
            bits
        })
    }

    /// Appends the levels as a version-1 page holds them, length first, and starts anew.
    pub(crate) fn put(&mut self, out: &mut Vec<u8>) {
        let length_at = out.len();
        out.extend_from_slice(&[0; 4]);
        match self.valid.take() {
            Some(mut bits) if self.nulls < self.rows => {
                let bits = bits.finish();
                hybrid::encode(self.rows, 1, |i| u32::from(bits.value(i)), out);
            }
            _ => hybrid::repeat(self.rows, u32::from(self.nulls == 0), 1, out),
        }
        let length = u32::try_from(out.len() - length_at - 4).expect("a page has far fewer than 2^32 rows");
        out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        self.clear();
    }

    /// Starts anew: a required column has no levels.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
