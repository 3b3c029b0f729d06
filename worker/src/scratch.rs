//! Scratch: where members lie between the archive and the decoder.
//!
//! A **ring** is a fixed number of **segments** in `/dev/shm` (or wherever `--scratch` says). A segment holds whole members; it
//! is filled by the extractor, read by the decoder, and goes back to be filled again. Files are unlinked as soon as they are
//! made, so nothing is left to sweep after a kill and nobody can truncate them; their blocks are reserved before they
//! are mapped, so a full `/dev/shm` is an error, never a SIGBUS.

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::{
    fs::{CWD, FallocateFlags, Mode, OFlags, fallocate, openat},
    mm::{MapFlags, ProtFlags, mmap, munmap},
};
use std::{ffi::c_void, fmt, ops::Range, path::Path, ptr::NonNull, slice, sync::Arc};
use tarquet_common::{codes::cluster as codes, failure::Failure};

/// Where members lie in a segment.
pub type Spans<T> = Vec<(T, Range<usize>)>;

/// A segment being filled.
#[derive(Debug)]
pub struct OpenSegment<T> {
    segment: Segment,
    spans: Spans<T>,
    used: usize,
}

/// A segment with members in it.
#[derive(Debug)]
pub struct FilledSegment<T> {
    segment: Arc<Segment>,
    spans: Spans<T>,
}

/// The bytes of one member, where they lie. While one is held, its segment cannot be filled again.
#[derive(Clone, Debug)]
pub struct Body {
    segment: Arc<Segment>,
    span: Range<usize>,
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.segment.bytes()[self.span.clone()]
    }
}

/// The extractor's end: takes empty segments, hands over filled ones.
#[derive(Debug)]
pub struct Empties<T> {
    empty: Receiver<Segment>,
    filled: Sender<FilledSegment<T>>,
}

/// The decoder's end: takes filled segments, gives them back empty.
#[derive(Debug)]
pub struct Filled<T> {
    filled: Receiver<FilledSegment<T>>,
    empty: Sender<Segment>,
}

/// A member of the segment is still being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held;

/// The segment has no room for so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// A ring of `count` segments of `len` bytes in `dir`.
///
/// # Errors
/// When scratch has no room for all of them.
pub fn ring<T>(dir: &Path, count: usize, len: usize) -> Result<(Empties<T>, Filled<T>), ScratchError> {
    let (empty_in, empty) = bounded(count);
    let (filled_in, filled) = bounded(count);
    for _ in 0..count {
        let segment = Segment::new(dir, len)?;
        empty_in.send(segment).expect("both ends are here, and the channel has room");
    }
    Ok((Empties { empty, filled: filled_in }, Filled { filled, empty: empty_in }))
}

impl<T> Empties<T> {
    /// Waits for an empty segment; `None` when the decoder has gone.
    pub fn take(&self) -> Option<OpenSegment<T>> {
        let segment = self.empty.recv().ok()?;
        Some(OpenSegment { segment, spans: Vec::new(), used: 0 })
    }

    /// Hands a segment over; `false` when the decoder has gone.
    pub fn hand_over(&self, open: OpenSegment<T>) -> bool {
        self.filled.send(FilledSegment { segment: Arc::new(open.segment), spans: open.spans }).is_ok()
    }
}

impl<T> Filled<T> {
    /// Waits for a filled segment; `None` when the extractor has finished.
    pub fn take(&self) -> Option<FilledSegment<T>> {
        self.filled.recv().ok()
    }

    /// Gives a segment back to be filled again.
    ///
    /// # Errors
    /// [`Held`] when a [`Body`] of it is still held: filling it would change bytes under a reader.
    pub fn give_back(&self, filled: FilledSegment<T>) -> Result<(), Held> {
        let segment = Arc::try_unwrap(filled.segment).map_err(|_| Held)?;
        // The extractor may have finished already: then the segment is simply dropped.
        drop(self.empty.send(segment));
        Ok(())
    }
}

