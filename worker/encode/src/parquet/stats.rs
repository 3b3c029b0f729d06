//! Smallest and largest values: of pages for the page index, of chunks for the footer.

use half::f16;
use parquet::{
    basic::BoundaryOrder,
    data_type::{ByteArray, FixedLenByteArray},
    file::statistics::{Statistics, ValueStatistics},
};
use std::cmp::Ordering;

/// Text and bytes are cut to this in statistics.
pub(crate) const TRUNCATE: usize = 64;

/// A value that has an order in Parquet.
pub(crate) trait Stat: Clone + Send {
    /// The order readers use.
    fn order(&self, other: &Self) -> Ordering;
    /// A lower bound as the page index stores it.
    fn low_bytes(&self) -> Vec<u8>;
    /// An upper bound as the page index stores it.
    fn high_bytes(&self) -> Vec<u8>;
    /// The chunk's statistics.
    fn statistics(range: Option<&(Self, Self)>, nulls: u64) -> Statistics;
}

/// Implements [`Stat`] for a number that is stored as a `$physical`.
macro_rules! number_stat {
    ($ty:ty, $physical:ty, $order:expr, $store:expr) => {
        impl Stat for $ty {
            fn order(&self, other: &Self) -> Ordering {
                $order(self, other)
            }
            fn low_bytes(&self) -> Vec<u8> {
                let stored: $physical = $store(*self);
                stored.to_le_bytes().to_vec()
            }
            fn high_bytes(&self) -> Vec<u8> {
                self.low_bytes()
            }
            fn statistics(range: Option<&(Self, Self)>, nulls: u64) -> Statistics {
                let (low, high) = (range.map(|r| $store(r.0)), range.map(|r| $store(r.1)));
                ValueStatistics::<$physical>::new(low, high, None, Some(nulls), false).into()
            }
        }
    };
}

number_stat!(i32, i32, Ord::cmp, |v| v);
number_stat!(i64, i64, Ord::cmp, |v| v);
number_stat!(u32, i32, Ord::cmp, |v: u32| v.cast_signed());
number_stat!(u64, i64, Ord::cmp, |v: u64| v.cast_signed());
number_stat!(f32, f32, f32::total_cmp, |v| v);
number_stat!(f64, f64, f64::total_cmp, |v| v);

impl Stat for bool {
    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
    fn low_bytes(&self) -> Vec<u8> {
        vec![u8::from(*self)]
    }
    fn high_bytes(&self) -> Vec<u8> {
        self.low_bytes()
    }
    fn statistics(range: Option<&(Self, Self)>, nulls: u64) -> Statistics {
        ValueStatistics::<bool>::new(range.map(|r| r.0), range.map(|r| r.1), None, Some(nulls), false).into()
    }
}

/// Statistics of fixed-width bytes.
fn fixed(low: Option<Vec<u8>>, high: Option<Vec<u8>>, nulls: u64) -> Statistics {
    let value = |bytes: Vec<u8>| FixedLenByteArray::from(bytes);
    ValueStatistics::new(low.map(value), high.map(value), None, Some(nulls), false).into()
}

impl Stat for f16 {
    fn order(&self, other: &Self) -> Ordering {
        self.total_cmp(other)
    }
    fn low_bytes(&self) -> Vec<u8> {
        self.to_le_bytes().to_vec()
    }
    fn high_bytes(&self) -> Vec<u8> {
        self.low_bytes()
    }
    fn statistics(range: Option<&(Self, Self)>, nulls: u64) -> Statistics {
        fixed(range.map(|r| r.0.low_bytes()), range.map(|r| r.1.low_bytes()), nulls)
    }
}

/// A decimal stored as so many big-endian bytes.
#[derive(Clone, Copy)]
pub(crate) struct WideDecimal {
    /// The unscaled value.
    pub(crate) value: i128,
    /// Bytes it is stored in.
    pub(crate) width: usize,
}

impl WideDecimal {
    /// The bytes as stored.
    pub(crate) fn stored(&self) -> Vec<u8> {
        self.value.to_be_bytes()[16 - self.width..].to_vec()
    }
}

impl Stat for WideDecimal {
    fn order(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
    fn low_bytes(&self) -> Vec<u8> {
        self.stored()
    }
    fn high_bytes(&self) -> Vec<u8> {
        self.stored()
    }
    fn statistics(range: Option<&(Self, Self)>, nulls: u64) -> Statistics {
        fixed(range.map(|r| r.0.stored()), range.map(|r| r.1.stored()), nulls)
    }
}

/// Text or bytes, compared byte by byte.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Whether they are UTF-8 and must stay so when cut.
    pub(crate) text: bool,
}

impl Stat for Blob {
    fn order(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
    }
    fn low_bytes(&self) -> Vec<u8> {
        cut_low(&self.bytes, self.text).0
    }
    fn high_bytes(&self) -> Vec<u8> {
        cut_high(&self.bytes, self.text).0
    }
    fn statistics(range: Option<&(Self, Self)>, nulls: u64) -> Statistics {
        let low = range.map(|r| cut_low(&r.0.bytes, r.0.text));
        let high = range.map(|r| cut_high(&r.1.bytes, r.1.text));
        let (low_exact, high_exact) = (low.as_ref().is_some_and(|l| l.1), high.as_ref().is_some_and(|h| h.1));
        let value = |cut: (Vec<u8>, bool)| ByteArray::from(cut.0);
        let statistics = ValueStatistics::new(low.map(value), high.map(value), None, Some(nulls), false);
        statistics.with_min_is_exact(low_exact).with_max_is_exact(high_exact).into()
    }
}

