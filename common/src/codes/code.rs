//! What a code is: a number, a class, and words about it.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// What an engine does about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A pure function of verified bytes, the frozen plan and this version: the member is
    /// quarantined, the attempt goes on.
    Input,
    /// The surroundings failed: back off, prefer another worker, held when out of retries.
    Environment,
    /// Access is missing: held at once, the permission named.
    Denied,
    /// The lease or the worker went away: requeued at once, never charged.
    Lost,
    /// A broken invariant of ours: once more, then held, loudly.
    Bug,
    /// The request itself is wrong (spec, arguments): refused before anything starts.
    Usage,
}

impl Class {
    /// Its word, as records and screens have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Environment => "environment",
            Self::Denied => "denied",
            Self::Lost => "lost",
            Self::Bug => "bug",
            Self::Usage => "usage",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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

impl Code {
    /// The code of a row. Only the group files call this, through [`codes!`].
    pub(crate) const fn of(info: &'static Info) -> Self {
        Self(info)
    }

    /// Its row.
    pub const fn info(self) -> &'static Info {
        self.0
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

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Declares the rows of one group and the constants that name them.
macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $number:literal, $class:ident, $title:literal, $explain:literal, $hint:literal; )*) => {
        $(
            $(#[$doc])*
            pub const $name: $crate::codes::Code = $crate::codes::Code::of(&$crate::codes::Info {
                number: $number,
                class: $crate::codes::Class::$class,
                title: $title,
                explain: $explain,
                hint: $hint,
            });
        )*
        /// The rows of this group, in order.
        pub const CODES: &[&$crate::codes::Info] = &[$( $name.info() ),*];
    };
}
pub(crate) use codes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_written_as_it_is_kept() {
        for class in [Class::Input, Class::Environment, Class::Denied, Class::Lost, Class::Bug, Class::Usage]
        {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
            assert_eq!(format!("{class:>12}"), format!("{:>12}", class.as_str()));
        }
    }
}