impl<T> OpenSegment<T> {
    /// Bytes it can hold when empty.
    pub fn capacity(&self) -> usize {
        self.segment.bytes().len()
    }

    /// Whether nothing is in it yet.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Room for `len` more bytes, aligned to 64, or [`Full`]. The room counts only once [`commit`](Self::commit) is called.
    pub fn room(&mut self, len: usize) -> Result<&mut [u8], Full> {
        let end = self.used.checked_add(len).ok_or(Full)?;
        let used = self.used;
        self.segment.bytes_mut().get_mut(used..end).ok_or(Full)
    }

    /// Keeps the `len` bytes last written through [`room`](Self::room), under a tag.
    pub fn commit(&mut self, tag: T, len: usize) {
        self.spans.push((tag, self.used..self.used + len));
        self.used = (self.used + len).next_multiple_of(64);
    }
}

impl<T> FilledSegment<T> {
    /// The member at a place: tag and body, in the order they were committed.
    pub fn get(&self, place: usize) -> Option<(&T, Body)> {
        let (tag, span) = self.spans.get(place)?;
        Some((tag, Body { segment: Arc::clone(&self.segment), span: span.clone() }))
    }
}

/// Why scratch cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// The file system has no room left.
    #[error("{bytes} bytes do not fit into {dir}")]
    Full {
        /// The scratch directory.
        dir: String,
        /// Bytes asked for.
        bytes: usize,
    },
    /// The directory cannot be used.
    #[error("scratch directory {dir} cannot be used")]
    Unusable {
        /// The scratch directory.
        dir: String,
        /// Why.
        #[source]
        source: rustix::io::Errno,
    },
}

impl From<ScratchError> for Failure {
    fn from(error: ScratchError) -> Self {
        let code = match &error {
            ScratchError::Full { .. } => codes::SCRATCH_FULL,
            ScratchError::Unusable { .. } => codes::SCRATCH_UNUSABLE,
        };
        let failure = Self::new(code, error.to_string());
        match std::error::Error::source(&error) {
            Some(source) => failure.caused_by(source),
            None => failure,
        }
    }
}

/// A mapped region of scratch. It has no name in the file system, so it is gone when it is dropped or the process dies.
pub struct Segment {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone and stays valid until it is dropped; no thread-bound state is involved.
unsafe impl Send for Segment {}
// SAFETY: shared access only reads the mapping; writing needs `&mut`.
unsafe impl Sync for Segment {}

impl Segment {
    /// Reserves and maps `len` bytes in `dir`.
    ///
    /// # Errors
    /// When the directory cannot be written to or has no room.
    pub fn new(dir: &Path, len: usize) -> Result<Self, ScratchError> {
        let name = || dir.display().to_string();
        let unusable = |source| ScratchError::Unusable { dir: name(), source };
        let file =
            openat(CWD, dir, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)
                .map_err(unusable)?;
        match fallocate(&file, FallocateFlags::empty(), 0, len as u64) {
            Ok(()) => {}
            Err(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT | rustix::io::Errno::FBIG) => {
                return Err(ScratchError::Full { dir: name(), bytes: len });
            }
            Err(source) => return Err(unusable(source)),
        }
        // SAFETY: a fresh mapping of a file that nobody else can open; its blocks are reserved.
        let base = unsafe {
            mmap(std::ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &file, 0)
        }
        .map_err(unusable)?;
        let base = NonNull::new(base.cast::<u8>()).expect("mmap does not return null on success");
        Ok(Self { base, len })
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `base` is valid for `len` bytes as long as self lives, and nobody writes while it is borrowed.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }

    /// Its bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `&mut self` is exclusive.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.len) }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({} bytes)", self.len)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what `new` mapped; nobody can hold a borrow any more.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast::<c_void>(), self.len) };
        debug_assert!(unmapped.is_ok());
    }
}

#[cfg(test)]
mod tests;
