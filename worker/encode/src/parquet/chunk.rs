//! One column of one row group: its pages, and what the footer says of them.

use super::{
    levels::Levels,
    page::{PAGE_BYTES_MAX, PageTools},
    pages::Pages,
    stats::{Boundaries, Stat, widen},
    thrift::{data_page_header, dictionary_page_header},
};
use arrow::array::Array;
use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding, PageType},
    column::writer::ColumnCloseResult,
    errors::ParquetError,
    file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats},
    schema::types::ColumnDescPtr,
};
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
};

/// Writes one column, row group after row group.
pub(crate) trait ColumnWriter: Send {
    /// Adds the values, which are of the column's type.
    fn push(&mut self, values: &dyn Array, tools: &mut PageTools) -> Result<(), Failure>;
    /// Ends the row group.
    fn finish(&mut self, tools: &mut PageTools) -> Result<Chunk, Failure>;
    /// Bytes held.
    fn memory_bytes(&self) -> usize;
}

/// A finished chunk.
pub(crate) struct Chunk {
    /// Its bytes, the dictionary page first.
    pub(crate) pages: Pages,
    /// What the footer says of it.
    pub(crate) close: ColumnCloseResult,
}

/// Gathers the pages of a chunk.
pub(crate) struct ChunkBuilder<S> {
    descr: ColumnDescPtr,
    codec: Compression,
    dictionary: Option<Bytes>,
    pages: Vec<Page>,
    bytes: usize,
    uncompressed: usize,
    rows: u64,
    nulls: u64,
    range: Option<(S, S)>,
    boundaries: Boundaries<S>,
    index: ColumnIndexBuilder,
}

/// A finished data page.
struct Page {
    bytes: Bytes,
    rows: usize,
    encoding: Encoding,
}

impl<S: Stat> ChunkBuilder<S> {
    /// An empty chunk of this column.
    pub(crate) fn new(descr: ColumnDescPtr, codec: Compression) -> Self {
        let index = ColumnIndexBuilder::new(descr.physical_type());
        Self {
            descr,
            codec,
            dictionary: None,
            pages: Vec::new(),
            bytes: 0,
            uncompressed: 0,
            rows: 0,
            nulls: 0,
            range: None,
            boundaries: Boundaries::new(),
            index,
        }
    }

