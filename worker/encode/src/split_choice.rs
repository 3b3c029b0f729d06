//! Whether byte-splitting makes a float column smaller, judged by a few of its values: decimal-like floats grow.

use crate::{
    parquet::{Compressor, split_bytes},
    settings::Codec,
};
use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type, ToByteSlice},
};

/// Values looked at.
const VALUES: usize = 4096;

/// Compressed bytes of the first few thousand values, stored plainly and byte-split. `None` if there are none.
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
    Compressor::new(Codec::Zstd(3)).and_then(|mut c| c.compress(bytes, &mut out)).ok()?;
    Some(out.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Float64Array;
    use std::sync::Arc;

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
