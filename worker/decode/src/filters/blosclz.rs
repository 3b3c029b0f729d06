//! BloscLZ, the default codec of Blosc 1 (format: c-blosc `blosc/blosclz.c`).
//!
//! A control byte below 32 announces that many literals plus one. Any other holds the top bits of a
//! match's length and distance; longer lengths and farther distances follow in extra bytes.

/// The largest distance that needs no extra bytes.
const NEAR: usize = 8191;

/// Decompresses into exactly `out.len()` bytes; `None` if the stream is not what it must be.
pub(super) fn decompress(input: &[u8], out: &mut [u8]) -> Option<()> {
    let (&first, mut rest) = input.split_first()?;
    let mut at = 0usize;
    let mut control = usize::from(first) & 31;
    loop {
        if control < 32 {
            let (literals, after) = rest.split_at_checked(control + 1)?;
            out.get_mut(at..at + literals.len())?.copy_from_slice(literals);
            at += literals.len();
            rest = after;
        } else {
            let (length, distance) = match_at(control, &mut rest)?;
            copy_match(out, at, length, distance)?;
            at += length;
        }
        match rest.split_first() {
            Some((&next, after)) => (control, rest) = (usize::from(next), after),
            None => return (at == out.len()).then_some(()),
        }
    }
}

fn next(rest: &mut &[u8]) -> Option<usize> {
    let (&byte, after) = rest.split_first()?;
    *rest = after;
    Some(usize::from(byte))
}

/// Length and distance of the match that `control` begins.
fn match_at(control: usize, rest: &mut &[u8]) -> Option<(usize, usize)> {
    let mut length = (control >> 5) - 1;
    let far = (control & 31) << 8;
    if length == 6 {
        loop {
            let more = next(rest)?;
            length = length.checked_add(more)?;
            if more != 255 {
                break;
            }
        }
    }
    let near = next(rest)?;
    let mut distance = far + near;
    if near == 255 && far == 31 << 8 {
        distance = (next(rest)? << 8) + next(rest)? + NEAR;
    }
    Some((length + 3, distance + 1))
}

/// Repeats what was written `distance` bytes before; the two may overlap.
fn copy_match(out: &mut [u8], at: usize, length: usize, distance: usize) -> Option<()> {
    let from = at.checked_sub(distance)?;
    let end = at.checked_add(length).filter(|&end| end <= out.len())?;
    if distance >= length {
        out.copy_within(from..from + length, at);
    } else {
        for i in at..end {
            out[i] = out[i - distance];
        }
    }
    Some(())
}
