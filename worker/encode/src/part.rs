//! What a part holds: the one thing that whoever uploads parts knows about formats.

use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use tarquet_common::failure::Failure;

/// Writes one part. Rows go in as batches; bytes come out whenever they are asked for, in order, each once.
///
/// The bytes follow from how the writer was made and from the batches, never from when they are taken. Some writers
/// promise more: that it does not matter how the rows are batched.
pub trait PartWriter: Send {
    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// `INVARIANT` if the batch is of another schema than the part. The part is then lost: no call may follow.
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure>;

    /// The next bytes that are ready; empty if there are none for now. A writer that keeps finished bytes elsewhere than
    /// in memory gives them in pieces.
    ///
    /// # Errors
    /// `INVARIANT`, or why kept bytes cannot be read back.
    fn take_ready(&mut self) -> Result<Vec<Bytes>, Failure>;

    /// Bytes of memory held, about: for the slot's account.
    fn memory_bytes(&self) -> u64;

    /// Ends the part; no batch may follow. Its last bytes wait to be taken. A part without rows is a whole file, too.
    ///
    /// # Errors
    /// As [`Self::push`].
    fn finish(&mut self) -> Result<Finished, Failure>;

    /// Gives all bytes that are ready to `out`.
    ///
    /// # Errors
    /// As [`Self::take_ready`]; those of `out`.
    fn drain(&mut self, out: &mut dyn FnMut(Bytes) -> Result<(), Failure>) -> Result<(), Failure> {
        loop {
            let ready = self.take_ready()?;
            if ready.is_empty() {
                return Ok(());
            }
            ready.into_iter().try_for_each(&mut *out)?;
        }
    }
}

/// What a finished part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Rows written.
    pub rows: u64,
    /// Bytes of the whole part, those that wait to be taken included.
    pub bytes: u64,
}
