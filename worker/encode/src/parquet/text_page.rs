//! A page of text without a dictionary.

use super::{delta, stats::Blob};

/// Values of the page so far, one behind the other.
#[derive(Default)]
pub(crate) struct TextPage {
    bytes: Vec<u8>,
    lengths: Vec<i32>,
    smallest: (usize, usize),
    largest: (usize, usize),
}

impl TextPage {
    /// Adds a value.
    pub(crate) fn push(&mut self, value: &[u8]) {
        let place = (self.bytes.len(), self.bytes.len() + value.len());
        if self.lengths.is_empty() {
            (self.smallest, self.largest) = (place, place);
        } else if value < self.at(self.smallest) {
            self.smallest = place;
        } else if value > self.at(self.largest) {
            self.largest = place;
        }
        self.bytes.extend_from_slice(value);
        self.lengths.push(i32::try_from(value.len()).expect("a value of an Arrow array with 32-bit offsets"));
    }

    /// The value in a place.
    fn at(&self, place: (usize, usize)) -> &[u8] {
        &self.bytes[place.0..place.1]
    }

    /// Bytes of the page in the plain encoding.
    pub(crate) fn plain_bytes(&self) -> usize {
        self.bytes.len() + 4 * self.lengths.len()
    }

    /// Smallest and largest value.
    pub(crate) fn range(&self, text: bool) -> Option<(Blob, Blob)> {
        let blob = |place| Blob { bytes: self.at(place).to_vec(), text };
        (!self.lengths.is_empty()).then(|| (blob(self.smallest), blob(self.largest)))
    }

    /// Appends the values as PLAIN.
    pub(crate) fn put_plain(&self, out: &mut Vec<u8>) {
        out.reserve(self.plain_bytes());
        let mut at = 0;
        for length in &self.lengths {
            let end = at + usize::try_from(*length).expect("lengths are not negative");
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&self.bytes[at..end]);
            at = end;
        }
    }

    /// Appends the values as DELTA_LENGTH_BYTE_ARRAY.
    pub(crate) fn put_delta_length(&self, out: &mut Vec<u8>) {
        delta::encode_lengths(&self.lengths, &self.bytes, out);
    }

    /// Starts anew.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + 4 * self.lengths.capacity()
    }
}
