//! Categoricals: the frozen dictionary, whole and in order, in every row group (FIDELITY 14).

use super::{
    chunk::{Chunk, ChunkBuilder, ColumnWriter},
    dictionary::put_plain,
    levels::Levels,
    page::PageTools,
    stats::Blob,
    text::put_codes,
};
use arrow::{
    array::{Array, AsArray},
    datatypes::Int32Type,
};
use parquet::basic::Encoding;
use tarquet_common::{codes::ourselves, failure::Failure};

/// Writes codes of a dictionary that is known beforehand.
pub(crate) struct CategoryColumn {
    chunk: ChunkBuilder<Blob>,
    page_rows: usize,
    levels: Levels,
    categories: Vec<String>,
    plain: Vec<u8>,
    codes: Vec<u32>,
    used: Vec<bool>,
}

impl CategoryColumn {
    /// An empty column with these categories.
    pub(crate) fn new(chunk: ChunkBuilder<Blob>, categories: &[String], page_rows: usize) -> Self {
        let mut plain = Vec::new();
        categories.iter().for_each(|value| put_plain(value.as_bytes(), &mut plain));
        Self {
            chunk,
            page_rows,
            levels: Levels::default(),
            used: vec![false; categories.len()],
            categories: categories.to_vec(),
            plain,
            codes: Vec::new(),
        }
    }

    /// Ends the page.
    fn flush(&mut self, tools: &mut PageTools) -> Result<(), Failure> {
        let used =
            || self.categories.iter().zip(&self.used).filter(|(_, used)| **used).map(|(value, _)| value);
        let blob = |value: &String| Blob { bytes: value.clone().into_bytes(), text: true };
        let range = used().min().map(blob).zip(used().max().map(blob));
        let (codes, entries) = (&self.codes, self.categories.len());
        let put = |out: &mut Vec<u8>| put_codes(codes, entries, out);
        self.chunk.add_page(tools, &mut self.levels, Encoding::RLE_DICTIONARY, range, put)?;
        self.codes.clear();
        self.used.fill(false);
        Ok(())
    }
}

impl ColumnWriter for CategoryColumn {
    fn push(&mut self, values: &dyn Array, tools: &mut PageTools) -> Result<(), Failure> {
        for key in values.as_dictionary::<Int32Type>().keys() {
            match key {
                None => self.levels.push_null(),
                Some(key) => {
                    let code = u32::try_from(key).ok();
                    let used = code.and_then(|code| self.used.get_mut(code as usize));
                    let (Some(code), Some(used)) = (code, used) else { return Err(no_category(key)) };
                    *used = true;
                    self.codes.push(code);
                    self.levels.push_valid(1);
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
        self.chunk.set_dictionary(tools, &self.plain, self.categories.len())?;
        self.chunk.finish()
    }

    fn memory_bytes(&self) -> usize {
        self.chunk.memory_bytes() + self.plain.capacity() + 4 * self.codes.capacity()
    }
}

/// A batch that was not conformed to the frozen schema.
fn no_category(key: i32) -> Failure {
    Failure::new(ourselves::INVARIANT, format!("code {key} is none of the frozen categories"))
}