    /// Adds a data page: these levels, then the values that `put` appends, whose range is `range`.
    pub(crate) fn add_page(
        &mut self,
        tools: &mut PageTools,
        levels: &mut Levels,
        encoding: Encoding,
        range: Option<(S, S)>,
        put: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Failure> {
        let (rows, nulls) = (levels.rows(), levels.nulls());
        tools.body.clear();
        if self.descr.max_def_level() > 0 {
            levels.put(&mut tools.body);
        } else {
            levels.clear();
        }
        put(&mut tools.body);
        let header =
            self.compress(tools, |body, compressed| data_page_header(body, compressed, rows, encoding))?;
        let bytes = Bytes::from([header.as_slice(), &tools.compressed].concat());
        self.bytes += bytes.len();
        self.pages.push(Page { bytes, rows, encoding });
        self.rows += rows as u64;
        self.nulls += nulls as u64;
        self.index_page(rows, nulls, range);
        Ok(())
    }

    /// Tells the page index about a page.
    fn index_page(&mut self, rows: usize, nulls: usize, range: Option<(S, S)>) {
        let null_count = i64::try_from(nulls).expect("rows of a page");
        match range {
            Some(range) => {
                self.index.append(false, range.0.low_bytes(), range.1.high_bytes(), null_count);
                self.boundaries.push(&range);
                widen(&mut self.range, &range);
            }
            None if nulls == rows => self.index.append(true, Vec::new(), Vec::new(), null_count),
            // Values without an order (NaN) leave readers nothing to skip by.
            None => self.index.to_invalid(),
        }
    }

    /// Sets the dictionary page: plain values, so many.
    pub(crate) fn set_dictionary(
        &mut self,
        tools: &mut PageTools,
        plain: &[u8],
        values: usize,
    ) -> Result<(), Failure> {
        tools.body.clear();
        tools.body.extend_from_slice(plain);
        let header =
            self.compress(tools, |body, compressed| dictionary_page_header(body, compressed, values))?;
        let bytes = Bytes::from([header.as_slice(), &tools.compressed].concat());
        self.bytes += bytes.len();
        self.dictionary = Some(bytes);
        Ok(())
    }

    /// Compresses the body and makes the header that its two sizes give.
    fn compress(
        &mut self,
        tools: &mut PageTools,
        header: impl FnOnce(usize, usize) -> Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        tools.compress()?;
        let (body, compressed) = (tools.body.len(), tools.compressed.len());
        self.check_size(body.max(compressed))?;
        let header = header(body, compressed);
        self.uncompressed += header.len() + body;
        Ok(header)
    }

    /// The format counts a page's bytes in 31 bits.
    fn check_size(&self, bytes: usize) -> Result<(), Failure> {
        if bytes <= PAGE_BYTES_MAX {
            return Ok(());
        }
        let message = format!("column {} has a value too large for a page", self.descr.name());
        Err(Failure::new(codes::VALUE_OUT_OF_RANGE, message)
            .at_item(self.descr.name())
            .expected("pages below 2 GiB", bytes))
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes
    }

    /// Ends the chunk and begins the next one.
    pub(crate) fn finish(&mut self) -> Result<Chunk, Failure> {
        let metadata = self.metadata().map_err(|error| broken(&error))?;
        let dictionary_bytes = self.dictionary.as_ref().map_or(0, Bytes::len);
        let mut offsets = OffsetIndexBuilder::new();
        let mut at = dictionary_bytes;
        for page in &self.pages {
            offsets.append_row_count(signed(page.rows));
            let size = i32::try_from(page.bytes.len()).map_err(|error| broken(&error))?;
            offsets.append_offset_and_size(signed(at), size);
            at += page.bytes.len();
        }
        let fresh = ColumnIndexBuilder::new(self.descr.physical_type());
        let mut index = std::mem::replace(&mut self.index, fresh);
        index.set_boundary_order(self.boundaries.order());
        let column_index =
            if index.valid() { Some(index.build().map_err(|error| broken(&error))?) } else { None };
        let close = ColumnCloseResult {
            bytes_written: self.bytes as u64,
            rows_written: self.rows,
            metadata,
            bloom_filter: None,
            column_index,
            offset_index: Some(offsets.build()),
        };
        let pages = self.pages.drain(..).map(|page| page.bytes);
        let pages = Pages(self.dictionary.take().into_iter().chain(pages).collect());
        (self.bytes, self.uncompressed, self.rows, self.nulls) = (0, 0, 0, 0);
        self.range = None;
        self.boundaries = Boundaries::new();
        Ok(Chunk { pages, close })
    }

    /// The footer's account of the chunk, offsets counted from its first byte.
    fn metadata(&self) -> Result<ColumnChunkMetaData, ParquetError> {
        let dictionary_bytes = self.dictionary.as_ref().map(Bytes::len);
        let mut encodings = vec![Encoding::RLE];
        let mut page_stats = Vec::new();
        if dictionary_bytes.is_some() {
            encodings.push(Encoding::PLAIN);
            let page_type = PageType::DICTIONARY_PAGE;
            page_stats.push(PageEncodingStats { page_type, encoding: Encoding::PLAIN, count: 1 });
        }
        for page in &self.pages {
            if !encodings.contains(&page.encoding) {
                encodings.push(page.encoding);
            }
            let same = |s: &&mut PageEncodingStats| {
                s.page_type == PageType::DATA_PAGE && s.encoding == page.encoding
            };
            match page_stats.iter_mut().find(same) {
                Some(stats) => stats.count += 1,
                None => page_stats.push(PageEncodingStats {
                    page_type: PageType::DATA_PAGE,
                    encoding: page.encoding,
                    count: 1,
                }),
            }
        }
        encodings.sort_unstable();
        ColumnChunkMetaData::builder(self.descr.clone())
            .set_compression(self.codec)
            .set_encodings(encodings)
            .set_page_encoding_stats(page_stats)
            .set_total_compressed_size(signed(self.bytes))
            .set_total_uncompressed_size(signed(self.uncompressed))
            .set_num_values(i64::try_from(self.rows).unwrap_or(i64::MAX))
            .set_data_page_offset(signed(dictionary_bytes.unwrap_or(0)))
            .set_dictionary_page_offset(dictionary_bytes.map(|_| 0))
            .set_statistics(S::statistics(self.range.as_ref(), self.nulls))
            .build()
    }
}

/// A count or offset in memory as the format's signed number.
fn signed(n: usize) -> i64 {
    i64::try_from(n).expect("nothing in memory has 2^63 bytes")
}

/// The footer writer refused what we made.
fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::new(ourselves::INVARIANT, "a column chunk does not add up").caused_by(error)
}
