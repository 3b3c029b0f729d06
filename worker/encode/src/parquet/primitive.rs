//! Columns of fixed-width values.

use super::{
    chunk::{Chunk, ChunkBuilder, ColumnWriter},
    levels::Levels,
    page::PageTools,
    stored::{Stored, Widen},
};
use arrow::{
    array::{Array, ArrowPrimitiveType, AsArray},
    util::bit_iterator::BitSliceIterator,
};
use parquet::basic::Encoding;
use std::marker::PhantomData;
use tarquet_common::failure::Failure;

/// Writes Arrow values of type `A` stored as `P`.
pub(crate) struct PrimitiveColumn<A, P: Stored> {
    chunk: ChunkBuilder<P::Stat>,
    encoding: Encoding,
    page_rows: usize,
    levels: Levels,
    page: Vec<P>,
    arrow: PhantomData<fn() -> A>,
}

impl<A: ArrowPrimitiveType, P: Stored> PrimitiveColumn<A, P> {
    /// An empty column.
    pub(crate) fn new(chunk: ChunkBuilder<P::Stat>, encoding: Encoding, page_rows: usize) -> Self {
        Self { chunk, encoding, page_rows, levels: Levels::default(), page: Vec::new(), arrow: PhantomData }
    }

    /// Ends the page.
    fn flush(&mut self, tools: &mut PageTools) -> Result<(), Failure> {
        let (page, encoding) = (&self.page, self.encoding);
        let range = P::range(page);
        let put = |out: &mut Vec<u8>| P::encode(page, encoding, out);
        self.chunk.add_page(tools, &mut self.levels, encoding, range, put)?;
        self.page.clear();
        Ok(())
    }
}

impl<A, P> ColumnWriter for PrimitiveColumn<A, P>
where
    A: ArrowPrimitiveType,
    A::Native: Widen<P>,
    P: Stored,
{
    fn push(&mut self, values: &dyn Array, tools: &mut PageTools) -> Result<(), Failure> {
        let array = values.as_primitive::<A>();
        let native = array.values();
        let mut from = 0;
        while from < array.len() {
            let count = (self.page_rows - self.levels.rows()).min(array.len() - from);
            self.levels.extend(array.nulls(), from, count);
            match array.nulls().filter(|nulls| nulls.null_count() > 0) {
                None => self.page.extend(native[from..from + count].iter().map(|v| v.widen())),
                Some(nulls) => {
                    let bits = nulls.inner();
                    for (start, end) in BitSliceIterator::new(bits.values(), bits.offset() + from, count) {
                        self.page.extend(native[from + start..from + end].iter().map(|v| v.widen()));
                    }
                }
            }
            from += count;
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
        self.chunk.memory_bytes() + self.page.capacity() * size_of::<P>()
    }
}
