//! The RLE / bit-packing hybrid: definition levels and dictionary codes.
//! Format: parquet-format `Encodings.md`, "Run Length Encoding / Bit-Packing Hybrid".

use super::thrift::put_varint;

/// Groups of eight values in one bit-packed run: what a one-byte header can count.
const MAX_GROUPS: usize = 63;

/// Appends `count` values of `width` bits each. A run of eight equal values or more becomes a repeated run.
pub(crate) fn encode(count: usize, width: u32, value: impl Fn(usize) -> u32, out: &mut Vec<u8>) {
    let mut at = 0;
    let mut packed_from = 0;
    while at < count {
        let first = value(at);
        let mut end = at + 1;
        while end < count && value(end) == first {
            end += 1;
        }
        if end - at >= 8 {
            pack(packed_from, at, width, &value, out);
            repeat(end - at, first, width, out);
            (at, packed_from) = (end, end);
        } else {
            // Bit-packed runs hold whole groups of eight, so take one group whatever begins inside it.
            at = (at + 8).min(count);
        }
    }
    pack(packed_from, count, width, &value, out);
}

/// One value, many times.
pub(crate) fn repeat(times: usize, value: u32, width: u32, out: &mut Vec<u8>) {
    put_varint(out, (times as u64) << 1);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Values `from..to` bit-packed, the last group filled with zeros.
fn pack(from: usize, to: usize, width: u32, value: &impl Fn(usize) -> u32, out: &mut Vec<u8>) {
    let mut at = from;
    while at < to {
        let groups = (to - at).div_ceil(8).min(MAX_GROUPS);
        put_varint(out, (groups as u64) << 1 | 1);
        let end = at + groups * 8;
        let (mut bits, mut filled) = (0_u64, 0);
        for i in at..end {
            let v = if i < to { value(i) } else { 0 };
            bits |= u64::from(v) << filled;
            filled += width;
            while filled >= 8 {
                out.push((bits & 0xFF) as u8);
                bits >>= 8;
                filled -= 8;
            }
        }
        at = end;
    }
}

/// Bits needed for codes of a dictionary with so many entries.
pub(crate) fn code_width(entries: usize) -> u32 {
    entries.saturating_sub(1).checked_ilog2().map_or(0, |log| log + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the encoding back, as the format describes it.
    fn decode(mut bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut out = Vec::new();
        while out.len() < count {
            let mut header = 0_u64;
            let mut shift = 0;
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= u64::from(byte & 0x7F) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            if header & 1 == 0 {
                let size = width.div_ceil(8) as usize;
                let mut value = [0; 4];
                value[..size].copy_from_slice(&bytes[..size]);
                bytes = &bytes[size..];
                out.extend(std::iter::repeat_n(u32::from_le_bytes(value), (header >> 1) as usize));
            } else {
                let size = (header >> 1) as usize * width as usize;
                for i in 0..(header >> 1) as usize * 8 {
                    let bit = |b: usize| u32::from(bytes[b / 8] >> (b % 8) & 1);
                    let from = i * width as usize;
                    out.push((0..width as usize).map(|b| bit(from + b) << b).sum());
                }
                bytes = &bytes[size..];
            }
        }
        assert!(bytes.is_empty());
        out.truncate(count);
        out
    }

    #[test]
    fn runs_and_packs_read_back() {
        let mut state = 1_u32;
        for width in 0..=17 {
            for count in [0, 1, 7, 8, 9, 500, 505, 3000] {
                let values: Vec<u32> = (0..count)
                    .map(|i| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        let mask = (1_u32 << width) - 1;
                        // Long runs in the middle, noise elsewhere.
                        if (200..300).contains(&i) { mask } else { (state >> 8) & mask }
                    })
                    .collect();
                let mut out = Vec::new();
                encode(values.len(), width, |i| values[i], &mut out);
                assert_eq!(decode(&out, width, values.len()), values, "width {width}, {count} values");
            }
        }
    }

    #[test]
    fn widths_hold_the_last_code() {
        assert_eq!([0, 1, 2, 3, 4, 5, 256, 257].map(code_width), [0, 0, 1, 2, 2, 3, 8, 9]);
    }
}
