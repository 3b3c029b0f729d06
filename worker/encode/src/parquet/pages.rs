//! The pages of a finished chunk, as the footer writer reads them.

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};
use std::{collections::VecDeque, io::Read};

/// The bytes of a chunk, page by page.
pub(crate) struct Pages(pub(super) VecDeque<Bytes>);

impl Length for Pages {
    fn len(&self) -> u64 {
        self.0.iter().map(|page| page.len() as u64).sum()
    }
}

impl ChunkReader for Pages {
    type T = PagesReader;

    fn get_read(&self, start: u64) -> Result<PagesReader, ParquetError> {
        // The footer writer reads chunks from their first byte; nobody else reads them.
        if start != 0 {
            return Err(ParquetError::General(format!("a chunk is read from {start} instead of 0")));
        }
        Ok(PagesReader(self.0.clone()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Err(ParquetError::General(format!("{length} bytes from {start} of a chunk that is being written")))
    }
}

/// Reads pages one after the other.
pub(crate) struct PagesReader(VecDeque<Bytes>);

impl Read for PagesReader {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let Some(page) = self.0.front_mut() else { return Ok(0) };
            if page.is_empty() {
                self.0.pop_front();
                continue;
            }
            let n = page.len().min(out.len());
            out[..n].copy_from_slice(&page.split_to(n));
            return Ok(n);
        }
    }
}
