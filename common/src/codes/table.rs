//! All codes, and the way back from a number or a text.

use super::{
    archive, cluster,
    code::{Code, Info},
    format, ourselves, plan, publish, schema, spec, store,
};
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// All groups, in order.
pub const TABLE: [&[&Info]; 9] = [
    spec::CODES,
    plan::CODES,
    archive::CODES,
    format::CODES,
    schema::CODES,
    store::CODES,
    cluster::CODES,
    publish::CODES,
    ourselves::CODES,
];

impl Code {
    /// The code with this number, if there is one.
    pub fn from_number(number: u16) -> Option<Self> {
        TABLE.iter().flat_map(|g| g.iter()).find(|i| i.number == number).map(|i| Self::of(i))
    }
}

/// The text is not a code of the table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a code; codes look like E0412")]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(s: &str) -> Result<Self, UnknownCode> {
        let digits = s.strip_prefix(['E', 'e']).unwrap_or(s);
        let number = digits.parse().ok().filter(|_| digits.len() == 4);
        number.and_then(Self::from_number).ok_or_else(|| UnknownCode(s.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_in_their_group() {
        let mut last = 0;
        for (group, rows) in TABLE.iter().enumerate() {
            for row in *rows {
                assert!(row.number > last, "E{:04} is out of order", row.number);
                assert_eq!(usize::from(row.number / 100), group + 1, "E{:04}", row.number);
                last = row.number;
            }
        }
    }

    #[test]
    fn texts_are_sentences() {
        for row in TABLE.iter().flat_map(|g| g.iter()) {
            assert!(!row.title.ends_with('.') && !row.title.is_empty(), "E{:04}", row.number);
            assert!(row.explain.ends_with('.'), "E{:04}", row.number);
            assert!(row.hint.ends_with('.'), "E{:04}", row.number);
        }
    }

    #[test]
    fn codes_read_back() {
        for row in TABLE.iter().flat_map(|g| g.iter()) {
            let code = Code::from_number(row.number).unwrap();
            assert_eq!(code.to_string().parse(), Ok(code));
        }
        assert!("E9999".parse::<Code>().is_err());
        assert!("412".parse::<Code>().is_err());
    }
}
