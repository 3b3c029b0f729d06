//! The rules, one file a subject.

pub(crate) mod circles;
pub(crate) mod codes;
pub(crate) mod doors;
mod finding;
pub(crate) mod imports;
pub(crate) mod kinds;
mod paths;
pub(crate) mod shape;
pub(crate) mod words;

pub(crate) use finding::{Allowed, Finding, Rule, without_allowed};
