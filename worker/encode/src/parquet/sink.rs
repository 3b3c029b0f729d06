//! Finished file bytes, waiting to be taken.

use bytes::Bytes;
use std::io::{self, Write};

/// Bytes in one segment.
const SEGMENT: usize = 4 << 20;

/// Collects what the footer writer writes, in segments that never grow by copying.
#[derive(Default)]
pub(crate) struct Sink {
    full: Vec<Bytes>,
    last: Vec<u8>,
    waiting: usize,
}

impl Sink {
    /// Everything that has been written, once.
    pub(crate) fn take(&mut self) -> Vec<Bytes> {
        let mut out = std::mem::take(&mut self.full);
        if !self.last.is_empty() {
            let mut last = std::mem::take(&mut self.last);
            last.shrink_to_fit();
            out.push(Bytes::from(last));
        }
        self.waiting = 0;
        out
    }

    /// Bytes that wait to be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.last.capacity() == 0 {
            self.last.reserve_exact(SEGMENT);
        }
        let room = SEGMENT - self.last.len();
        let n = room.min(bytes.len());
        self.last.extend_from_slice(&bytes[..n]);
        if self.last.len() == SEGMENT {
            self.full.push(Bytes::from(std::mem::take(&mut self.last)));
        }
        self.waiting += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
