//! Whole pieces out of chunks that were cut anywhere.

/// Gives a piece of known length as one slice: borrowed when a chunk holds all of it, gathered otherwise.
/// The buffer grows to the largest piece asked for and is reused.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    carry: Vec<u8>,
    /// The last piece was given out of `carry`, which is to be emptied before the next.
    given: bool,
}

impl Gather {
    /// Takes `need` bytes off the front of `input`. `None` when they are not all there yet: then `input`
    /// was used up and the call is to be repeated, with the same `need`, on the next chunk.
    pub(crate) fn take<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8], need: usize) -> Option<&'s [u8]> {
        if self.given {
            self.carry.clear();
            self.given = false;
        }
        if self.carry.is_empty() && input.len() >= need {
            let (piece, rest) = input.split_at(need);
            *input = rest;
            return Some(piece);
        }
        let missing = need - self.carry.len();
        let (part, rest) = input.split_at(missing.min(input.len()));
        self.carry.extend_from_slice(part);
        *input = rest;
        if self.carry.len() < need {
            return None;
        }
        self.given = true;
        Some(&self.carry)
    }

    /// Bytes of an unfinished piece.
    pub(crate) fn pending(&self) -> usize {
        if self.given { 0 } else { self.carry.len() }
    }
}
