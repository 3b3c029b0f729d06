//! BYTE_STREAM_SPLIT: first bytes of all values, then second bytes, and so on; and whether that makes a column smaller.
//! Format: parquet-format `Encodings.md`, "Byte Stream Split".

use super::compress::Compressor;
use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type, ToByteSlice},
};
use tarquet_common::spec::Compression;

/// Values looked at to judge a column.
const VALUES: usize = 4096;

/// Appends values of `width` bytes each, given as their little-endian bytes.
pub(crate) fn split_bytes(values: &[u8], width: usize, out: &mut Vec<u8>) {
    let count = values.len() / width;
    let start = out.len();
    out.resize(start + count * width, 0);
    let streams = &mut out[start..];
    let mut done = 0;
    if width == 8 {
        done = split_eights(values, count, streams);
    }
    for i in done..count {
        for byte in 0..width {
            streams[byte * count + i] = values[i * width + byte];
        }
    }
}

/// Eight values of eight bytes at a time, turned over as a matrix of bytes. Returns how many values were done.
fn split_eights(values: &[u8], count: usize, streams: &mut [u8]) -> usize {
    let mut block = 0;
    for chunk in values.chunks_exact(64) {
        let mut rows = [0_u64; 8];
        for (row, bytes) in rows.iter_mut().zip(chunk.chunks_exact(8)) {
            *row = u64::from_le_bytes(bytes.try_into().expect("chunks of eight"));
        }
        transpose(&mut rows);
        for (byte, row) in rows.iter().enumerate() {
            let at = byte * count + block;
            streams[at..at + 8].copy_from_slice(&row.to_le_bytes());
        }
        block += 8;
    }
    block
}

/// Byte j of row i becomes byte i of row j: three rounds of swapping halves, quarters, eighths.
fn transpose(rows: &mut [u64; 8]) {
    const ROUNDS: [(usize, u32, u64); 3] =
        [(4, 32, 0x0000_0000_FFFF_FFFF), (2, 16, 0x0000_FFFF_0000_FFFF), (1, 8, 0x00FF_00FF_00FF_00FF)];
    for (distance, shift, mask) in ROUNDS {
        for i in 0..8 {
            if i & distance == 0 {
                let (low, high) = (rows[i], rows[i + distance]);
                rows[i] = (low & mask) | ((high & mask) << shift);
                rows[i + distance] = ((low >> shift) & mask) | (high & !mask);
            }
        }
    }
}

/// Compressed bytes of a float column's first few thousand values, stored plainly and byte-split: decimal-like floats
/// grow. `None` if there are none.
pub(crate) fn float_sizes(values: &ArrayRef) -> Option<(u64, u64)> {
    match values.data_type() {
        DataType::Float32 => sizes::<Float32Type>(values, 4),
        DataType::Float64 => sizes::<Float64Type>(values, 8),
        _ => None,
    }
}

/// Both sizes of one type of float.
fn sizes<T: ArrowPrimitiveType>(values: &ArrayRef, width: usize) -> Option<(u64, u64)> {
    let some: Vec<T::Native> = values.as_primitive::<T>().iter().flatten().take(VALUES).collect();
    let plain = some.to_byte_slice();
    let mut split = Vec::new();
    split_bytes(plain, width, &mut split);
    (!some.is_empty()).then_some(())?;
    Some((compressed(plain)?, compressed(&split)?))
}

/// Bytes after the compression of the profile that asks.
fn compressed(bytes: &[u8]) -> Option<u64> {
    let mut out = Vec::new();
    Compressor::new(Compression::Zstd(3)).and_then(|mut c| c.compress(bytes, &mut out)).ok()?;
    Some(out.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Float64Array;
    use std::sync::Arc;

    #[test]
    fn streams_hold_one_byte_of_each_value() {
        for width in [2, 4, 8] {
            for count in [0, 1, 7, 8, 9, 64, 67] {
                let values: Vec<u8> = (0..width * count).map(|i| (i * 7 % 251) as u8).collect();
                let mut out = vec![9];
                split_bytes(&values, width, &mut out);
                assert_eq!(out.len(), 1 + values.len());
                for i in 0..count {
                    for byte in 0..width {
                        assert_eq!(out[1 + byte * count + i], values[i * width + byte]);
                    }
                }
            }
        }
    }

    #[test]
    fn noise_gains_and_decimals_lose() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 12
        };
        let noise = (0..4096).map(|_| 1.0 + next() as f64 / (1_u64 << 52) as f64);
        let noise: ArrayRef = Arc::new(Float64Array::from_iter_values(noise));
        let (plain, split) = float_sizes(&noise).unwrap();
        assert!(split < plain, "{split} of {plain}");
        let decimals = (0..4096).map(|_| (next() % 500) as f64 / 10.0);
        let decimals: ArrayRef = Arc::new(Float64Array::from_iter_values(decimals));
        let (plain, split) = float_sizes(&decimals).unwrap();
        assert!(split > plain, "{split} of {plain}");
    }
}
