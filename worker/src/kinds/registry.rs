//! From a kind to what does its work: the one place here that names the kinds.

use super::convert::Convert;
use crate::work::Work;
use tarquet_common::{
    codes::cluster as codes,
    failure::Failure,
    spec::{Kind, UnknownKind},
};

/// What does the work of a kind.
pub(crate) fn of(kind: Kind) -> &'static dyn Work {
    match kind {
        Kind::Convert => &Convert,
    }
}

/// What does the work of the kind that a lease names.
///
/// # Errors
/// `UNKNOWN_KIND` when this build has no such kind: the coordinator is another build's.
pub(crate) fn named(word: &str) -> Result<&'static dyn Work, Failure> {
    word.parse().map(of).map_err(|unknown: UnknownKind| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        Failure::new(codes::UNKNOWN_KIND, unknown.to_string()).expected(known.join(", "), word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_work_and_no_other_word_has() {
        assert!(Kind::ALL.iter().all(|kind| named(kind.as_str()).is_ok()));
        let failure = named("merge-sort").err().unwrap();
        assert_eq!(failure.code, codes::UNKNOWN_KIND);
        assert!(failure.message.contains("merge-sort"), "{failure}");
        assert_eq!(failure.found.as_deref(), Some("merge-sort"));
    }
}
