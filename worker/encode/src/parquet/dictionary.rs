//! A dictionary that grows: each different text gets the next code.

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};
use std::hash::BuildHasher;

/// Different values in order of first appearance, held as a plain dictionary page holds them. Hashing is seeded,
/// so that no input can make it slow; codes do not depend on the seed.
#[derive(Default)]
pub(crate) struct Dictionary {
    plain: Vec<u8>,
    starts: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    last: Option<u32>,
}

impl Dictionary {
    /// The code of a value; a new one if it is new. `None` if the page would outgrow `bytes_max`.
    pub(crate) fn code(&mut self, value: &[u8], bytes_max: usize) -> Option<u32> {
        if let Some(last) = self.last.filter(|last| self.value(*last) == value) {
            return Some(last);
        }
        let Self { plain, starts, table, hasher, .. } = self;
        let of = |code: &u32| value_at(plain, starts, *code);
        let entry =
            table.entry(hasher.hash_one(value), |code| of(code) == value, |code| hasher.hash_one(of(code)));
        let code = match entry {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(_) if plain.len() + 4 + value.len() > bytes_max => return None,
            Entry::Vacant(entry) => {
                let code = u32::try_from(starts.len()).ok()?;
                entry.insert(code);
                starts.push(plain.len());
                put_plain(value, plain);
                code
            }
        };
        self.last = Some(code);
        Some(code)
    }

    /// The value of a code that was given out.
    pub(crate) fn value(&self, code: u32) -> &[u8] {
        value_at(&self.plain, &self.starts, code)
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The page.
    pub(crate) fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.plain.clear();
        self.starts.clear();
        self.table.clear();
        self.last = None;
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.plain.capacity() + self.starts.capacity() * size_of::<usize>() + self.table.capacity() * 8
    }
}

/// The value of a code.
fn value_at<'a>(plain: &'a [u8], starts: &[usize], code: u32) -> &'a [u8] {
    let from = starts[code as usize] + 4;
    let to = starts.get(code as usize + 1).copied().unwrap_or(plain.len());
    &plain[from..to]
}

/// Appends a value as PLAIN writes it: its length in four bytes, then itself.
pub(crate) fn put_plain(value: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(value.len()).expect("a value of an Arrow array with 32-bit offsets");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_first_appearance_and_stop_at_the_limit() {
        let mut dictionary = Dictionary::default();
        assert_eq!(
            ["b", "a", "b", "b", ""].map(|v| dictionary.code(v.as_bytes(), 20)),
            [Some(0), Some(1), Some(0), Some(0), Some(2)]
        );
        assert_eq!(dictionary.plain(), b"\x01\0\0\0b\x01\0\0\0a\0\0\0\0");
        assert_eq!(dictionary.code(b"abc", 20), None, "14 + 4 + 3 bytes are more than 20");
        assert_eq!(dictionary.code(b"a", 20), Some(1));
        assert_eq!((dictionary.value(0), dictionary.value(2)), (&b"b"[..], &b""[..]));
        dictionary.clear();
        assert_eq!(dictionary.code(b"z", 20), Some(0));
    }
}
