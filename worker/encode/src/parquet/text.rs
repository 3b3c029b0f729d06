//! Columns of text or bytes: a dictionary as long as it pays, then the values themselves.
//!
//! The dictionary is given up for the rest of the row group in two cases, both decided by rows alone: when the first
//! page with values is no smaller coded than plain, and from the row on whose value would make the
//! dictionary page too large.

use super::{
    chunk::{Chunk, ChunkBuilder, ColumnWriter},
    dictionary::Dictionary,
    hybrid::{self, code_width},
    levels::Levels,
    page::{DICTIONARY_BYTES, PAGE_TEXT_BYTES, PageTools},
    stats::Blob,
    text_page::TextPage,
};
use arrow::{
    array::{Array, AsArray, GenericByteArray},
    datatypes::{BinaryType, ByteArrayType, DataType, Int32Type, Utf8Type},
};
use parquet::basic::Encoding;
use tarquet_common::failure::Failure;

/// How values are written without a dictionary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextEncoding {
    /// PLAIN.
    Plain,
    /// DELTA_LENGTH_BYTE_ARRAY.
    DeltaLength,
}

/// Writes text or bytes.
pub(crate) struct TextColumn {
    chunk: ChunkBuilder<Blob>,
    encoding: TextEncoding,
    text: bool,
    page_rows: usize,
    levels: Levels,
    coded: Option<CodedPages>,
    spare: CodedPages,
    page: TextPage,
}

/// The state while the dictionary pays.
#[derive(Default)]
struct CodedPages {
    dictionary: Dictionary,
    codes: Vec<u32>,
    plain_bytes: usize,
    pays: bool,
    /// For each code, the page that last used it, so that a page's range looks at each value once.
    used_in: Vec<u32>,
    used: Vec<u32>,
    page: u32,
}

impl TextColumn {
    /// An empty column.
    pub(crate) fn new(
        chunk: ChunkBuilder<Blob>,
        encoding: TextEncoding,
        text: bool,
        page_rows: usize,
    ) -> Self {
        Self {
            chunk,
            encoding,
            text,
            page_rows,
            levels: Levels::default(),
            coded: Some(CodedPages::default()),
            spare: CodedPages::default(),
            page: TextPage::default(),
        }
    }

    /// Adds the values of an array.
    fn push_all<T: ByteArrayType<Offset = i32>>(
        &mut self,
        array: &GenericByteArray<T>,
        tools: &mut PageTools,
    ) -> Result<(), Failure>
    where
        T::Native: AsRef<[u8]>,
    {
        for row in 0..array.len() {
            let value = array.is_valid(row).then(|| array.value(row).as_ref());
            self.push_one(value, tools)?;
        }
        Ok(())
    }

    /// Adds one row.
    fn push_one(&mut self, value: Option<&[u8]>, tools: &mut PageTools) -> Result<(), Failure> {
        match value {
            None => self.levels.push_null(),
            Some(value) => {
                let coded = self.coded.as_mut().map(|coded| coded.push(value));
                match coded {
                    Some(true) => {}
                    Some(false) => {
                        self.end_dictionary(tools)?;
                        self.page.push(value);
                    }
                    None => self.page.push(value),
                }
                self.levels.push_valid(1);
            }
        }
        if self.levels.rows() == self.page_rows || self.page.plain_bytes() >= PAGE_TEXT_BYTES {
            self.flush(tools)?;
        }
        Ok(())
    }

    /// Ends the coded pages: those before this row keep their codes, if they have any.
    fn end_dictionary(&mut self, tools: &mut PageTools) -> Result<(), Failure> {
        if self.levels.rows() > 0 {
            self.flush(tools)?;
        }
        self.give_up(tools)
    }

    /// Writes the dictionary page, if a page refers to it, and goes on without.
    fn give_up(&mut self, tools: &mut PageTools) -> Result<(), Failure> {
        if let Some(mut coded) = self.coded.take() {
            if coded.pays {
                self.chunk.set_dictionary(tools, coded.dictionary.plain(), coded.dictionary.len())?;
            }
            coded.clear();
            self.spare = coded;
        }
        Ok(())
    }

