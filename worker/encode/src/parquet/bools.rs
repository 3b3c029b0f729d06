//! Columns of booleans: plain bits.

use super::{
    chunk::{Chunk, ChunkBuilder, ColumnWriter},
    levels::Levels,
    page::PageTools,
};
use arrow::array::{Array, AsArray, BooleanBufferBuilder};
use parquet::basic::Encoding;
use tarquet_common::failure::Failure;

/// Writes booleans.
pub(crate) struct BoolColumn {
    chunk: ChunkBuilder<bool>,
    page_rows: usize,
    levels: Levels,
    page: BooleanBufferBuilder,
    seen: [bool; 2],
}

impl BoolColumn {
    /// An empty column.
    pub(crate) fn new(chunk: ChunkBuilder<bool>, page_rows: usize) -> Self {
        Self {
            chunk,
            page_rows,
            levels: Levels::default(),
            page: BooleanBufferBuilder::new(0),
            seen: [false; 2],
        }
    }

    /// Ends the page.
    fn flush(&mut self, tools: &mut PageTools) -> Result<(), Failure> {
        let range = match self.seen {
            [false, false] => None,
            [seen_false, seen_true] => Some((!seen_false, seen_true)),
        };
        let bits = self.page.finish();
        self.seen = [false; 2];
        self.chunk.add_page(tools, &mut self.levels, Encoding::PLAIN, range, |out| {
            out.extend_from_slice(&bits.values()[..bits.len().div_ceil(8)]);
        })
    }
}

impl ColumnWriter for BoolColumn {
    fn push(&mut self, values: &dyn Array, tools: &mut PageTools) -> Result<(), Failure> {
        for value in values.as_boolean() {
            match value {
                None => self.levels.push_null(),
                Some(value) => {
                    self.levels.push_valid(1);
                    self.page.append(value);
                    self.seen[usize::from(value)] = true;
                }
            }
            if self.levels.rows() == self.page_rows {
                self.flush(tools)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, tools: &mut PageTools) -> Result<Chunk, Failure> {
        if self.levels.rows() > 0 {
            self.flush(tools)?;
        }
        self.chunk.finish()
    }

    fn memory_bytes(&self) -> usize {
        self.chunk.memory_bytes() + self.page.capacity() / 8
    }
}
