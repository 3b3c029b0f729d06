//! A fixed number of segments that go round between two threads.

use super::segment::{ScratchError, Segment};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::{ops::Range, path::Path, sync::Arc};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_go_round() {
        let dir = tempfile::tempdir().unwrap();
        let (empties, filled) = ring::<u32>(dir.path(), 2, 4096).unwrap();
        let extractor = std::thread::spawn(move || {
            for n in 0..100u32 {
                let mut open = empties.take().unwrap();
                open.room(1000).unwrap().fill(n as u8);
                open.commit(n, 1000);
                assert!(open.room(3072).is_ok());
                assert_eq!(open.room(3073), Err(Full));
                assert!(empties.hand_over(open));
            }
        });
        let mut seen = 0;
        while let Some(segment) = filled.take() {
            let mut place = 0;
            while let Some((tag, body)) = segment.get(place) {
                let bytes = body.as_ref();
                place += 1;
                assert_eq!(*tag, seen);
                assert!(bytes.len() == 1000 && bytes.iter().all(|b| *b == seen as u8));
                seen += 1;
            }
            filled.give_back(segment).unwrap();
        }
        extractor.join().unwrap();
        assert_eq!(seen, 100);
    }

    #[test]
    fn a_segment_that_is_being_read_is_not_filled_again() {
        let dir = tempfile::tempdir().unwrap();
        let (empties, filled) = ring::<()>(dir.path(), 1, 4096).unwrap();
        let mut open = empties.take().unwrap();
        open.commit((), 100);
        assert!(empties.hand_over(open));
        let segment = filled.take().unwrap();
        let (_, body) = segment.get(0).unwrap();
        assert_eq!(filled.give_back(segment), Err(Held));
        assert_eq!(body.as_ref().len(), 100);
    }

    #[test]
    fn an_end_that_goes_away_frees_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let (empties, filled) = ring::<()>(dir.path(), 1, 4096).unwrap();
        let open = empties.take().unwrap();
        drop(filled);
        assert!(!empties.hand_over(open));
        assert!(empties.take().is_none());
    }
}
