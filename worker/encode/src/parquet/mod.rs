//! Parquet bytes out of Arrow batches, the same bytes however the rows were batched.
//!
//! A **page** holds up to [`PAGE_ROWS`](page::PAGE_ROWS) rows of one column, a **chunk** one column of a row group. Columns write their pages
//! as rows come, so memory holds encoded pages and one page of values for each column, never a row group of Arrow
//! data. Where pages, dictionaries and row groups end depends on the rows' content alone.
//!
//! The `parquet` crate writes the footer and the indexes; pages are ours. Its column writers cut pages wherever
//! a batch happens to end, and drop the unused categories of a dictionary, which would reorder ordered ones.

mod bools;
mod categories;
mod chunk;
mod column;
mod compress;
mod cut;
mod delta;
mod dictionary;
mod encoder;
mod hybrid;
mod layout;
mod levels;
mod page;
mod pages;
mod primitive;
mod sink;
mod split;
mod stats;
mod stored;
mod text;
mod text_page;
mod thrift;

pub use encoder::ParquetEncoder;
pub use layout::{ColumnStorage, FileLayout, SortedBy};

pub(crate) use split::float_sizes;