/// A lower bound of at most [`TRUNCATE`] bytes, and whether it is the value itself.
fn cut_low(bytes: &[u8], text: bool) -> (Vec<u8>, bool) {
    if bytes.len() <= TRUNCATE {
        return (bytes.to_vec(), true);
    }
    (bytes[..boundary(bytes, text)].to_vec(), false)
}

/// An upper bound of at most [`TRUNCATE`] bytes if there is one, and whether it is the value itself.
fn cut_high(bytes: &[u8], text: bool) -> (Vec<u8>, bool) {
    if bytes.len() <= TRUNCATE {
        return (bytes.to_vec(), true);
    }
    let cut = &bytes[..boundary(bytes, text)];
    let raised = if text { std::str::from_utf8(cut).ok().and_then(raise_text) } else { raise_bytes(cut) };
    raised.map_or_else(|| (bytes.to_vec(), true), |raised| (raised, false))
}

/// Where a cut falls: not inside a character.
fn boundary(bytes: &[u8], text: bool) -> usize {
    let mut at = TRUNCATE;
    while text && at > 0 && bytes[at] & 0xC0 == 0x80 {
        at -= 1;
    }
    at
}

/// The shortest text above all that begin with this one: its last character that can be raised, raised.
fn raise_text(text: &str) -> Option<Vec<u8>> {
    let mut chars: Vec<char> = text.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            c => char::from_u32(u32::from(c) + 1),
        };
        // Never longer than what it replaces, or the bound might outgrow its limit.
        if let Some(next) = next.filter(|next| next.len_utf8() == last.len_utf8()) {
            chars.push(next);
            return Some(chars.into_iter().collect::<String>().into_bytes());
        }
    }
    None
}

/// The shortest bytes above all that begin with these.
fn raise_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let last = bytes.iter().rposition(|b| *b != u8::MAX)?;
    let mut raised = bytes[..=last].to_vec();
    raised[last] += 1;
    Some(raised)
}

/// Widens a range by another.
pub(crate) fn widen<S: Stat>(range: &mut Option<(S, S)>, other: &(S, S)) {
    match range {
        None => *range = Some(other.clone()),
        Some((low, high)) => {
            if other.0.order(low) == Ordering::Less {
                *low = other.0.clone();
            }
            if other.1.order(high) == Ordering::Greater {
                *high = other.1.clone();
            }
        }
    }
}

/// Whether pages come in order, as the page index tells readers.
pub(crate) struct Boundaries<S> {
    last: Option<(S, S)>,
    ascending: bool,
    descending: bool,
}

impl<S: Stat> Boundaries<S> {
    /// Before the first page.
    pub(crate) fn new() -> Self {
        Self { last: None, ascending: true, descending: true }
    }

    /// After one more page with values.
    pub(crate) fn push(&mut self, range: &(S, S)) {
        if let Some((low, high)) = &self.last {
            let (lows, highs) = (range.0.order(low), range.1.order(high));
            self.ascending &= lows != Ordering::Less && highs != Ordering::Less;
            self.descending &= lows != Ordering::Greater && highs != Ordering::Greater;
        }
        self.last = Some(range.clone());
    }

    /// The order that holds.
    pub(crate) fn order(&self) -> BoundaryOrder {
        match (self.ascending, self.descending) {
            (true, _) => BoundaryOrder::ASCENDING,
            (false, true) => BoundaryOrder::DESCENDING,
            (false, false) => BoundaryOrder::UNORDERED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters_and_stays_a_bound() {
        let long = "é".repeat(40);
        let (low, exact) = cut_low(long.as_bytes(), true);
        assert!(!exact && low.len() == 64 && std::str::from_utf8(&low).is_ok());
        let (high, exact) = cut_high(long.as_bytes(), true);
        assert!(!exact && high.as_slice() > long.as_bytes() && high.len() <= 64);
        assert!(std::str::from_utf8(&high).is_ok());
        // 63 bytes, then a character of two: the cut falls before it.
        let odd = format!("{}é{}", "a".repeat(63), "b".repeat(10));
        assert_eq!(cut_low(odd.as_bytes(), true).0.len(), 63);
    }

    #[test]
    fn bounds_that_cannot_be_raised_stay_whole() {
        let top = vec![0xFF; 70];
        assert_eq!(cut_high(&top, false), (top.clone(), true));
        let (high, exact) = cut_high(&[&[1][..], &[0xFF; 80][..]].concat(), false);
        assert_eq!((high, exact), (vec![2], false));
        let last = "\u{10FFFF}".repeat(20);
        assert_eq!(cut_high(last.as_bytes(), true), (last.into_bytes(), true));
    }

    #[test]
    fn pages_know_their_order() {
        let order = |pages: &[(i32, i32)]| {
            let mut boundaries = Boundaries::new();
            pages.iter().for_each(|page| boundaries.push(page));
            boundaries.order()
        };
        assert_eq!(order(&[(1, 2), (2, 5)]), BoundaryOrder::ASCENDING);
        assert_eq!(order(&[(2, 5), (1, 2)]), BoundaryOrder::DESCENDING);
        assert_eq!(order(&[(1, 2), (0, 9)]), BoundaryOrder::UNORDERED);
    }
}
