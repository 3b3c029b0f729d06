//! DELTA_BINARY_PACKED, and DELTA_LENGTH_BYTE_ARRAY on top of it. Format: parquet-format `Encodings.md`.

use super::thrift::{put_varint, zigzag};

/// Values in a block.
const BLOCK: usize = 128;
/// Values packed with one width.
const MINIBLOCK: usize = 32;

/// Appends integers of 64 bits, given how each reads as a signed one.
pub(crate) fn encode_i64<T: Copy>(values: &[T], signed: impl Fn(T) -> i64, out: &mut Vec<u8>) {
    encode(values.len(), values.first().map_or(0, |v| signed(*v)), out, |from, to, deltas| {
        for (slot, pair) in deltas.iter_mut().zip(values[from - 1..to].windows(2)) {
            *slot = signed(pair[1]).wrapping_sub(signed(pair[0]));
        }
    });
}

/// Appends integers of 32 bits, given how each reads as a signed one. Deltas wrap at 32 bits, so that no width
/// exceeds 32.
pub(crate) fn encode_i32<T: Copy>(values: &[T], signed: impl Fn(T) -> i32, out: &mut Vec<u8>) {
    encode(values.len(), values.first().map_or(0, |v| i64::from(signed(*v))), out, |from, to, deltas| {
        for (slot, pair) in deltas.iter_mut().zip(values[from - 1..to].windows(2)) {
            *slot = i64::from(signed(pair[1]).wrapping_sub(signed(pair[0])));
        }
    });
}

/// Header, then blocks of deltas that `deltas(from, to, slots)` fills in.
fn encode(count: usize, first: i64, out: &mut Vec<u8>, deltas: impl Fn(usize, usize, &mut [i64])) {
    put_varint(out, BLOCK as u64);
    put_varint(out, (BLOCK / MINIBLOCK) as u64);
    put_varint(out, count as u64);
    put_varint(out, zigzag(first));
    let mut buffer = [0_i64; BLOCK];
    let mut from = 1;
    while from < count {
        let to = (from + BLOCK).min(count);
        let block = &mut buffer[..to - from];
        deltas(from, to, block);
        put_block(block, out);
        from = to;
    }
}

/// The smallest delta, the four widths, and the deltas above the smallest.
#[expect(
    clippy::cast_sign_loss,
    reason = "differences from the smallest are taken modulo 2^64, as the format says"
)]
fn put_block(deltas: &[i64], out: &mut Vec<u8>) {
    let smallest = deltas.iter().copied().min().unwrap_or(0);
    put_varint(out, zigzag(smallest));
    let widths_at = out.len();
    out.extend_from_slice(&[0; BLOCK / MINIBLOCK]);
    for (i, miniblock) in deltas.chunks(MINIBLOCK).enumerate() {
        // A short last miniblock is filled with zeros: it always has its full length.
        let mut above = [0_u64; MINIBLOCK];
        let mut all = 0;
        for (slot, delta) in above.iter_mut().zip(miniblock) {
            *slot = delta.wrapping_sub(smallest) as u64;
            all |= *slot;
        }
        let width = u64::BITS - all.leading_zeros();
        out[widths_at + i] = width as u8;
        put_packed(&above, width, out);
    }
}

/// 32 values of `width` bits, low bits first: 4 × width bytes.
fn put_packed(values: &[u64; MINIBLOCK], width: u32, out: &mut Vec<u8>) {
    match width {
        0 => return,
        64 => return values.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes())),
        _ => {}
    }
    let mut words = [0_u64; MINIBLOCK];
    let (mut word, mut filled) = (0, 0);
    for value in values {
        words[word] |= value << filled;
        filled += width;
        if filled >= u64::BITS {
            word += 1;
            filled -= u64::BITS;
            if filled > 0 {
                words[word] |= value >> (width - filled);
            }
        }
    }
    let mut bytes = [0_u8; MINIBLOCK * 8];
    for (slot, word) in bytes.chunks_exact_mut(8).zip(words) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&bytes[..4 * width as usize]);
}

/// Appends texts as their lengths and then their bytes.
pub(crate) fn encode_lengths(lengths: &[i32], bytes: &[u8], out: &mut Vec<u8>) {
    encode_i32(lengths, |v| v, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads the encoding back, as the format describes it.
    fn decode(bytes: &[u8], bits: u32) -> Vec<i64> {
        let mut at = 0;
        let varint = |at: &mut usize| {
            let (mut n, mut shift) = (0_u64, 0);
            loop {
                let byte = bytes[*at];
                *at += 1;
                n |= u64::from(byte & 0x7F) << shift;
                shift += 7;
                if byte < 0x80 {
                    return n;
                }
            }
        };
        let unzigzag = |n: u64| (n >> 1) as i64 ^ -((n & 1) as i64);
        assert_eq!((varint(&mut at), varint(&mut at)), (128, 4));
        let count = varint(&mut at) as usize;
        let mut out = vec![unzigzag(varint(&mut at))];
        while out.len() < count {
            let smallest = unzigzag(varint(&mut at));
            let widths = bytes[at..at + 4].to_vec();
            at += 4;
            for width in widths.iter().map(|w| *w as usize) {
                if out.len() >= count {
                    assert_eq!(width, 0);
                    continue;
                }
                for i in 0..32 {
                    let bit = |b: usize| u64::from(bytes[at + b / 8] >> (b % 8) & 1);
                    let above: u64 = (0..width).map(|b| bit(i * width + b) << b).sum();
                    let next = out[out.len() - 1].wrapping_add(smallest).wrapping_add(above as i64);
                    out.push(if bits == 32 { i64::from(next as i32) } else { next });
                }
                at += 4 * width;
            }
        }
        assert_eq!(at, bytes.len());
        out.truncate(count);
        out
    }

    proptest! {
        #[test]
        fn any_integers_read_back(values in prop::collection::vec(any::<i64>(), 1..400), shift in 0_u32..64) {
            let values: Vec<i64> = values.into_iter().map(|v| v >> shift).collect();
            let mut out = Vec::new();
            encode_i64(&values, |v| v, &mut out);
            prop_assert_eq!(decode(&out, 64), values);
        }

        #[test]
        fn any_short_integers_read_back(values in prop::collection::vec(any::<i32>(), 1..400), shift in 0_u32..32) {
            let values: Vec<i32> = values.into_iter().map(|v| v >> shift).collect();
            let mut out = Vec::new();
            encode_i32(&values, |v| v, &mut out);
            prop_assert_eq!(decode(&out, 32), values.iter().map(|v| i64::from(*v)).collect::<Vec<_>>());
        }
    }
}
