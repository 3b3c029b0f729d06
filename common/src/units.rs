//! Numbers with units, as people write and read them: `"30s"`, `"64 MiB"`, `"0.01 %"`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A number of bytes. Reads `"64 MiB"`, `"1.5GB"` or a bare number; prints binary units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// So many mebibytes.
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        s.parse::<bytesize::ByteSize>()
            .map(|b| Self(b.as_u64()))
            .map_err(|_| format!("{s:?} is not a size; write 64MiB, 1.5GB or a number of bytes"))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&bytesize::ByteSize(self.0).display().iec().to_string())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(u64),
            Text(String),
        }
        match Raw::deserialize(d)? {
            Raw::Number(n) => Ok(Self(n)),
            Raw::Text(t) => t.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// How many failures a job bears: a count, or a share of the planned members rounded up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// So many.
    Count(u64),
    /// So many per cent.
    Percent(f64),
}

impl Default for Budget {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Budget {
    /// The number of failures allowed among `planned`.
    pub fn allowed(self, planned: u64) -> u64 {
        match self {
            Self::Count(n) => n,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of at most 100 % of a count below 2^53"
            )]
            Self::Percent(p) => (planned as f64 * p / 100.0).ceil() as u64,
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("{s:?} is neither a count nor a percentage such as \"0.01 %\"");
        match s.trim().strip_suffix('%') {
            None => s.trim().parse().map(Self::Count).map_err(|_| bad()),
            Some(p) => {
                let p: f64 = p.trim().parse().map_err(|_| bad())?;
                (0.0..=100.0).contains(&p).then_some(Self::Percent(p)).ok_or_else(bad)
            }
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Percent(p) => write!(f, "{p} %"),
        }
    }
}

impl Serialize for Budget {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Budget {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Written;
        impl serde::de::Visitor<'_> for Written {
            type Value = Budget;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count such as 10, or a percentage such as \"0.01 %\"")
            }

            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Budget, E> {
                Ok(Budget::Count(n))
            }

            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Budget, E> {
                let unexpected = serde::de::Unexpected::Signed(n);
                u64::try_from(n).map(Budget::Count).map_err(|_| E::invalid_value(unexpected, &self))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Budget, E> {
                text.parse().map_err(E::custom)
            }
        }
        d.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!("64 MiB".parse(), Ok(Bytes::mib(64)));
        assert_eq!("1GiB".parse(), Ok(Bytes::mib(1024)));
        assert_eq!("1.5GB".parse(), Ok(Bytes(1_500_000_000)));
        assert_eq!("123".parse(), Ok(Bytes(123)));
        assert!("lots".parse::<Bytes>().is_err());
    }

    #[test]
    fn budgets_round_up() {
        assert_eq!("0.01 %".parse::<Budget>().unwrap().allowed(1_000_000), 100);
        assert_eq!("0.01%".parse::<Budget>().unwrap().allowed(1), 1);
        assert_eq!("0 %".parse::<Budget>().unwrap().allowed(10), 0);
        assert_eq!("3".parse::<Budget>().unwrap().allowed(1_000_000), 3);
        assert!("101 %".parse::<Budget>().is_err());
        assert!("-1".parse::<Budget>().is_err());
    }

    #[test]
    fn what_is_no_budget_is_told_what_one_is() {
        let told = |json: &str| serde_json::from_str::<Budget>(json).unwrap_err().to_string();
        for bad in ["-1", "0.5", "null", "[1]"] {
            assert!(told(bad).contains("a percentage such as"), "{bad}: {}", told(bad));
        }
        for (good, budget) in
            [("3", Budget::Count(3)), ("\"3\"", Budget::Count(3)), ("\"1 %\"", Budget::Percent(1.0))]
        {
            assert_eq!(serde_json::from_str::<Budget>(good).unwrap(), budget);
        }
    }
}