    /// Ends the page.
    fn flush(&mut self, tools: &mut PageTools) -> Result<(), Failure> {
        if let Some(coded) = self.coded.as_mut().filter(|coded| !coded.codes.is_empty()) {
            if coded.worth_it() {
                let range = coded.range(self.text);
                let levels = &mut self.levels;
                self.chunk.add_page(tools, levels, Encoding::RLE_DICTIONARY, range, |out| coded.put(out))?;
                coded.next_page();
                return Ok(());
            }
            for code in &coded.codes {
                self.page.push(coded.dictionary.value(*code));
            }
            self.give_up(tools)?;
        }
        let (page, range) = (&self.page, self.page.range(self.text));
        match self.encoding {
            TextEncoding::DeltaLength if range.is_some() => {
                let encoding = Encoding::DELTA_LENGTH_BYTE_ARRAY;
                self.chunk
                    .add_page(tools, &mut self.levels, encoding, range, |out| page.put_delta_length(out))?;
            }
            _ => self
                .chunk
                .add_page(tools, &mut self.levels, Encoding::PLAIN, range, |out| page.put_plain(out))?,
        }
        self.page.clear();
        Ok(())
    }
}

impl ColumnWriter for TextColumn {
    fn push(&mut self, values: &dyn Array, tools: &mut PageTools) -> Result<(), Failure> {
        match values.data_type() {
            DataType::Binary => self.push_all(values.as_bytes::<BinaryType>(), tools),
            DataType::Dictionary(..) => {
                let array = values.as_dictionary::<Int32Type>();
                let texts = array.values().as_bytes::<Utf8Type>();
                for key in array.keys() {
                    let place =
                        key.and_then(|key| usize::try_from(key).ok()).filter(|at| texts.is_valid(*at));
                    self.push_one(place.map(|place| texts.value(place).as_bytes()), tools)?;
                }
                Ok(())
            }
            _ => self.push_all(values.as_bytes::<Utf8Type>(), tools),
        }
    }

    fn finish(&mut self, tools: &mut PageTools) -> Result<Chunk, Failure> {
        if self.levels.rows() > 0 {
            self.flush(tools)?;
        }
        self.give_up(tools)?;
        self.coded = Some(std::mem::take(&mut self.spare));
        self.chunk.finish()
    }

    fn memory_bytes(&self) -> usize {
        let coded = self.coded.as_ref().map_or(0, CodedPages::memory_bytes);
        self.chunk.memory_bytes() + self.page.memory_bytes() + coded + self.spare.memory_bytes()
    }
}

impl CodedPages {
    /// Adds a value; false if the dictionary is full.
    fn push(&mut self, value: &[u8]) -> bool {
        let Some(code) = self.dictionary.code(value, DICTIONARY_BYTES) else { return false };
        if self.used_in.len() <= code as usize {
            // Page numbers begin with 1, so 0 means unused.
            self.used_in.resize(code as usize + 1, 0);
        }
        if self.used_in[code as usize] != self.page + 1 {
            self.used_in[code as usize] = self.page + 1;
            self.used.push(code);
        }
        self.codes.push(code);
        self.plain_bytes += 4 + value.len();
        true
    }

    /// Whether coding pays: known from the first page with values on.
    fn worth_it(&self) -> bool {
        let codes = self.codes.len() * code_width(self.dictionary.len()) as usize / 8;
        self.pays || self.dictionary.plain().len() + codes < self.plain_bytes
    }

    /// Smallest and largest value of the page.
    fn range(&self, text: bool) -> Option<(Blob, Blob)> {
        let values = || self.used.iter().map(|code| self.dictionary.value(*code));
        let blob = |bytes: &[u8]| Blob { bytes: bytes.to_vec(), text };
        Some((blob(values().min()?), blob(values().max()?)))
    }

    /// Appends the page's codes, their width first.
    fn put(&self, out: &mut Vec<u8>) {
        put_codes(&self.codes, self.dictionary.len(), out);
    }

    /// Goes on to the next page.
    fn next_page(&mut self) {
        self.pays = true;
        self.codes.clear();
        self.used.clear();
        self.plain_bytes = 0;
        self.page += 1;
    }

    /// Starts anew, keeping memory.
    fn clear(&mut self) {
        self.dictionary.clear();
        self.codes.clear();
        self.used.clear();
        self.used_in.clear();
        (self.plain_bytes, self.pays, self.page) = (0, false, 0);
    }

    /// Bytes held.
    fn memory_bytes(&self) -> usize {
        self.dictionary.memory_bytes()
            + 4 * (self.codes.capacity() + self.used_in.capacity() + self.used.capacity())
    }
}

/// Appends codes of a dictionary with so many entries, their width first.
pub(crate) fn put_codes(codes: &[u32], entries: usize, out: &mut Vec<u8>) {
    let width = code_width(entries);
    out.push(u8::try_from(width).expect("at most 32 bits"));
    hybrid::encode(codes.len(), width, |i| codes[i], out);
}
