//! Order-independent sums over rows: what a dataset adds up to, however it is cut, ordered or encoded.
//!
//! `value` is an integer in two's complement, the bits of a double (every NaN is null, −0.0 is 0.0), or nanoseconds
//! since the epoch; null is a constant. With `salt` the CRC-32 of a column's name, a column's sum adds
//! `mix(value + mix(salt))` over its rows, and the row sum adds `mix` of each row's sum over its columns.

use serde::Serialize;
use std::collections::BTreeMap;
use tarquet_common::chance::mix;

const NULL: u64 = 0x6E75_6C6C;

/// One column's values.
pub(super) enum Values<'a> {
    /// Integers.
    Int64(&'a [i64]),
    /// Nanoseconds since the epoch.
    TimestampNs(&'a [i64]),
    /// Doubles.
    Float64(&'a [f64]),
}

impl Values<'_> {
    fn arrow_type(&self) -> &'static str {
        match self {
            Self::Int64(_) => "int64",
            Self::TimestampNs(_) => "timestamp[ns]",
            Self::Float64(_) => "double",
        }
    }

    fn value(&self, row: usize) -> u64 {
        match self {
            Self::Int64(v) | Self::TimestampNs(v) => v[row].cast_unsigned(),
            Self::Float64(v) if v[row].is_nan() => NULL,
            Self::Float64(v) if v[row] == 0.0 => 0,
            Self::Float64(v) => v[row].to_bits(),
        }
    }
}

/// What one column adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ColumnSum {
    /// Arrow's name of the type.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Nulls in it.
    nulls: u64,
    /// The sum, hexadecimal.
    #[serde(serialize_with = "hexadecimal")]
    sum: u64,
}

/// What rows add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sums {
    /// Rows.
    pub rows: u64,
    /// Sum over whole rows, hexadecimal.
    #[serde(serialize_with = "hexadecimal")]
    row_sum: u64,
    /// Each column.
    columns: BTreeMap<String, ColumnSum>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn hexadecimal<S: serde::Serializer>(n: &u64, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&format_args!("{n:016x}"))
}

impl Sums {
    /// Adds rows, given as columns of one length.
    pub(super) fn add(&mut self, columns: &[(&str, Values<'_>)], rows: usize) {
        let mut row_sums = vec![0u64; rows];
        for (name, values) in columns {
            let salt = mix(crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, name.as_bytes()));
            let column = self.columns.entry((*name).to_owned()).or_default();
            column.kind = values.arrow_type();
            for (row, row_sum) in row_sums.iter_mut().enumerate() {
                let value = values.value(row);
                let mixed = mix(value.wrapping_add(salt));
                column.nulls += u64::from(value == NULL);
                column.sum = column.sum.wrapping_add(mixed);
                *row_sum = row_sum.wrapping_add(mixed);
            }
        }
        self.rows += rows as u64;
        self.row_sum = row_sums.into_iter().fold(self.row_sum, |sum, r| sum.wrapping_add(mix(r)));
    }

    /// Adds what other rows add up to.
    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.row_sum = self.row_sum.wrapping_add(other.row_sum);
        for (name, theirs) in other.columns {
            let ours = self.columns.entry(name).or_default();
            ours.kind = theirs.kind;
            ours.nulls += theirs.nulls;
            ours.sum = ours.sum.wrapping_add(theirs.sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(ints: &[i64], floats: &[f64]) -> Sums {
        let mut s = Sums::default();
        s.add(&[("a", Values::Int64(ints)), ("b", Values::Float64(floats))], ints.len());
        s
    }

    #[test]
    fn order_and_cuts_do_not_matter_but_pairs_do() {
        let whole = sums(&[1, 2, 3], &[0.5, -0.0, f64::NAN]);
        let mut cut = sums(&[3], &[f64::NAN]);
        cut.merge(sums(&[2, 1], &[0.0, 0.5]));
        assert_eq!(whole, cut);
        assert_ne!(whole.row_sum, sums(&[2, 1, 3], &[0.5, 0.0, f64::NAN]).row_sum);
        assert_eq!(whole.columns["b"].nulls, 1);
    }

    #[test]
    fn agrees_with_the_definition() {
        // colsum.py over pa.table({"a": [7]}).
        let mut s = Sums::default();
        s.add(&[("a", Values::Int64(&[7]))], 1);
        let expected = mix(7u64.wrapping_add(mix(0xE8B7_BE43)));
        assert_eq!((s.columns["a"].sum, s.row_sum), (expected, mix(expected)));
    }
}
