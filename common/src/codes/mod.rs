//! The one table of codes. `tarquet explain CODE`, the docs and every failure record read it.
//!
//! Codes are append-only and grouped by hundreds: 01 spec, 02 plan, 03 archive, 04 format, 05 schema,
//! 06 store, 07 cluster, 08 publish, 09 ourselves. A code never changes its meaning; one that falls
//! out of use stays in the table. Each code has a test that produces it.

pub mod archive;
pub mod cluster;
pub mod format;
pub mod ourselves;
pub mod plan;
pub mod publish;
pub mod schema;
pub mod spec;
pub mod store;

use crate::failure::Class;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// What the table says of a code.
#[derive(Debug, PartialEq, Eq)]
pub struct Info {
    /// The number behind the `E`.
    pub number: u16,
    /// What the engine does about it.
    pub class: Class,
    /// A few words, the same wherever the code is listed.
    pub title: &'static str,
    /// Why it happens and what it means, for `tarquet explain`.
    pub explain: &'static str,
    /// What to do about it.
    pub hint: &'static str,
}

/// A row of the table, by reference; compares and prints as its number.
#[derive(Clone, Copy)]
pub struct Code(&'static Info);

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
    /// The code of a row. Only the group files call this, through [`codes!`].
    pub(crate) const fn of(info: &'static Info) -> Self {
        Self(info)
    }

    /// Its row.
    pub fn info(self) -> &'static Info {
        self.0
    }

    /// The code with this number, if there is one.
    pub fn from_number(number: u16) -> Option<Self> {
        TABLE.iter().flat_map(|g| g.iter()).find(|i| i.number == number).map(|i| Self(i))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E{:04}", self.0.number)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Code {}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.number.cmp(&other.0.number)
    }
}

impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.number.hash(state);
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

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Declares the rows of one group and the constants that name them.
macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $number:literal, $class:ident, $title:literal, $explain:literal, $hint:literal; )*) => {
        $(
            $(#[$doc])*
            pub const $name: $crate::codes::Code = $crate::codes::Code::of(&$crate::codes::Info {
                number: $number,
                class: $crate::failure::Class::$class,
                title: $title,
                explain: $explain,
                hint: $hint,
            });
        )*
        /// The rows of this group, in order.
        pub const CODES: &[&$crate::codes::Info] = &[$( $name.const_info() ),*];
    };
}
pub(crate) use codes;

impl Code {
    /// The row, in constants.
    pub(crate) const fn const_info(self) -> &'static Info {
        self.0
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
